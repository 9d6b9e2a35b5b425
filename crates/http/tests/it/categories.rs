//! The configurable types.

use serde_json::json;

use crate::support::App;

const BASE: &str = "/api/internal/categories";

#[tokio::test]
async fn a_category_is_created_replaced_listed_and_deleted() {
    let app = App::start().await;
    let path = format!("{BASE}/billing");
    app.host("GET", &path).await.problem(404, "not-found");
    let body = r#"{"label":{"fr":"Facturation","en":"Billing"},"description":{"en":"Invoices"},
        "defaults":{"inApp":true,"email":false},"mandatory":["inApp"]}"#;
    let created = app.host_json("PUT", &path, body).await;
    let expected = json!({"key": "billing", "label": {"fr": "Facturation", "en": "Billing"},
        "description": {"en": "Invoices"}, "defaults": {"inApp": true, "email": false}, "mandatory": ["inApp"],
        "email": {"mode": "unread", "delayMinutes": 5, "templates": {}}});
    assert_eq!(created.expect(201), expected);
    assert!(created.text().contains(r#""label":{"fr":"Facturation","en":"Billing"}"#));
    assert_eq!(app.host_json("PUT", &path, body).await.expect(200), expected);
    assert_eq!(app.host("GET", &path).await.expect(200), expected);
    assert_eq!(app.host("GET", BASE).await.expect(200), json!({"categories": [expected]}));
    app.host("DELETE", &path).await.expect(204);
    app.host("DELETE", &path).await.problem(404, "not-found");
    assert_eq!(app.host("GET", BASE).await.expect(200), json!({"categories": []}));
}

#[tokio::test]
async fn a_key_that_cannot_be_one_is_refused_on_put_and_unknown_elsewhere() {
    let app = App::start().await;
    for key in ["Billing", "%20", "a%2Fb", "%ff", &"a".repeat(65)] {
        let path = format!("{BASE}/{key}");
        let put = app.host_json("PUT", &path, r#"{"label":{"en":"B"}}"#).await;
        assert_eq!(put.pointers(), ["/key"]);
        app.host("GET", &path).await.problem(404, "not-found");
        app.host("DELETE", &path).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn deleting_a_category_keeps_its_notifications() {
    let app = App::start().await;
    app.category("billing", r#"{"label":{"en":"Billing"}}"#).await;
    let body = r#"{"userId":"u","title":"T","category":"billing"}"#;
    app.host_json("POST", "/api/internal/notify", body).await.expect(201);
    app.host("DELETE", &format!("{BASE}/billing")).await.expect(204);
    let list = app.user("u", "GET", "/api/notifications?category=billing").await.expect(200);
    assert_eq!(list["notifications"][0]["category"], "billing");
}
