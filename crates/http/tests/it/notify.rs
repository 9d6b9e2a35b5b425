//! Notifying: outcomes, idempotency, the dry run.

use axum::body::Body;
use grelot_core::Scope;
use grelot_store::MailPolicy;
use serde_json::{Value, json};

use crate::support::{Answer, App};

const NOTIFY: &str = "/api/internal/notify";
const BODY: &str = r#"{"userId":"u","title":"T"}"#;

async fn with_key(app: &App, key: &str, path: &str, body: &str) -> Answer {
    let request = app.as_host("POST", path).header("content-type", "application/json");
    let request = request.header("idempotency-key", key);
    app.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

async fn inbox(app: &App, user: &str) -> Value {
    app.user(user, "GET", "/api/notifications").await.expect(200)
}

#[tokio::test]
async fn each_distinct_user_gets_one_entry_in_order_of_first_mention() {
    let app = App::start().await;
    let body = r#"{"userIds":["b","a","b","c"],"title":"T"}"#;
    let answer = app.host_json("POST", NOTIFY, body).await.expect(201);
    let entries = answer["notifications"].as_array().unwrap();
    let users: Vec<_> = entries.iter().map(|entry| entry["userId"].as_str().unwrap()).collect();
    assert_eq!(users, ["b", "a", "c"]);
    for entry in entries {
        assert_eq!((&entry["inApp"], &entry["email"]), (&json!("created"), &json!("off")));
        assert_eq!(entry["id"].as_str().unwrap().len(), 25);
    }
}

#[tokio::test]
async fn an_unknown_category_is_422_and_writes_nothing() {
    let app = App::start().await;
    let body = r#"{"userId":"u","title":"T","category":"nope"}"#;
    assert_eq!(app.host_json("POST", NOTIFY, body).await.pointers(), ["/category"]);
    let dry = format!("{NOTIFY}?dryRun=true");
    assert_eq!(app.host_json("POST", &dry, body).await.pointers(), ["/category"]);
    assert_eq!(inbox(&app, "u").await["seq"], 0);
}

#[tokio::test]
async fn a_muted_user_gets_nothing_and_the_entry_says_so() {
    let app = App::start().await;
    let off = r#"{"inApp":false}"#;
    app.user_json("u", "PUT", "/api/notifications/preferences", off).await.expect(200);
    let answer = app.host_json("POST", NOTIFY, BODY).await.expect(201);
    let entry = json!([{"id": null, "userId": "u", "inApp": "muted", "email": "off"}]);
    assert_eq!(answer["notifications"], entry);
    assert_eq!(inbox(&app, "u").await["seq"], 1);
}

#[tokio::test]
async fn the_same_request_again_gets_the_same_answer_and_creates_nothing() {
    let app = App::start().await;
    let first = with_key(&app, "k1", NOTIFY, BODY).await;
    first.expect(201);
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let again = with_key(&app, "k1", NOTIFY, BODY).await;
    again.expect(201);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(inbox(&app, "u").await["seq"], 1);
    // Another body, even by a space, or another query is another request.
    for (path, body) in
        [(NOTIFY, r#"{"userId":"u", "title":"T"}"#), ("/api/internal/notify?x=1", BODY)]
    {
        with_key(&app, "k1", path, body).await.problem(422, "idempotency-key-reused");
    }
    with_key(&app, "k2", NOTIFY, BODY).await.expect(201);
    assert_eq!(inbox(&app, "u").await["seq"], 2);
}

#[tokio::test]
async fn keys_of_different_api_keys_do_not_meet() {
    let app = App::start().await;
    with_key(&app, "k", NOTIFY, BODY).await.expect(201);
    let other = app.api_key(&[Scope::Notify]).await;
    let request = http::Request::post(NOTIFY)
        .header("authorization", format!("Bearer {other}"))
        .header("content-type", "application/json")
        .header("idempotency-key", "k");
    let body = r#"{"userId":"u","title":"another"}"#;
    app.send(request.body(Body::from(body)).unwrap()).await.expect(201);
}

#[tokio::test]
async fn a_refusal_frees_the_key() {
    let app = App::start().await;
    let wrong = r#"{"userId":"u","title":"T","category":"later"}"#;
    with_key(&app, "k", NOTIFY, wrong).await.problem(422, "validation");
    app.category("later", r#"{"label":{"en":"Later"}}"#).await;
    with_key(&app, "k", NOTIFY, wrong).await.expect(201);
}

#[tokio::test]
async fn many_at_once_with_one_key_create_one() {
    let app = App::start().await;
    let asks = (0..20).map(|_| with_key(&app, "k", NOTIFY, BODY));
    let answers = futures_util::future::join_all(asks).await;
    let created: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(!created.is_empty());
    for answer in &answers {
        match answer.status.as_u16() {
            201 => assert_eq!(answer.bytes, created[0].bytes),
            _ => drop(answer.problem(409, "request-in-flight")),
        }
    }
    assert_eq!(inbox(&app, "u").await["seq"], 1);
}

#[tokio::test]
async fn an_idempotency_key_has_1_to_255_printable_characters() {
    let app = App::start().await;
    for bad in [String::new(), "x".repeat(256), "a\tb".to_owned()] {
        with_key(&app, &bad, NOTIFY, BODY).await.problem(400, "bad-request");
    }
    with_key(&app, &"x".repeat(255), NOTIFY, BODY).await.expect(201);
    with_key(&app, "order 42", NOTIFY, BODY).await.expect(201);
    let twice = app.as_host("POST", NOTIFY).header("content-type", "application/json");
    let twice = twice.header("idempotency-key", "a").header("idempotency-key", "a");
    app.send(twice.body(Body::from(BODY)).unwrap()).await.problem(400, "bad-request");
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_says_why() {
    let app = App::start_with(MailPolicy::ON).await;
    app.category(
        "billing",
        r#"{"label":{"en":"B"},"defaults":{"email":false},"mandatory":["inApp"]}"#,
    )
    .await;
    let dry = format!("{NOTIFY}?dryRun=true");
    let plain = with_key(&app, "k", &dry, BODY).await.expect(200);
    assert_eq!(
        plain,
        json!({"notifications": [{"userId": "u", "inApp": "created", "email": "no_address",
            "why": {"inApp": "channel", "email": "channel"}}]})
    );
    let billed = r#"{"userId":"u","title":"T","category":"billing"}"#;
    let billed = app.host_json("POST", &dry, billed).await.expect(200);
    assert_eq!(
        billed,
        json!({"notifications": [{"userId": "u", "inApp": "created", "email": "muted",
            "why": {"inApp": "mandatory", "email": "default"}}]})
    );
    assert_eq!(inbox(&app, "u").await["seq"], 0);
    // The key of a dry run stays free; one that is none is refused all the same.
    with_key(&app, "", &dry, BODY).await.problem(400, "bad-request");
    with_key(&app, "k", NOTIFY, BODY).await.expect(201);
    app.host_json("POST", &format!("{NOTIFY}?dryRun=1"), BODY).await.problem(400, "bad-request");
    app.host_json("POST", &format!("{NOTIFY}?dryRun=false"), BODY).await.expect(201);
}
