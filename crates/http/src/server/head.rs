//! The head of an answer as bytes, for an answer that hyper does not write. Not here: its body.

use bytes::Bytes;
use http::{HeaderName, Response, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// Serialises the head of a chunked answer, the last one of its connection: its status and headers as every layer left them,
/// but for those that say where a body ends and what becomes of the connection. `now` is the system's time, as in every other answer's `Date`.
pub(super) fn last_chunked<B>(response: &Response<B>, now: Timestamp) -> Bytes {
    let mut head = Vec::with_capacity(640);
    let status = response.status();
    head.extend_from_slice(b"HTTP/1.1 ");
    head.extend_from_slice(status.as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    head.extend_from_slice(b"\r\n");
    for (name, value) in response.headers().iter().filter(|(name, _)| !is_framing(name)) {
        write(&mut head, name, value.as_bytes());
    }
    write(&mut head, &header::TRANSFER_ENCODING, b"chunked");
    write(&mut head, &header::CONNECTION, b"close");
    if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&now) {
        write(&mut head, &header::DATE, date.as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    Bytes::from(head)
}

fn write(head: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    head.extend_from_slice(name.as_str().as_bytes());
    head.extend_from_slice(b": ");
    head.extend_from_slice(value);
    head.extend_from_slice(b"\r\n");
}

fn is_framing(name: &HeaderName) -> bool {
    [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::DATE]
        .contains(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_head_has_every_header_but_those_of_framing() {
        let mut response = Response::new(axum::body::Body::empty());
        let headers = response.headers_mut();
        for (name, value) in [
            ("content-type", "text/event-stream"),
            ("content-length", "0"),
            ("transfer-encoding", "chunked"),
            ("connection", "keep-alive"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let now = Timestamp::from_second(784_111_777).unwrap();
        let head = last_chunked(&response, now);
        assert_eq!(
            std::str::from_utf8(&head).unwrap(),
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\
             transfer-encoding: chunked\r\nconnection: close\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"
        );
    }
}
