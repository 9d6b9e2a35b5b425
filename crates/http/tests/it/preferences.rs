//! What users choose, and what follows.

use serde_json::{Value, json};

use crate::support::{Answer, App};

const PATH: &str = "/api/notifications/preferences";

async fn put(app: &App, body: &str) -> Answer {
    app.user_json("u", "PUT", PATH, body).await
}

fn channel(preferences: &Value, category: &str, channel: &str) -> Value {
    let effective = preferences["effective"].as_array().unwrap();
    let one = effective.iter().find(|one| one["category"] == category).unwrap();
    one["channels"][channel].clone()
}

#[tokio::test]
async fn by_default_everything_is_on() {
    let app = App::start().await;
    let answer = app.user("u", "GET", PATH).await;
    let expected = json!({"inApp": true, "email": true, "categories": {}, "effective": [],
        "quietHours": null, "emailDigest": "off", "emailDigestHour": 9, "timezone": "UTC"});
    assert_eq!(answer.expect(200), expected);
    assert!(answer.headers["vary"].to_str().unwrap().to_lowercase().contains("accept-language"));
}

#[tokio::test]
async fn the_first_rule_that_applies_decides_and_is_named() {
    let app = App::start().await;
    app.category("locked", r#"{"label":{"en":"L"},"mandatory":["inApp","email"]}"#).await;
    app.category("chosen", r#"{"label":{"en":"C"}}"#).await;
    app.category("quiet", r#"{"label":{"en":"Q"},"defaults":{"inApp":false,"email":false}}"#).await;
    let now = put(&app, r#"{"categories":{"chosen":{"email":false},"quiet":{"inApp":true}}}"#)
        .await
        .expect(200);
    let is = |enabled: bool, locked: bool, source: &str| json!({"enabled": enabled, "locked": locked, "source": source});
    assert_eq!(channel(&now, "locked", "email"), is(true, true, "mandatory"));
    assert_eq!(channel(&now, "chosen", "inApp"), is(true, false, "default"));
    assert_eq!(channel(&now, "chosen", "email"), is(false, false, "choice"));
    assert_eq!(channel(&now, "quiet", "inApp"), is(true, false, "choice"));
    assert_eq!(channel(&now, "quiet", "email"), is(false, false, "default"));
    let off = put(&app, r#"{"inApp":false,"email":false}"#).await.expect(200);
    assert_eq!(channel(&off, "locked", "inApp"), is(true, true, "mandatory"));
    assert_eq!(channel(&off, "chosen", "email"), is(false, false, "channel"));
    assert_eq!(channel(&off, "quiet", "inApp"), is(false, false, "channel"));
    let on = put(&app, r#"{"inApp":true,"email":true}"#).await.expect(200);
    assert_eq!(on["categories"], json!({"chosen": {"email": false}, "quiet": {"inApp": true}}));
    assert_eq!(on["effective"], now["effective"]);
}

#[tokio::test]
async fn equal_preferences_move_nothing() {
    let app = App::start().await;
    let seq = async || {
        let answer = app.user("u", "GET", "/api/notifications/unread-count").await;
        answer.expect(200)["seq"].clone()
    };
    put(&app, r#"{"inApp":true}"#).await.expect(200);
    put(&app, "{}").await.expect(200);
    assert_eq!(seq().await, 0);
    put(&app, r#"{"email":false}"#).await.expect(200);
    put(&app, r#"{"email":false}"#).await.expect(200);
    assert_eq!(seq().await, 1);
}

#[tokio::test]
async fn choices_outlive_their_category() {
    let app = App::start().await;
    app.category("a", r#"{"label":{"en":"A"}}"#).await;
    app.category("b", r#"{"label":{"en":"B"}}"#).await;
    put(&app, r#"{"categories":{"a":{"email":false}}}"#).await.expect(200);
    app.host("DELETE", "/api/internal/categories/a").await.expect(204);
    let hidden = put(&app, r#"{"categories":{"b":{"inApp":false}}}"#).await.expect(200);
    assert_eq!(hidden["categories"], json!({"b": {"inApp": false}}));
    app.category("a", r#"{"label":{"en":"A"}}"#).await;
    let back = app.user("u", "GET", PATH).await.expect(200);
    assert_eq!(back["categories"], json!({"a": {"email": false}, "b": {"inApp": false}}));
}

#[tokio::test]
async fn quiet_hours_and_digests_are_kept_until_they_are_named_again() {
    let app = App::start().await;
    let when = async |body: &str| {
        let answer = put(&app, body).await.expect(200);
        let get = app.user("u", "GET", PATH).await.expect(200);
        assert_eq!(get, answer);
        json!([answer["quietHours"], answer["emailDigest"], answer["emailDigestHour"]])
    };
    let night = json!({"start": "22:00", "end": "07:00"});
    let set = r#"{"quietHours":{"start":"22:00","end":"07:00"},"emailDigest":"daily"}"#;
    assert_eq!(when(set).await, json!([night, "daily", 9]));
    assert_eq!(when(r#"{"emailDigestHour":18}"#).await, json!([night, "daily", 18]));
    assert_eq!(when(r#"{"inApp":false}"#).await, json!([night, "daily", 18]));
    assert_eq!(when(r#"{"quietHours":null}"#).await, json!([null, "daily", 18]));
    assert_eq!(when(r#"{"emailDigest":"off"}"#).await, json!([null, "off", 18]));
    let count = app.user("u", "GET", "/api/notifications/unread-count").await.expect(200);
    assert_eq!(count["seq"], 5);
    assert_eq!(when(r#"{"emailDigest":"off"}"#).await, json!([null, "off", 18]));
    let count = app.user("u", "GET", "/api/notifications/unread-count").await.expect(200);
    assert_eq!(count["seq"], 5);
}

#[tokio::test]
async fn the_time_zone_of_the_hours_is_the_contacts() {
    let app = App::start().await;
    let contact = r#"{"email":"u@example.com","timezone":"Europe/Paris"}"#;
    app.host_json("PUT", "/api/internal/users/u", contact).await.expect(200);
    let get = app.user("u", "GET", PATH).await.expect(200);
    assert_eq!(get["timezone"], "Europe/Paris");
    let answer = put(&app, r#"{"emailDigest":"daily"}"#).await.expect(200);
    assert_eq!(answer["timezone"], "Europe/Paris");
    app.host_json("PUT", "/api/internal/users/u", r#"{"email":"u@example.com"}"#).await.expect(200);
    assert_eq!(app.user("u", "GET", PATH).await.expect(200)["timezone"], "UTC");
}

#[rstest::rstest]
#[case(r#"{"quietHours":{"start":"25:00","end":"7:00"},"emailDigest":"weekly","emailDigestHour":24}"#,
    &["/quietHours/start", "/quietHours/end", "/emailDigest", "/emailDigestHour"])]
#[case(r#"{"inApp":1,"email":null,"x":0}"#, &["/x", "/inApp", "/email"])]
#[case(r#"{"categories":[]}"#, &["/categories"])]
#[case(r#"{"categories":{"known":{"sms":true},"Bad/Key":{},"known2":true}}"#,
    &["/categories/known/sms", "/categories/Bad~1Key", "/categories/known2"])]
#[case(r#"{"categories":{"nope":{},"locked":{"inApp":false,"email":false}}}"#,
    &["/categories/locked/inApp", "/categories/nope"])]
#[tokio::test]
async fn what_is_not_possible_is_422_and_changes_nothing(
    #[case] body: &str,
    #[case] pointers: &[&str],
) {
    let app = App::start().await;
    app.category("known", r#"{"label":{"en":"K"}}"#).await;
    app.category("locked", r#"{"label":{"en":"L"},"mandatory":["inApp"]}"#).await;
    assert_eq!(put(&app, body).await.pointers(), pointers);
    let count = app.user("u", "GET", "/api/notifications/unread-count").await.expect(200);
    assert_eq!(count["seq"], 0);
}

#[tokio::test]
async fn switching_a_locked_channel_on_is_fine() {
    let app = App::start().await;
    app.category("locked", r#"{"label":{"en":"L"},"mandatory":["inApp"]}"#).await;
    put(&app, r#"{"categories":{"locked":{"inApp":true,"email":false}}}"#).await.expect(200);
}

#[rstest::rstest]
#[case(None, "Billing")]
#[case(Some("fr"), "Facturation")]
#[case(Some("FR;q=0.1"), "Facturation")]
#[case(Some("fr-CH, de"), "Billing")]
#[case(Some("en;q=0.5, fr;q=0.9"), "Facturation")]
#[case(Some("fr;q=0"), "Billing")]
#[case(Some(";;;,=,q=9"), "Billing")]
#[tokio::test]
async fn labels_follow_accept_language(#[case] wanted: Option<&str>, #[case] label: &str) {
    let app = App::start().await;
    app.category("billing", r#"{"label":{"fr":"Facturation","en":"Billing"}}"#).await;
    let mut request = app.as_user("u", "GET", PATH);
    if let Some(wanted) = wanted {
        request = request.header("accept-language", wanted);
    }
    let answer = app.send(request.body(axum::body::Body::empty()).unwrap()).await.expect(200);
    assert_eq!(answer["effective"][0]["label"], label);
}
