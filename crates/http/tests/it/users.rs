//! What the host does about a user.

use std::time::Duration;

use axum::body::Body;
use grelot_store::MailPolicy;
use serde_json::json;

use crate::support::App;

const CONTACT: &str =
    r#"{"email":"ada@example.com","name":"Ada","locale":"fr","timezone":"Europe/Paris"}"#;

#[tokio::test]
async fn a_contact_is_replaced_as_a_whole() {
    let app = App::start().await;
    let path = "/api/internal/users/u_1";
    app.host("GET", path).await.problem(404, "not-found");
    let full = json!({"email": "ada@example.com", "name": "Ada", "locale": "fr", "timezone": "Europe/Paris"});
    assert_eq!(app.host_json("PUT", path, CONTACT).await.expect(200), full);
    assert_eq!(app.host("GET", path).await.expect(200), full);
    let part = app.host_json("PUT", path, r#"{"name":"Ada L.","email":null}"#).await.expect(200);
    let expected = json!({"email": null, "name": "Ada L.", "locale": null, "timezone": null});
    assert_eq!(part, expected);
    assert_eq!(app.host("GET", path).await.expect(200), expected);
    assert_eq!(app.host_json("PUT", path, &expected.to_string()).await.expect(200), expected);
}

#[tokio::test]
async fn a_contact_that_cannot_be_one_is_422() {
    let app = App::start().await;
    let body = r#"{"email":"a@b\r\nBcc: c@d","name":"","locale":"fr_FR","timezone":"Mars/Base","phone":"1"}"#;
    let answer = app.host_json("PUT", "/api/internal/users/u", body).await;
    assert_eq!(answer.pointers(), ["/phone", "/email", "/name", "/locale", "/timezone"]);
    app.host("GET", "/api/internal/users/u").await.problem(404, "not-found");
}

#[tokio::test]
async fn a_name_that_cannot_be_a_user_s_is_refused_or_unknown() {
    let app = App::start().await;
    let long = "a".repeat(129);
    for user in ["%00", "%ff", "a%0Ab", &long] {
        let path = format!("/api/internal/users/{user}");
        assert_eq!(app.host_json("PUT", &path, CONTACT).await.pointers(), ["/userId"]);
        let token = app.host_json("POST", &format!("{path}/token"), r#"{"ttlSeconds":1}"#).await;
        assert_eq!(token.pointers(), ["/userId"]);
        for (method, suffix) in
            [("GET", ""), ("DELETE", ""), ("GET", "/export"), ("DELETE", "/sessions")]
        {
            app.host(method, &format!("{path}{suffix}")).await.problem(404, "not-found");
        }
    }
    app.host_json("PUT", "/api/internal/users/a%2Fb%20%C3%A9", CONTACT).await.expect(200);
}

#[tokio::test]
async fn an_erased_user_has_nothing_left_and_goes_on_above() {
    let app = App::start().await;
    let token = app.token("u");
    app.host_json("PUT", "/api/internal/users/u", CONTACT).await.expect(200);
    app.notify("u", "secret").await;
    app.host("DELETE", "/api/internal/users/u").await.expect(204);
    app.host("GET", "/api/internal/users/u").await.problem(404, "not-found");
    let old =
        http::Request::get("/api/notifications").header("authorization", format!("Bearer {token}"));
    app.send(old.body(Body::empty()).unwrap()).await.problem(401, "unauthorized");
    app.clock.forward(Duration::from_secs(2));
    let list = app.user("u", "GET", "/api/notifications").await.expect(200);
    assert_eq!((&list["notifications"], &list["seq"]), (&json!([]), &json!(2)));
    app.notify("u", "again").await;
    let changes = app.user("u", "GET", "/api/notifications/changes?since=1").await.expect(200);
    assert_eq!((&changes["reset"], &changes["seq"]), (&json!(true), &json!(3)));
    // Erasing somebody who was never there looks the same.
    app.host("DELETE", "/api/internal/users/nobody").await.expect(204);
}

#[tokio::test]
async fn an_export_holds_everything() {
    let app = App::start().await;
    app.category("billing", r#"{"label":{"en":"B"}}"#).await;
    app.host_json("PUT", "/api/internal/users/u", CONTACT).await.expect(200);
    let id = app.notify("u", "T").await;
    let choice = r#"{"email":false,"categories":{"billing":{"inApp":false}},"emailDigest":"hourly",
        "quietHours":{"start":"23:30","end":"06:00"}}"#;
    app.user_json("u", "PUT", "/api/notifications/preferences", choice).await.expect(200);
    let export = app.host("GET", "/api/internal/users/u/export").await.expect(200);
    assert_eq!(export["userId"], "u");
    assert_eq!((&export["seq"], &export["unreadCount"]), (&json!(2), &json!(1)));
    assert_eq!(export["contact"]["email"], "ada@example.com");
    let preferences = json!({"inApp": true, "email": false, "categories": {"billing": {"inApp": false}},
        "quietHours": {"start": "23:30", "end": "06:00"}, "emailDigest": "hourly", "emailDigestHour": 9});
    assert_eq!(export["preferences"], preferences);
    assert_eq!(export["notifications"][0]["id"], json!(id));
    assert_eq!(export["deliveries"], json!([]));
    let nobody = app.host("GET", "/api/internal/users/nobody/export").await.expect(200);
    assert_eq!((&nobody["contact"], &nobody["notifications"]), (&json!(null), &json!([])));
}

#[tokio::test]
async fn an_export_lists_what_went_out_by_mail_with_what_the_inbox_never_had() {
    let app = App::start_with(MailPolicy::ON).await;
    app.host_json("PUT", "/api/internal/users/u", CONTACT).await.expect(200);
    let kept = app.notify("u", "T").await;
    let off = r#"{"inApp":false}"#;
    app.user_json("u", "PUT", "/api/notifications/preferences", off).await.expect(200);
    let body = r#"{"userId":"u","type":"ERROR","title":"By mail","link":"/x","data":{"n":1.50}}"#;
    let answer = app.host_json("POST", "/api/internal/notify", body).await.expect(201);
    let mailed = &answer["notifications"][0]["id"];
    let export = app.host("GET", "/api/internal/users/u/export").await.expect(200);
    let deliveries = &export["deliveries"];
    assert_eq!(deliveries[0]["notificationId"], *mailed);
    let content = json!({"type": "ERROR", "category": null, "title": "By mail", "body": null,
        "link": "/x", "data": {"n": 1.50}});
    assert_eq!(deliveries[0]["content"], content);
    assert_eq!(
        (&deliveries[1]["notificationId"], &deliveries[1]["content"]),
        (&json!(kept), &json!(null))
    );
    let story = app.host("GET", &format!("/api/internal/notifications/{kept}")).await.expect(200);
    assert_eq!(deliveries[1]["delivery"], story["deliveries"][0]);
}

#[tokio::test]
async fn revoking_sessions_ends_the_old_tokens_and_not_the_new() {
    let app = App::start().await;
    let old = format!("Bearer {}", app.token("u"));
    let ask = async |token: &str| {
        let request = http::Request::get("/api/notifications").header("authorization", token);
        app.send(request.body(Body::empty()).unwrap()).await
    };
    ask(&old).await.expect(200);
    app.host("DELETE", "/api/internal/users/u/sessions").await.expect(204);
    ask(&old).await.problem(401, "unauthorized");
    app.clock.forward(Duration::from_secs(2));
    ask(&format!("Bearer {}", app.token("u"))).await.expect(200);
    ask(&old).await.problem(401, "unauthorized");
    app.user("other", "GET", "/api/notifications").await.expect(200);
}

#[tokio::test]
async fn a_minted_token_signs_its_user_in_until_it_expires() {
    let app = App::start().await;
    let path = "/api/internal/users/u/token";
    let minted = app.host_json("POST", path, r#"{"ttlSeconds":900}"#).await.expect(201);
    assert_eq!(minted["expiresAt"], "2026-11-24T10:15:00.000Z");
    let token = format!("Bearer {}", minted["token"].as_str().unwrap());
    let ask = async || {
        let request = http::Request::get("/api/notifications").header("authorization", &token);
        app.send(request.body(Body::empty()).unwrap()).await
    };
    ask().await.expect(200);
    app.clock.forward(Duration::from_mins(15));
    ask().await.problem(401, "unauthorized");
    for bad in [
        "{}",
        r#"{"ttlSeconds":0}"#,
        r#"{"ttlSeconds":86401}"#,
        r#"{"ttlSeconds":"9"}"#,
        r#"{"ttlSeconds":1.5}"#,
    ] {
        assert_eq!(app.host_json("POST", path, bad).await.pointers(), ["/ttlSeconds"], "{bad}");
    }
}
