# A small image with the one binary, statically linked; certificates and time zones are those of the base.
FROM rust:1.95-alpine AS build
# aws-lc includes a header of Linux, which Alpine's compiler does not bring.
RUN apk add --no-cache build-base cmake linux-headers perl
WORKDIR /source
COPY . .
# With jemalloc, as `make release`: all threads share one lock in musl's own allocator.
RUN cargo build --locked --release --package grelot --features jemalloc && mkdir /data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /source/target/release/grelot /grelot
# Where SQLite's file is, unless GRELOT_DATABASE names another database: mount a volume here that the user 65532 may write to.
COPY --from=build --chown=65532:65532 /data /data
WORKDIR /data
ENV GRELOT_BIND=0.0.0.0:4000
EXPOSE 4000
ENTRYPOINT ["/grelot"]
CMD ["serve"]
