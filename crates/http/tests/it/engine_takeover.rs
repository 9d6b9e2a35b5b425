//! A stream that leaves the HTTP engine, seen from the wire.

use crate::engine::{Client, Engine, HEALTH, patiently};

/// Reads the head of a stream and its first events; the head.
async fn opened(client: &mut Client) -> String {
    let head = client.head().await;
    let events = client.until("event: ready").await;
    let (size, first) = events.split_once("\r\n").unwrap();
    assert_eq!(usize::from_str_radix(size, 16).unwrap(), first.find("\r\n").unwrap());
    assert!(first.starts_with("retry: "), "{events}");
    assert!(!events.contains("HTTP/1.1"), "{events}");
    head
}

/// The same of a body without frames, which only ends with its connection.
async fn plainly_opened(client: &mut Client) -> String {
    let head = client.head().await;
    let events = client.until("event: ready").await;
    assert!(events.starts_with("retry: "), "{events}");
    head
}

/// Whether this is the head of an answer that the hub writes.
fn has_left(head: &str) -> bool {
    head.starts_with("HTTP/1.1 200 OK\r\n")
        && head.contains("\r\nconnection: close\r\n")
        && head.contains("\r\ndate: ")
        && !head.contains("content-length")
        && head.contains("\r\ntransfer-encoding: chunked\r\n")
}

#[tokio::test]
async fn the_head_has_what_every_layer_put_on_it() {
    let engine = Engine::start().await;
    let mut client = engine.connect().await;
    let request = engine.stream_of("u_1").replace("host: x", "host: x\r\nx-request-id: req-1");
    client.send(&request).await;
    let head = opened(&mut client).await;
    assert!(has_left(&head), "{head}");
    for header in [
        "content-type: text/event-stream; charset=utf-8",
        "cache-control: no-store, no-transform",
        "x-accel-buffering: no",
        "x-request-id: req-1",
        "x-content-type-options: nosniff",
        "grelot-ping: 30",
        "grelot-user: ",
    ] {
        assert!(head.contains(&format!("\r\n{header}")), "{header} in {head}");
    }
}

#[tokio::test]
async fn a_stream_follows_other_requests_on_its_connection() {
    let engine = Engine::start().await;
    let mut client = engine.connect().await;
    for _ in 0..2 {
        client.send(HEALTH).await;
        assert!(client.answer().await.0.starts_with("HTTP/1.1 200"));
    }
    client.send(&engine.stream_of("u_1")).await;
    assert!(has_left(&opened(&mut client).await));
}

#[tokio::test]
async fn what_comes_after_the_request_is_not_answered() {
    let engine = Engine::start().await;
    let mut client = engine.connect().await;
    let stream = engine.stream_of("u_1");
    client.send(&format!("{stream}{HEALTH}\0\u{7f} garbage\r\n\r\n{HEALTH}")).await;
    assert!(has_left(&opened(&mut client).await));
    engine.app.notify("u_1", "Hello").await;
    let events = client.until("event: notification.created").await;
    assert!(!events.contains("HTTP/1.1") && !events.contains(r#"{"status":"ok"}"#), "{events}");
}

#[tokio::test]
async fn a_stream_outlives_the_loop_since_the_hub_ends_it() {
    let mut engine = Engine::start().await;
    let mut client = engine.connect().await;
    client.send(&engine.stream_of("u_1")).await;
    opened(&mut client).await;
    engine.shutdown.cancel();
    engine.ended().await;
    engine.app.notify("u_1", "Hello").await;
    client.until("event: notification.created").await;
    engine.app.state.hub.drain(std::time::Duration::ZERO).await;
    let last_words = client.rest().await;
    assert!(last_words.contains("retry: ") && last_words.ends_with("0\r\n\r\n"), "{last_words}");
}

#[tokio::test]
async fn answers_asked_for_before_the_stream_come_before_it() {
    let engine = Engine::start().await;
    let mut client = engine.connect().await;
    let stream = engine.stream_of("u_1");
    client.send(&format!("{HEALTH}{HEALTH}{stream}")).await;
    for _ in 0..2 {
        assert_eq!(client.answer().await.1, r#"{"status":"ok"}"#);
    }
    assert!(has_left(&opened(&mut client).await));
}

#[tokio::test]
async fn a_client_that_does_not_read_gets_every_answer_before_the_stream() {
    // More than the kernel holds of one connection, so that answers wait in the engine when the stream is asked for.
    const ANSWERS: usize = 250;
    let engine = Engine::start().await;
    let mut client = engine.connect_narrow().await;
    client.send(&"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(ANSWERS)).await;
    client.send(&engine.stream_of("u_1")).await;
    let (_, first) = client.answer().await;
    assert!(first.len() * ANSWERS > 8 << 20, "{} bytes are too few", first.len());
    for _ in 1..ANSWERS {
        assert!(client.answer().await.1 == first);
    }
    assert!(has_left(&opened(&mut client).await));
}

#[tokio::test]
async fn a_request_in_pieces_is_one_request() {
    let engine = Engine::start().await;
    let mut client = engine.connect().await;
    for byte in engine.stream_of("u_1").chars() {
        client.send(&byte.to_string()).await;
        tokio::task::yield_now().await;
    }
    assert!(has_left(&opened(&mut client).await));
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_an_ordinary_body() {
    let engine = Engine::start().await;
    let mut client = engine.connect().await;
    client.send(&engine.stream_of("u_1").replace("HTTP/1.1", "HTTP/1.0")).await;
    let head = plainly_opened(&mut client).await;
    assert!(head.starts_with("HTTP/1.0 200 OK\r\n"), "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
}

#[tokio::test]
async fn a_request_with_a_body_gets_an_ordinary_body() {
    let engine = Engine::start().await;
    let mut client = engine.connect().await;
    let request = engine.stream_of("u_1").replace("host: x", "host: x\r\ncontent-length: 2");
    client.send(&format!("{request}{{}}")).await;
    let head = client.head().await;
    assert!(head.contains("\r\ntransfer-encoding: chunked\r\n"), "{head}");
    client.until("event: ready").await;
}

#[tokio::test]
async fn a_head_request_opens_no_stream_and_keeps_the_connection() {
    let engine = Engine::start().await;
    let mut client = engine.connect().await;
    client.send(&engine.stream_of("u_1").replace("GET", "HEAD")).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    client.send(HEALTH).await;
    assert_eq!(client.answer().await.1, r#"{"status":"ok"}"#);
    assert_eq!(engine.app.state.hub.stats().streams, 0);
}

#[tokio::test]
async fn a_refused_stream_keeps_the_connection() {
    let engine = Engine::start().await;
    let mut client = engine.connect().await;
    client.send("GET /api/notifications/stream HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let (head, body) = client.answer().await;
    assert!(head.starts_with("HTTP/1.1 401"), "{head}");
    assert!(body.contains("/problems/unauthorized"), "{body}");
    client.send(&engine.stream_of("u_1")).await;
    assert!(has_left(&opened(&mut client).await));
}

#[tokio::test]
async fn hundreds_of_streams_leave_at_once() {
    const STREAMS: usize = 300;
    let engine = Engine::start().await;
    let opening = (0..STREAMS).map(async |number| {
        let mut client = engine.connect().await;
        if number % 2 == 0 {
            client.send(HEALTH).await;
            client.answer().await;
        }
        client.send(&engine.stream_of(&format!("u_{number}"))).await;
        assert!(has_left(&opened(&mut client).await));
        client
    });
    let clients = patiently(futures_util::future::join_all(opening)).await;
    assert_eq!(engine.app.state.hub.stats().streams, clients.len() as u64);
}
