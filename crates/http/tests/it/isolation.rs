//! Nothing of one user reaches another, and nothing tells whether it is there.

use http::HeaderMap;

use crate::support::{Answer, App};

const ABSENT: &str = "cm3xk2l9a0000qzrmn831i7rn";

/// The headers that may tell something: all but the request's own id.
fn telling(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove("x-request-id");
    headers
}

fn assert_same(one: &Answer, other: &Answer) {
    assert_eq!(one.status, other.status);
    assert_eq!(one.bytes, other.bytes);
    assert_eq!(telling(&one.headers), telling(&other.headers));
}

#[tokio::test]
async fn another_user_s_notification_is_answered_like_none_byte_for_byte() {
    let app = App::start().await;
    let theirs = app.notify("owner", "secret").await;
    let too_long = "c".repeat(26);
    let malformed = ["x", "%00", "%ff", "CM3XK2L9A0000QZRMN831I7RN", &too_long, "%2e%2e", "é"];
    for (method, suffix) in [("GET", ""), ("DELETE", ""), ("POST", "/read"), ("POST", "/unread")] {
        let ask = async |id: &str| {
            let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
            let path = format!("/api/notifications/{}{suffix}", id.replace("%25", "%"));
            app.user("other", method, &path).await
        };
        let absent = ask(ABSENT).await;
        absent.problem(404, "not-found");
        assert_same(&ask(&theirs).await, &absent);
        for id in malformed {
            assert_same(&ask(id).await, &absent);
        }
    }
    app.user("owner", "GET", &format!("/api/notifications/{theirs}")).await.expect(200);
}

#[tokio::test]
async fn no_answer_to_one_user_holds_anything_of_another() {
    let app = App::start().await;
    app.notify("owner", "canary-7f3a").await;
    for path in [
        "/api/notifications",
        "/api/notifications/unread-count",
        "/api/notifications/changes?since=0",
        "/api/notifications/preferences",
    ] {
        let text = app.user("other", "GET", path).await.text();
        assert!(!text.contains("canary-7f3a") && !text.contains("owner"), "{path}");
    }
    let all = app.user("other", "POST", "/api/notifications/read-all").await.expect(200);
    assert_eq!(all["updated"], 0);
    let count = app.user("owner", "GET", "/api/notifications/unread-count").await.expect(200);
    assert_eq!(count["unreadCount"], 1);
}
