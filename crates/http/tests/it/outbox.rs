//! What became of a notification outside of the inbox, as the host and the operator see it.

use std::time::Duration;

use axum::body::Body;
use grelot_core::{AttemptOutcome, SkipReason};
use grelot_http::metrics;
use grelot_store::{MailPolicy, Settlement};
use http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::App;

const NOTIFY: &str = "/api/internal/notify";
const CONTACT: &str = r#"{"email":"ada@example.com"}"#;

/// An installation with mail, and a user who has an address.
async fn with_mail() -> App {
    let app = App::start_with(MailPolicy::ON).await;
    app.host_json("PUT", "/api/internal/users/u", CONTACT).await.expect(200);
    app
}

async fn story(app: &App, id: &str) -> Value {
    app.host("GET", &format!("/api/internal/notifications/{id}")).await.expect(200)
}

/// A worker takes the one delivery that is due, and settles it so.
async fn settle(app: &App, settlement: Settlement) {
    let leased = app.store.lease(8).await.unwrap();
    let [lease] = &leased.leases[..] else { panic!("{leased:?}") };
    app.clock.forward(Duration::from_millis(250));
    assert!(app.store.settle(lease, settlement).await.unwrap());
}

async fn scrape(app: &App) -> String {
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let response = metrics::router(app.state.clone()).oneshot(request).await.unwrap();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_notification_without_a_delivery_has_no_decisions() {
    let app = App::start().await;
    let id = app.notify("u", "T").await;
    let story = story(&app, &id).await;
    assert_eq!(
        (&story["id"], &story["userId"], &story["seq"]),
        (&json!(id), &json!("u"), &json!(1))
    );
    assert_eq!((&story["decisions"], &story["deliveries"]), (&json!(null), &json!([])));
    app.host("GET", "/api/internal/notifications/x").await.problem(404, "not-found");
    let unknown = "/api/internal/notifications/cm3xk2l9a0000qzrmn831i7rn";
    app.host("GET", unknown).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_story_tells_each_decision_and_each_attempt() {
    let app = with_mail().await;
    app.category("billing", r#"{"label":{"en":"B"},"mandatory":["inApp"],"email":{"mode":"now"}}"#)
        .await;
    let body = r#"{"userId":"u","title":"T","category":"billing","data":{"n":1.50}}"#;
    let answer = app.host_json("POST", NOTIFY, body).await.expect(201);
    let entry = &answer["notifications"][0];
    assert_eq!(entry["email"], "queued");
    let id = entry["id"].as_str().unwrap();
    let queued = story(&app, id).await;
    assert_eq!((&queued["seq"], &queued["data"]), (&json!(1), &json!({"n": 1.50})));
    let decisions = json!({"inApp": {"enabled": true, "rule": "mandatory"},
        "email": {"enabled": true, "rule": "default"}});
    assert_eq!(queued["decisions"], decisions);
    let delivery = queued["deliveries"][0]["id"].clone();
    let expected = json!([{"id": delivery, "channel": "email", "state": "pending", "reason": null,
        "rule": "default", "digestId": null, "createdAt": "2026-11-24T10:00:00.000Z",
        "dueAt": "2026-11-24T10:00:00.000Z", "endedAt": null, "attempts": []}]);
    assert_eq!(queued["deliveries"], expected);
    settle(&app, Settlement::Failed { answer: "451 later".to_owned(), jitter: 0.0 }).await;
    app.clock.forward(Duration::from_secs(10));
    settle(&app, Settlement::Sent { answer: "250 Ok".to_owned(), collected: Vec::new() }).await;
    let sent = story(&app, id).await;
    let expected = json!([{"id": delivery, "channel": "email", "state": "sent", "reason": null,
        "rule": "default", "digestId": null, "createdAt": "2026-11-24T10:00:00.000Z", "dueAt": null,
        "endedAt": "2026-11-24T10:00:10.500Z", "attempts": [
            {"startedAt": "2026-11-24T10:00:00.000Z", "endedAt": "2026-11-24T10:00:00.250Z",
                "outcome": "failed", "answer": "451 later"},
            {"startedAt": "2026-11-24T10:00:10.250Z", "endedAt": "2026-11-24T10:00:10.500Z",
                "outcome": "sent", "answer": "250 Ok"}]}]);
    assert_eq!(sent["deliveries"], expected);
    assert_eq!(sent["decisions"], decisions);
}

#[tokio::test]
async fn a_notification_that_never_was_in_the_inbox_has_a_story_without_a_seq() {
    let app = with_mail().await;
    let off = r#"{"inApp":false}"#;
    app.user_json("u", "PUT", "/api/notifications/preferences", off).await.expect(200);
    let body = r#"{"userId":"u","title":"T","link":"/x"}"#;
    let answer = app.host_json("POST", NOTIFY, body).await.expect(201);
    let entry = &answer["notifications"][0];
    assert_eq!((&entry["inApp"], &entry["email"]), (&json!("muted"), &json!("queued")));
    let id = entry["id"].as_str().unwrap();
    let story = story(&app, id).await;
    assert_eq!(
        (&story["id"], &story["seq"], &story["link"]),
        (&json!(id), &json!(null), &json!("/x"))
    );
    assert_eq!(story["decisions"]["inApp"], json!({"enabled": false, "rule": "channel"}));
    assert_eq!(story["deliveries"][0]["state"], "pending");
    app.user("u", "GET", &format!("/api/notifications/{id}")).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_mail_that_nobody_wanted_has_the_rule_against_it() {
    let app = with_mail().await;
    let billing = r#"{"label":{"en":"B"},"email":{"mode":"now"}}"#;
    app.category("billing", billing).await;
    let body = r#"{"userId":"u","title":"T","category":"billing"}"#;
    let switch = async |on| {
        let choice = format!(r#"{{"categories":{{"billing":{{"email":{on}}}}}}}"#);
        app.user_json("u", "PUT", "/api/notifications/preferences", &choice).await.expect(200);
    };
    let notified = async || {
        let answer = app.host_json("POST", NOTIFY, body).await.expect(201);
        answer["notifications"][0]["id"].as_str().unwrap().to_owned()
    };
    switch(false).await;
    let muted = story(&app, &notified().await).await;
    assert_eq!(muted["decisions"]["email"], json!({"enabled": false, "rule": "choice"}));
    assert_eq!(muted["deliveries"][0]["reason"], "muted");
    // What was muted later was wanted.
    switch(true).await;
    let id = notified().await;
    switch(false).await;
    settle(&app, Settlement::Skipped(SkipReason::Muted)).await;
    let later = story(&app, &id).await;
    assert_eq!(later["decisions"]["email"], json!({"enabled": true, "rule": "choice"}));
    assert_eq!(later["deliveries"][0]["reason"], "muted");
}

#[tokio::test]
async fn metrics_tell_how_the_outbox_stands_and_how_attempts_end() {
    let app = with_mail().await;
    let still = scrape(&app).await;
    for line in [
        r#"grelot_deliveries{state="pending"} 0"#,
        r#"grelot_deliveries{state="sending"} 0"#,
        r#"grelot_deliveries{state="dead"} 0"#,
        "grelot_delivery_oldest_due_seconds 0.0",
        r#"grelot_delivery_attempts_total{outcome="lost"} 0"#,
    ] {
        assert!(still.contains(line), "{line} in {still}");
    }
    app.category("billing", r#"{"label":{"en":"B"},"email":{"mode":"now"}}"#).await;
    for _ in 0..2 {
        let body = r#"{"userId":"u","title":"T","category":"billing"}"#;
        app.host_json("POST", NOTIFY, body).await.expect(201);
    }
    settle(&app, Settlement::Refused { answer: "550 no".to_owned() }).await;
    app.state.metrics.attempt(AttemptOutcome::Refused);
    app.clock.forward(Duration::from_secs(90));
    let late = scrape(&app).await;
    for line in [
        r#"grelot_deliveries{state="pending"} 1"#,
        r#"grelot_deliveries{state="dead"} 1"#,
        "grelot_delivery_oldest_due_seconds 90.25",
        r#"grelot_delivery_attempts_total{outcome="refused"} 1"#,
        r#"grelot_delivery_attempts_total{outcome="sent"} 0"#,
    ] {
        assert!(late.contains(line), "{line} in {late}");
    }
    app.database.close().await;
    let away = scrape(&app).await;
    assert!(
        away.contains("grelot_store_failed_total") && !away.contains("grelot_deliveries"),
        "{away}"
    );
}
