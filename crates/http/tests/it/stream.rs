//! The stream as an ordinary body, as in a host's own server. The socket that leaves the engine is `engine_takeover`'s.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;

use crate::support::App;

const PATH: &str = "/api/notifications/stream";

/// What a reader has of a stream.
struct Reader {
    body: Body,
    text: String,
}

impl Reader {
    async fn open(app: &App, user: &str, cursor: Option<&str>) -> Self {
        let mut request = app.as_user(user, "GET", PATH);
        if let Some(cursor) = cursor {
            request = request.header("last-event-id", cursor);
        }
        let response = app.open(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), 200);
        Self { body: response.into_body(), text: String::new() }
    }

    /// The next block, without the empty line at its end; `None` at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                return Some(block.trim_end().to_owned());
            }
            let frame = tokio::time::timeout(Duration::from_secs(10), self.body.frame()).await;
            let bytes = frame.unwrap()?.unwrap().into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next event's name and id.
    async fn event(&mut self) -> (String, String) {
        let block = self.block().await.unwrap();
        let lines: Vec<&str> = block.split('\n').collect();
        assert_eq!(lines.len(), 3, "{block}");
        assert!(lines[1].starts_with("data: {"), "{block}");
        let name = lines[0].strip_prefix("event: ").unwrap();
        (name.to_owned(), lines[2].strip_prefix("id: ").unwrap().to_owned())
    }
}

fn event(name: &str, id: &str) -> (String, String) {
    (name.to_owned(), id.to_owned())
}

#[tokio::test]
async fn a_stream_begins_with_retry_and_ready_and_then_follows() {
    let app = App::start().await;
    app.notify("u", "before").await;
    let mut reader = Reader::open(&app, "u", None).await;
    let first = reader.block().await.unwrap();
    assert!(first.strip_prefix("retry: ").unwrap().parse::<u64>().is_ok(), "{first}");
    assert_eq!(reader.event().await, event("ready", "1"));
    let id = app.notify("u", "live").await;
    assert_eq!(reader.event().await, event("notification.created", "2"));
    app.user("u", "POST", &format!("/api/notifications/{id}/read")).await.expect(200);
    assert_eq!(reader.event().await, event("notification.read", "3"));
    app.user("u", "POST", "/api/notifications/read-all").await.expect(200);
    assert_eq!(reader.event().await, event("notification.all_read", "4"));
    app.user("u", "DELETE", &format!("/api/notifications/{id}")).await.expect(204);
    assert_eq!(reader.event().await, event("notification.deleted", "5"));
    app.notify("somebody else", "not for u").await;
    app.user_json("u", "PUT", "/api/notifications/preferences", r#"{"email":false}"#)
        .await
        .expect(200);
    assert_eq!(reader.event().await, event("preferences.updated", "6"));
}

#[tokio::test]
async fn a_known_cursor_resumes_and_any_other_resets() {
    let app = App::start().await;
    for title in ["a", "b"] {
        app.notify("u", title).await;
    }
    let mut resumed = Reader::open(&app, "u", Some("1")).await;
    resumed.block().await.unwrap();
    assert_eq!(resumed.event().await, event("notification.created", "2"));
    assert_eq!(resumed.event().await, event("ready", "2"));
    for cursor in ["3", "garbage", "-1", "01"] {
        let mut reset = Reader::open(&app, "u", Some(cursor)).await;
        reset.block().await.unwrap();
        assert_eq!(reset.event().await, event("reset", "2"), "{cursor}");
    }
}

#[tokio::test]
async fn ending_the_sessions_and_erasing_end_the_streams() {
    let app = App::start().await;
    for path in ["/api/internal/users/u/sessions", "/api/internal/users/u"] {
        let mut reader = Reader::open(&app, "u", None).await;
        reader.block().await.unwrap();
        assert_eq!(reader.event().await.0, "ready");
        app.host("DELETE", path).await.expect(204);
        while let Some(block) = reader.block().await {
            assert!(block.starts_with("retry: "), "{block}");
        }
        app.clock.forward(Duration::from_secs(2));
    }
}
