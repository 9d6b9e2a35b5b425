//! An inbox as its user sees and changes it.

use serde_json::json;

use crate::support::App;

const BASE: &str = "/api/notifications";

#[tokio::test]
async fn an_unknown_user_has_an_empty_inbox_at_zero() {
    let app = App::start().await;
    let list = app.user("nobody", "GET", BASE).await.expect(200);
    let empty = json!({"notifications": [], "nextCursor": null, "unreadCount": 0, "seq": 0});
    assert_eq!(list, empty);
    let count = app.user("nobody", "GET", &format!("{BASE}/unread-count")).await.expect(200);
    assert_eq!(count, json!({"unreadCount": 0, "seq": 0}));
}

#[tokio::test]
async fn a_notification_is_shown_as_it_was_sent() {
    let app = App::start().await;
    app.category("billing", r#"{"label":{"en":"Billing"}}"#).await;
    let sent = r#"{"userId":"u_1","type":"SUCCESS","category":"billing","title":"Invoice\r\nready","body":"March is ready.",
        "link":"/invoices/42","data":{"z":1,"a":[1.50,null]}}"#;
    let answer = app.host_json("POST", "/api/internal/notify", sent).await.expect(201);
    let id = answer["notifications"][0]["id"].as_str().unwrap();
    let shown = app.user("u_1", "GET", &format!("{BASE}/{id}")).await;
    let expected = format!(
        concat!(
            r#"{{"id":"{}","userId":"u_1","seq":1,"type":"SUCCESS","category":"billing","title":"Invoice\r\nready","#,
            r#""body":"March is ready.","link":"/invoices/42","data":{{"z":1,"a":[1.50,null]}},"readAt":null,"#,
            r#""createdAt":"2026-11-24T10:00:00.000Z"}}"#
        ),
        id
    );
    assert_eq!(shown.text(), expected);
}

#[tokio::test]
async fn reading_is_idempotent_and_moves_the_counters_once() {
    let app = App::start().await;
    let id = app.notify("u", "T").await;
    let read = format!("{BASE}/{id}/read");
    let first = app.user("u", "POST", &read).await.expect(200);
    assert_eq!((&first["unreadCount"], &first["seq"]), (&json!(0), &json!(2)));
    assert_eq!(first["notification"]["readAt"], "2026-11-24T10:00:00.000Z");
    assert_eq!(first["notification"]["seq"], 1);
    app.clock.forward(std::time::Duration::from_secs(1));
    assert_eq!(app.user("u", "POST", &read).await.expect(200), first);
    let unread = app.user("u", "POST", &format!("{BASE}/{id}/unread")).await.expect(200);
    assert_eq!((&unread["unreadCount"], &unread["seq"]), (&json!(1), &json!(3)));
    assert_eq!(unread["notification"]["readAt"], json!(null));
}

#[tokio::test]
async fn a_deleted_notification_is_gone_the_second_time() {
    let app = App::start().await;
    let path = format!("{BASE}/{}", app.notify("u", "T").await);
    let answer = app.user("u", "DELETE", &path).await;
    answer.expect(204);
    assert!(answer.bytes.is_empty());
    app.user("u", "DELETE", &path).await.problem(404, "not-found");
    app.user("u", "GET", &path).await.problem(404, "not-found");
}

#[tokio::test]
async fn read_all_takes_no_body_or_a_position_and_a_category() {
    let app = App::start().await;
    app.category("billing", r#"{"label":{"en":"Billing"}}"#).await;
    let path = format!("{BASE}/read-all");
    for title in ["a", "b", "c"] {
        app.notify("u", title).await;
    }
    let billed = r#"{"userId":"u","title":"d","category":"billing"}"#;
    app.host_json("POST", "/api/internal/notify", billed).await.expect(201);
    let ask = async |body: &str| app.user_json("u", "POST", &path, body).await.expect(200);
    assert_eq!(ask(r#"{"upToSeq":1}"#).await, json!({"updated": 1, "unreadCount": 3, "seq": 5}));
    assert_eq!(
        ask(r#"{"upToSeq":99,"category":"billing"}"#).await,
        json!({"updated": 1, "unreadCount": 2, "seq": 6})
    );
    let all = app.user("u", "POST", &path).await.expect(200);
    assert_eq!(all, json!({"updated": 2, "unreadCount": 0, "seq": 7}));
    let nothing = ask(r#"{"upToSeq":null,"category":null}"#).await;
    assert_eq!(nothing, json!({"updated": 0, "unreadCount": 0, "seq": 7}));
    let refused = app.user_json("u", "POST", &path, r#"{"upToSeq":-1,"category":"A","x":0}"#).await;
    assert_eq!(refused.pointers(), ["/x", "/upToSeq", "/category"]);
    let untyped = app.as_user("u", "POST", &path).body(axum::body::Body::from("{}")).unwrap();
    app.send(untyped).await.problem(415, "unsupported-media-type");
}

#[tokio::test]
async fn a_cookie_needs_the_same_origin_to_change_something() {
    let app = App::start().await;
    let id = app.notify("u", "T").await;
    let cookie = format!("grelot_token={}", app.token("u"));
    let ask = async |method: &str, path: &str, site: &str| {
        let request = http::Request::builder().method(method).uri(path);
        let request = request.header("cookie", &cookie).header("sec-fetch-site", site);
        app.send(request.body(axum::body::Body::empty()).unwrap()).await
    };
    ask("GET", BASE, "cross-site").await.expect(200);
    let read = format!("{BASE}/{id}/read");
    let one = format!("{BASE}/{id}");
    let preferences = format!("{BASE}/preferences");
    let read_all = format!("{BASE}/read-all");
    for (method, path) in
        [("POST", &read), ("DELETE", &one), ("PUT", &preferences), ("POST", &read_all)]
    {
        for site in ["cross-site", "same-site", "none"] {
            let refused = ask(method, path, site).await;
            refused.problem(403, "forbidden");
            assert!(refused.headers.contains_key("grelot-user"));
        }
    }
    ask("POST", &read, "same-origin").await.expect(200);
}
