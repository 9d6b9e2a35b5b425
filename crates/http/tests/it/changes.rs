//! Long polling.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::App;

async fn poll(app: &App, query: &str) -> Value {
    app.user("u", "GET", &format!("/api/notifications/changes?{query}")).await.expect(200)
}

#[tokio::test]
async fn the_changes_are_the_stream_s() {
    let app = App::start().await;
    let id = app.notify("u", "T").await;
    app.user("u", "POST", &format!("/api/notifications/{id}/read")).await.expect(200);
    let all = poll(&app, "since=0").await;
    assert_eq!(
        (&all["seq"], &all["more"], &all["reset"]),
        (&json!(2), &json!(false), &json!(false))
    );
    assert!(all.get("unreadCount").is_none());
    let events = all["events"].as_array().unwrap();
    assert_eq!(events[0]["event"], "notification.created");
    assert_eq!(events[0]["data"]["notification"]["id"], json!(id));
    // One snapshot: the notification as it is, and the count of now.
    assert_eq!(events[0]["data"]["notification"]["readAt"], "2026-11-24T10:00:00.000Z");
    assert_eq!(events[0]["data"]["unreadCount"], 0);
    assert_eq!(
        events[1],
        json!({"seq": 2, "event": "notification.read", "data": {"id": id,
            "readAt": "2026-11-24T10:00:00.000Z", "unreadCount": 0, "seq": 2}})
    );
    assert_eq!(poll(&app, "since=2").await["events"], json!([]));
}

#[tokio::test]
async fn a_position_that_is_not_ours_is_a_reset() {
    let app = App::start().await;
    app.notify("u", "T").await;
    let reset = json!({"events": [], "seq": 1, "more": false, "reset": true, "unreadCount": 1});
    for since in ["2", "18446744073709551615", "99999999999999999999999999"] {
        assert_eq!(poll(&app, &format!("since={since}&wait=25")).await, reset);
    }
}

#[rstest::rstest]
#[case("")]
#[case("since=")]
#[case("since=-1")]
#[case("since=x")]
#[case("since=1.5")]
#[case("since=0&since=0")]
#[case("since=0&wait=26")]
#[case("since=0&wait=-1")]
#[case("since=0&wait=")]
#[tokio::test]
async fn a_bad_query_is_400(#[case] query: &str) {
    let app = App::start().await;
    let answer = app.user("u", "GET", &format!("/api/notifications/changes?{query}")).await;
    answer.problem(400, "bad-request");
}

#[tokio::test]
async fn five_hundred_at_a_time() {
    let app = App::start().await;
    // Five hundred and one changes: one creation, then read and unread in turn.
    let id = app.notify("u", "T").await;
    for n in 0..500 {
        let state = if n % 2 == 0 { "read" } else { "unread" };
        app.user("u", "POST", &format!("/api/notifications/{id}/{state}")).await.expect(200);
    }
    let first = poll(&app, "since=0").await;
    assert_eq!(first["events"].as_array().unwrap().len(), 500);
    assert_eq!((&first["seq"], &first["more"]), (&json!(500), &json!(true)));
    let rest = poll(&app, "since=500").await;
    assert_eq!(rest["events"].as_array().unwrap().len(), 1);
    assert_eq!(rest["more"], false);
}

#[tokio::test]
async fn a_waiting_poll_is_answered_by_the_next_change() {
    let app = App::start().await;
    app.notify("u", "first").await;
    let waiting = poll(&app, "since=1&wait=25");
    let working = async {
        tokio::task::yield_now().await;
        app.notify("u", "second").await
    };
    let both =
        tokio::time::timeout(Duration::from_secs(10), futures_util::future::join(waiting, working));
    let (answer, _id) = both.await.expect("well before the wait is over");
    assert_eq!(answer["events"][0]["data"]["notification"]["title"], "second");
}

#[tokio::test]
async fn a_session_that_ends_while_waiting_hears_nothing_more() {
    let app = App::start().await;
    app.notify("u", "first").await;
    let waiting = app.user("u", "GET", "/api/notifications/changes?since=1&wait=25");
    let working = async {
        tokio::task::yield_now().await;
        app.host("DELETE", "/api/internal/users/u/sessions").await.expect(204);
        app.notify("u", "second").await
    };
    let both =
        tokio::time::timeout(Duration::from_secs(10), futures_util::future::join(waiting, working));
    let (answer, _id) = both.await.expect("well before the wait is over");
    answer.problem(401, "unauthorized");
}
