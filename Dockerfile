# A small image with the one binary, statically linked; certificates and time zones are those of the base.
FROM rust:1.95-alpine AS build
RUN apk add --no-cache build-base cmake perl
WORKDIR /source
COPY . .
RUN cargo build --locked --release --package grelot --bin grelot && mkdir /data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /source/target/release/grelot /grelot
# Where SQLite's file is, unless GRELOT_DATABASE names another database: mount a volume here that the user 65532 may write to.
COPY --from=build --chown=65532:65532 /data /data
WORKDIR /data
ENV GRELOT_BIND=0.0.0.0:4000
EXPOSE 4000
ENTRYPOINT ["/grelot"]
CMD ["serve"]
