//! Bodies: types, limits, hostile JSON. Each refusal writes nothing.

use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;

use crate::support::{Answer, App};

const NOTIFY: &str = "/api/internal/notify";

async fn count(app: &App) -> u64 {
    let answer = app.user("u", "GET", "/api/notifications/unread-count").await;
    answer.expect(200)["seq"].as_u64().unwrap()
}

#[rstest::rstest]
#[case(None)]
#[case(Some("text/plain"))]
#[case(Some("application/x-www-form-urlencoded"))]
#[case(Some("application/jsonx"))]
#[case(Some("application/problem+json"))]
#[tokio::test]
async fn another_content_type_is_415(#[case] content_type: Option<&str>) {
    let app = App::start().await;
    let mut request = app.as_host("POST", NOTIFY);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    let body = Body::from(r#"{"userId":"u","title":"T"}"#);
    let answer = app.send(request.body(body).unwrap()).await;
    answer.problem(415, "unsupported-media-type");
    assert_eq!(count(&app).await, 0);
}

#[rstest::rstest]
#[case("application/json")]
#[case("application/json; charset=utf-8")]
#[case("Application/JSON")]
#[tokio::test]
async fn parameters_and_case_of_the_type_do_not_matter(#[case] content_type: &str) {
    let app = App::start().await;
    let request = app.as_host("POST", NOTIFY).header("content-type", content_type);
    let body = Body::from(r#"{"userId":"u","title":"T"}"#);
    app.send(request.body(body).unwrap()).await.expect(201);
}

#[rstest::rstest]
#[case("")]
#[case(" ")]
#[case("{")]
#[case(r#"{"userId":"u","title":"T"} x"#)]
#[case(r#"{"userId":"u","title":"\ud800"}"#)]
#[case(r#"{"userId":"u","title":"T","unknown":"\udc00"}"#)]
#[case(r#"{"userId":"u","title":"T",}"#)]
#[case("{'userId':'u'}")]
#[tokio::test]
async fn what_is_no_json_is_400(#[case] body: &str) {
    let app = App::start().await;
    app.host_json("POST", NOTIFY, body).await.problem(400, "bad-request");
    assert_eq!(count(&app).await, 0);
}

#[tokio::test]
async fn invalid_utf_8_is_400() {
    let app = App::start().await;
    let request = app.as_host("POST", NOTIFY).header("content-type", "application/json");
    let body = Body::from(&b"{\"userId\":\"u\",\"title\":\"\xff\"}"[..]);
    app.send(request.body(body).unwrap()).await.problem(400, "bad-request");
}

#[rstest::rstest]
#[case("1", &[""])]
#[case("null", &[""])]
#[case(r#"{"userId":"u"}"#, &["/title"])]
#[case(r#"{"userId":"u","title":5,"nope":1,"body":"B","body":"B"}"#, &["/nope", "/body", "/title"])]
#[case(r#"{"userId":"u","title":"T","data":{"a":{"b":1,"b":2}}}"#, &["/data/a/b"])]
#[case(r#"{"userId":"u","title":"T","link":"//evil.example"}"#, &["/link"])]
#[tokio::test]
async fn what_is_not_asked_for_is_422_with_every_pointer(
    #[case] body: &str,
    #[case] pointers: &[&str],
) {
    let app = App::start().await;
    assert_eq!(app.host_json("POST", NOTIFY, body).await.pointers(), pointers);
    assert_eq!(count(&app).await, 0);
}

/// A body that is sent in chunks, without its length.
async fn chunked(app: &App, plane: &str, chunks: Vec<Bytes>) -> Answer {
    let request = match plane {
        "host" => app.as_host("POST", NOTIFY),
        _ => app.as_user("u", "PUT", "/api/notifications/preferences"),
    };
    let chunks = chunks.into_iter().map(Ok::<_, std::convert::Infallible>);
    let body = Body::from_stream(stream::iter(chunks));
    app.send(request.header("content-type", "application/json").body(body).unwrap()).await
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_with_and_without_its_length() {
    let app = App::start().await;
    let pad = |limit: usize, body: &str| format!("{body}{}", " ".repeat(limit - body.len()));
    let notify = r#"{"userId":"u","title":"T"}"#;
    let fits = pad(1024 * 1024, notify);
    app.host_json("POST", NOTIFY, &fits).await.expect(201);
    app.host_json("POST", NOTIFY, &format!("{fits} ")).await.problem(413, "payload-too-large");
    let path = "/api/notifications/preferences";
    let fits = pad(64 * 1024, "{}");
    app.user_json("u", "PUT", path, &fits).await.expect(200);
    app.user_json("u", "PUT", path, &format!("{fits} ")).await.problem(413, "payload-too-large");
    let chunk = Bytes::from(vec![b' '; 64 * 1024]);
    chunked(&app, "user", vec![chunk.clone(); 2]).await.problem(413, "payload-too-large");
    chunked(&app, "host", vec![chunk.clone(); 17]).await.problem(413, "payload-too-large");
    let split = [&notify.as_bytes()[..5], &notify.as_bytes()[5..]].map(Bytes::copy_from_slice);
    chunked(&app, "host", split.to_vec()).await.expect(201);
}

#[tokio::test]
async fn a_declared_length_over_the_limit_is_refused_unread() {
    let app = App::start().await;
    let request = app.as_host("POST", NOTIFY).header("content-type", "application/json");
    let endless = Body::from_stream(stream::pending::<Result<Bytes, std::convert::Infallible>>());
    let request = request.header("content-length", "2000000").body(endless).unwrap();
    app.send(request).await.problem(413, "payload-too-large");
}

/// A generous bound, since tests run unoptimised and beside each other; `bench` has the strict one.
#[tokio::test]
async fn hostile_json_is_answered_quickly_and_leaves_nothing() {
    let app = App::start().await;
    let notify = |data: &str| format!(r#"{{"userId":"u","title":"T","data":{data}}}"#);
    let nested =
        |levels: usize| format!("{}{}", "{\"a\":".repeat(levels), "1") + &"}".repeat(levels);
    let hostile = [
        ("[".repeat(1 << 20), 400),
        ("{\"a\":".repeat(200_000), 400),
        (notify(&nested(100_000)), 422),
        (notify(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))), 422),
        (format!("{{{}\"userId\":\"u\"}}", "\"a\":1,".repeat(170_000)), 422),
        (notify(&format!("{{{}\"z\":1}}", "\"a\":1,".repeat(170_000))), 422),
        (format!(r#"{{"title":"T","userIds":[{}"u"]}}"#, "\"u\",".repeat(250_000)), 201),
        (notify(&format!("{{\"n\":{}}}", "9".repeat(1 << 19))), 422),
        (notify(&format!("{{\"n\":\"{}\"}}", "\\ud83d\\udd14".repeat(80_000))), 422),
    ];
    for (body, status) in hostile {
        let began = Instant::now();
        let answer = app.host_json("POST", NOTIFY, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{body:.60}");
        assert!(began.elapsed() < Duration::from_secs(2), "{body:.60}");
        assert!(answer.bytes.len() < 64 * 1024);
    }
    // Numbers are kept as they are, however they are written.
    let odd = r#"{"huge":1e400,"long":1234567890123456789012345678901234567890.10,"zero":-0.0}"#;
    let answer = app.host_json("POST", NOTIFY, &notify(odd)).await.expect(201);
    let id = answer["notifications"][0]["id"].as_str().unwrap().to_owned();
    let read = app.user("u", "GET", &format!("/api/notifications/{id}")).await;
    assert!(read.text().contains(&format!("\"data\":{odd}")), "{}", read.text());
    assert_eq!(count(&app).await, 2);
}
