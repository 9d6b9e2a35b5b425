//! Pages, filters and cursors.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::App;

const BASE: &str = "/api/notifications";

fn titles(page: &Value) -> Vec<&str> {
    let list = page["notifications"].as_array().unwrap();
    list.iter().map(|n| n["title"].as_str().unwrap()).collect()
}

async fn fill(app: &App, user: &str, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..count {
        ids.push(app.notify(user, &format!("{n}")).await);
    }
    ids
}

#[tokio::test]
async fn a_walk_shows_the_unread_first_and_the_newest_first() {
    let app = App::start().await;
    let ids = fill(&app, "u", 5).await;
    for read in [1, 3] {
        app.user("u", "POST", &format!("{BASE}/{}/read", ids[read])).await.expect(200);
    }
    let whole = app.user("u", "GET", BASE).await.expect(200);
    assert_eq!(titles(&whole), ["4", "2", "0", "3", "1"]);
    assert_eq!(whole["nextCursor"], Value::Null);
    let mut walked = Vec::new();
    let mut path = format!("{BASE}?limit=2");
    loop {
        let page = app.user("u", "GET", &path).await.expect(200);
        walked.extend(titles(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("{BASE}?limit=2&cursor={cursor}");
    }
    assert_eq!(walked, ["4", "2", "0", "3", "1"]);
}

#[tokio::test]
async fn filters_narrow_a_list() {
    let app = App::start().await;
    app.category("billing", r#"{"label":{"en":"Billing"}}"#).await;
    let ids = fill(&app, "u", 2).await;
    let body = r#"{"userId":"u","title":"billed","category":"billing","type":"ERROR"}"#;
    app.host_json("POST", "/api/internal/notify", body).await.expect(201);
    app.user("u", "POST", &format!("{BASE}/{}/read", ids[0])).await.expect(200);
    for (query, expected) in [
        ("status=all", vec!["billed", "1", "0"]),
        ("status=unread", vec!["billed", "1"]),
        ("status=read", vec!["0"]),
        ("type=ERROR", vec!["billed"]),
        ("type=INFO", vec!["1", "0"]),
        ("category=billing", vec!["billed"]),
        ("category=unknown", vec![]),
        ("status=unread&type=INFO", vec!["1"]),
        ("unknown=x&unknown=y", vec!["billed", "1", "0"]),
    ] {
        let page = app.user("u", "GET", &format!("{BASE}?{query}")).await.expect(200);
        assert_eq!(titles(&page), expected, "{query}");
        assert_eq!(page["unreadCount"], 2);
    }
}

#[rstest::rstest]
#[case("status=")]
#[case("status=UNREAD")]
#[case("type=info")]
#[case("category=A")]
#[case("limit=0")]
#[case("limit=101")]
#[case("limit=-1")]
#[case("limit=1e1")]
#[case("limit=99999999999999999999999")]
#[case("limit=1&limit=1")]
#[case("cursor=")]
#[case("cursor=AAAA")]
#[case("cursor=%00")]
#[tokio::test]
async fn a_bad_query_is_400(#[case] query: &str) {
    let app = App::start().await;
    app.user("u", "GET", &format!("{BASE}?{query}")).await.problem(400, "bad-request");
}

#[tokio::test]
async fn a_cursor_belongs_to_its_user_and_filters_and_survives_no_change() {
    let app = App::start().await;
    fill(&app, "u", 3).await;
    fill(&app, "v", 3).await;
    let page = app.user("u", "GET", &format!("{BASE}?limit=1&status=all")).await.expect(200);
    let cursor = page["nextCursor"].as_str().unwrap();
    let ask = async |user: &str, query: &str| {
        app.user(user, "GET", &format!("{BASE}?{query}&cursor={cursor}")).await
    };
    assert_eq!(titles(&ask("u", "limit=100").await.expect(200)), ["1", "0"]);
    ask("v", "limit=1").await.problem(400, "bad-request");
    for other in ["status=unread", "type=INFO", "category=a"] {
        ask("u", other).await.problem(400, "bad-request");
    }
    for at in 0..cursor.len() {
        let mut altered = cursor.to_owned().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        let path = format!("{BASE}?cursor={altered}");
        app.user("u", "GET", &path).await.problem(400, "bad-request");
    }
}

#[tokio::test]
async fn a_walk_shows_each_once_whatever_happens_meanwhile() {
    let app = App::start().await;
    let ids = fill(&app, "u", 6).await;
    let first = app.user("u", "GET", &format!("{BASE}?limit=2")).await.expect(200);
    let mut seen: Vec<String> = titles(&first).into_iter().map(str::to_owned).collect();
    app.notify("u", "late").await;
    app.user("u", "POST", &format!("{BASE}/{}/read", ids[5])).await.expect(200);
    app.user("u", "POST", &format!("{BASE}/{}/read", ids[1])).await.expect(200);
    let mut cursor = first["nextCursor"].as_str().map(str::to_owned);
    while let Some(next) = cursor {
        let path = format!("{BASE}?limit=2&cursor={next}");
        let page = app.user("u", "GET", &path).await.expect(200);
        seen.extend(titles(&page).into_iter().map(str::to_owned));
        cursor = page["nextCursor"].as_str().map(str::to_owned);
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
    let distinct: BTreeSet<_> = seen.iter().map(String::as_str).collect();
    assert_eq!(distinct, BTreeSet::from(["0", "1", "2", "3", "4", "5"]));
}
