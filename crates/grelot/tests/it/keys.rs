//! API keys and tokens, beside a running service.

use std::time::{Duration, Instant};

use reqwest::StatusCode;

use crate::support::{Server, Workplace};

async fn notify(server: &Server, key: &str) -> StatusCode {
    let body = serde_json::json!({"userId": "u_1", "title": "Hello"});
    let request = reqwest::Client::new().post(format!("{}/api/internal/notify", server.url));
    request.bearer_auth(key).json(&body).send().await.unwrap().status()
}

#[tokio::test]
async fn a_key_works_as_soon_as_it_is_made_and_dies_within_two_seconds() {
    let place = Workplace::new();
    let server = place.serve();
    let key = place.ok(&["keys", "create", "--name", "billing"]);
    assert!(!key.contains(char::is_whitespace), "the key stands alone: {key:?}");
    assert_eq!(notify(&server, &key).await, StatusCode::CREATED);

    let list = place.ok(&["keys", "list"]);
    let id = list.lines().nth(1).unwrap().split(' ').next().unwrap();
    assert!(key.contains(id));
    assert!(place.ok(&["keys", "revoke", id]).contains(id));
    let revoked = Instant::now();
    while notify(&server, &key).await != StatusCode::UNAUTHORIZED {
        assert!(revoked.elapsed() < Duration::from_secs(2), "the key lives on");
    }
}

#[tokio::test]
async fn a_key_may_do_what_its_scopes_say() {
    let place = Workplace::new();
    let reader = place.ok(&["keys", "create", "--name", "reader", "--scope", "read"]);
    let server = place.serve();
    assert_eq!(notify(&server, &reader).await, StatusCode::FORBIDDEN);
    let said = place.run(&["keys", "create", "--name", "x", "--scope", "everything"]);
    assert_eq!(said.status, 2);
    assert!(said.stderr.contains("notify, read, categories, users, tokens"), "{}", said.stderr);
}

#[test]
fn the_list_shows_ids_first_and_no_secret() {
    let place = Workplace::new();
    let keys = ["one", "two"].map(|name| place.ok(&["keys", "create", "--name", name]));
    let list = place.ok(&["keys", "list"]);
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines[0].starts_with("ID "));
    assert_eq!(lines.len(), 3);
    for (line, key) in lines[1..].iter().zip(&keys) {
        let id = line.split(' ').next().unwrap();
        assert!(key.contains(id) && !list.contains(key.as_str()));
    }
}

#[test]
fn an_unknown_key_cannot_be_revoked() {
    let said = Workplace::new().run(&["keys", "revoke", "nope"]);
    assert_eq!(said.status, 1);
    assert!(said.stderr.contains("there is no key nope"), "{}", said.stderr);
}

#[tokio::test]
async fn a_token_opens_the_inbox_of_its_user() {
    let place = Workplace::new()
        .with("GRELOT_JWT_ISSUER", "https://issuer.example")
        .with("GRELOT_JWT_AUDIENCE", "grelot");
    let server = place.serve();
    let token = place.ok(&["token", "--user", "u_1", "--ttl", "15m"]);
    let url = format!("{}/api/notifications/unread-count", server.url);
    let get = async |token: &str| {
        reqwest::Client::new().get(&url).bearer_auth(token).send().await.unwrap().status()
    };
    assert_eq!(get(&token).await, StatusCode::OK);
    let other = Workplace::new().ok(&["token", "--user", "u_1"]);
    assert_eq!(get(&other).await, StatusCode::UNAUTHORIZED, "it names no issuer");
}
