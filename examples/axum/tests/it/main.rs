//! The application as its users meet it: over a real socket, with a stream as an ordinary response body.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail like tests")]

use std::time::Duration;

use grelot::{Grelot, UserId};
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The application on a free port.
struct Running {
    url: String,
    token: String,
    grelot: Grelot,
    server: JoinSet<std::io::Result<()>>,
    _directory: TempDir,
}

async fn start() -> Running {
    let directory = TempDir::new().unwrap();
    let database = format!("sqlite:{}", directory.path().join("app.db").display());
    let secret = "0123456789abcdef0123456789abcdef";
    let grelot = Grelot::builder().database(database).jwt_secret(secret).build().await.unwrap();
    let user = UserId::parse("u_1").unwrap();
    let token = grelot.mint_token(&user, Duration::from_mins(1)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = axum_host::app(grelot.clone());
    let mut server = JoinSet::new();
    server.spawn(async move { axum::serve(listener, app).await });
    Running { url, token, grelot, server, _directory: directory }
}

/// Reads the stream until an event of that name, and returns its data.
async fn event(stream: &mut Response, text: &mut String, name: &str) -> Value {
    let start = format!("event: {name}\n");
    loop {
        let rest = text.split_once(&start).map(|(_, rest)| rest);
        if let Some((block, _)) = rest.and_then(|rest| rest.split_once("\n\n")) {
            let data = block.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
            return serde_json::from_str(data).unwrap();
        }
        let bytes = stream.chunk().await.unwrap().expect("the stream goes on");
        text.push_str(std::str::from_utf8(&bytes).unwrap());
    }
}

#[tokio::test]
async fn what_the_application_does_rings_the_bell() {
    let running = start().await;
    let client = Client::new();
    let stream = client.get(format!("{}/api/notifications/stream", running.url));
    let mut stream = stream.bearer_auth(&running.token).send().await.unwrap();
    let mut text = String::new();
    event(&mut stream, &mut text, "ready").await;

    let pay = format!("{}/invoices/42/pay", running.url);
    for _ in 0..2 {
        assert_eq!(client.post(&pay).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    }
    let created = event(&mut stream, &mut text, "notification.created").await;
    assert_eq!(created["notification"]["title"], "Invoice 42 was paid");
    assert_eq!(created["unreadCount"], 1);

    let count = client.get(format!("{}/api/notifications/unread-count", running.url));
    let count = count.bearer_auth(&running.token).send().await.unwrap();
    let count: Value = count.json().await.unwrap();
    assert_eq!(count["unreadCount"], 1, "paying twice notifies once");
}

#[tokio::test]
async fn the_application_keeps_its_own_routes() {
    let running = start().await;
    let get =
        async |path: &str| reqwest::get(format!("{}{path}", running.url)).await.unwrap().status();
    assert_eq!(get("/").await, StatusCode::OK);
    assert_eq!(get("/healthz").await, StatusCode::OK);
    assert_eq!(get("/nowhere").await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_shutdown_ends_the_streams() {
    let mut running = start().await;
    let stream = Client::new().get(format!("{}/api/notifications/stream", running.url));
    let mut stream = stream.bearer_auth(&running.token).send().await.unwrap();
    let mut text = String::new();
    event(&mut stream, &mut text, "ready").await;
    running.grelot.shutdown().await.unwrap();
    while let Some(bytes) = stream.chunk().await.unwrap() {
        text.push_str(std::str::from_utf8(&bytes).unwrap());
    }
    assert!(text.ends_with("\n\n"), "no event is cut: {text:?}");
    running.server.abort_all();
}
