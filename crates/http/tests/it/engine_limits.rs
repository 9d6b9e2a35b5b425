//! What the engine does at its bounds, and how it ends.

use std::time::Duration;

use grelot_http::server::ServerLimits;

use crate::engine::{Engine, HEALTH};

/// Short enough to wait for.
const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_head_that_does_not_come_closes_the_connection() {
    let limits = ServerLimits { header_timeout: SHORT, ..ServerLimits::default() };
    let engine = Engine::start_with(limits).await;
    let (mut partial, mut idle) = (engine.connect().await, engine.connect().await);
    partial.send("GET /healthz HTTP/1.1\r\nhost: x\r\n").await;
    idle.send(HEALTH).await;
    idle.answer().await;
    assert!(!partial.rest().await.contains("200 OK"));
    assert_eq!(idle.rest().await, "");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_refused_and_closes_the_connection() {
    let limits = ServerLimits { body_timeout: SHORT, ..ServerLimits::default() };
    let engine = Engine::start_with(limits).await;
    let mut client = engine.connect().await;
    let [first, _second] = engine.notify_in_parts("u_1").await;
    client.send(&first).await;
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let limits = ServerLimits { write_stall: SHORT, ..ServerLimits::default() };
    let mut engine = Engine::start_with(limits).await;
    let mut client = engine.connect_narrow().await;
    client.send(&"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(250)).await;
    // The loop ends only when the connection has: nobody reads, so it is the limit that ends it.
    engine.shutdown.cancel();
    engine.ended().await;
    let got = client.rest().await;
    assert!(got.matches("HTTP/1.1 200").count() < 250);
}

#[tokio::test]
async fn a_head_over_the_limit_is_431() {
    let engine = Engine::start().await;
    for (length, status) in [(30_000, 200), (33_000, 431), (200_000, 431)] {
        let mut client = engine.connect().await;
        let long = "x".repeat(length);
        client
            .send(&format!(
                "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-long: {long}\r\n\r\n"
            ))
            .await;
        assert!(client.rest().await.starts_with(&format!("HTTP/1.1 {status}")), "{length}");
    }
}

#[tokio::test]
async fn a_refused_body_is_answered_and_not_reset() {
    let engine = Engine::start().await;
    let mut client = engine.connect().await;
    let key = engine.app.api_key(&[]).await;
    let body = " ".repeat(3 << 20);
    let length = body.len();
    let head = format!(
        "POST /api/internal/notify HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    client.send(&format!("{head}{body}")).await;
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn two_lengths_or_a_length_beside_chunks_are_refused() {
    let engine = Engine::start().await;
    for framing in [
        "content-length: 2\r\ncontent-length: 3",
        "content-length: 2, 3",
        "content-length: +2",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: chunked\r\ntransfer-encoding: x",
    ] {
        let mut client = engine.connect().await;
        client.send(&format!("POST /healthz HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n{{}}")).await;
        let answer = client.rest().await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{framing}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{framing}: {answer}");
    }
}

#[tokio::test]
async fn at_the_end_idle_connections_close_and_requests_finish() {
    let mut engine = Engine::start().await;
    let (mut idle, mut busy) = (engine.connect().await, engine.connect().await);
    idle.send(HEALTH).await;
    idle.answer().await;
    let [first, second] = engine.notify_in_parts("u_1").await;
    busy.send(&first).await;
    // An answer on another connection: the loop has seen everything that was sent before.
    idle.send(HEALTH).await;
    idle.answer().await;
    engine.shutdown.cancel();
    assert_eq!(idle.rest().await, "");
    busy.send(&second).await;
    let answer = busy.rest().await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    engine.ended().await;
    assert!(tokio::net::TcpStream::connect(engine.address).await.is_err());
}

#[tokio::test]
async fn a_request_that_does_not_finish_is_cut_off() {
    let mut engine =
        Engine::start_with(ServerLimits { grace: SHORT, ..ServerLimits::default() }).await;
    let mut client = engine.connect().await;
    let [first, _second] = engine.notify_in_parts("u_1").await;
    client.send(&first).await;
    client.send("").await;
    engine.shutdown.cancel();
    engine.ended().await;
    assert!(!client.rest().await.contains("201"));
}
