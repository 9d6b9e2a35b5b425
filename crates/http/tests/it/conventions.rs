//! What holds for every route: authentication, methods, unknown paths, headers.

use axum::body::Body;
use grelot_core::Scope;
use http::Request;

use crate::support::App;

const USER_ROUTES: [(&str, &str); 11] = [
    ("GET", "/api/notifications"),
    ("GET", "/api/notifications/unread-count"),
    ("GET", "/api/notifications/stream"),
    ("GET", "/api/notifications/changes?since=0"),
    ("GET", "/api/notifications/preferences"),
    ("PUT", "/api/notifications/preferences"),
    ("POST", "/api/notifications/read-all"),
    ("GET", "/api/notifications/cm3xk2l9a0000qzrmn831i7rn"),
    ("DELETE", "/api/notifications/cm3xk2l9a0000qzrmn831i7rn"),
    ("POST", "/api/notifications/cm3xk2l9a0000qzrmn831i7rn/read"),
    ("POST", "/api/notifications/cm3xk2l9a0000qzrmn831i7rn/unread"),
];

const HOST_ROUTES: [(&str, &str, Scope); 13] = [
    ("POST", "/api/internal/notify", Scope::Notify),
    ("GET", "/api/internal/notifications/cm3xk2l9a0000qzrmn831i7rn", Scope::Read),
    ("GET", "/api/internal/categories", Scope::Categories),
    ("GET", "/api/internal/categories/a", Scope::Categories),
    ("PUT", "/api/internal/categories/a", Scope::Categories),
    ("DELETE", "/api/internal/categories/a", Scope::Categories),
    ("POST", "/api/internal/categories/a/preview", Scope::Categories),
    ("GET", "/api/internal/users/u", Scope::Users),
    ("PUT", "/api/internal/users/u", Scope::Users),
    ("DELETE", "/api/internal/users/u", Scope::Users),
    ("GET", "/api/internal/users/u/export", Scope::Users),
    ("DELETE", "/api/internal/users/u/sessions", Scope::Users),
    ("POST", "/api/internal/users/u/token", Scope::Tokens),
];

/// What a mail's link leads to: its token is the credential.
const LINK: &str = "/api/notifications/unsubscribe";

fn bare(method: &str, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn without_a_credential_every_route_of_both_planes_is_401() {
    let app = App::start().await;
    let host = HOST_ROUTES.map(|(method, path, _)| (method, path));
    for (method, path) in USER_ROUTES.into_iter().chain(host) {
        let answer = app.send(bare(method, path)).await;
        answer.problem(401, "unauthorized");
        assert_eq!(answer.headers["www-authenticate"], "Bearer", "{method} {path}");
        assert!(!answer.headers.contains_key("grelot-user"));
    }
}

#[tokio::test]
async fn a_mail_s_link_is_no_user_s_and_no_session_opens_it() {
    let app = App::start().await;
    for method in ["GET", "POST"] {
        for answer in [app.send(bare(method, LINK)).await, app.user("u", method, LINK).await] {
            assert_eq!(answer.status, 404, "{method}");
            assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
            assert!(!answer.headers.contains_key("grelot-user"));
        }
    }
}

#[tokio::test]
async fn a_user_s_token_opens_no_internal_route_and_an_api_key_no_user_s() {
    let app = App::start().await;
    for (method, path, _) in HOST_ROUTES {
        app.user("u", method, path).await.problem(401, "unauthorized");
    }
    for (method, path) in USER_ROUTES {
        app.host(method, path).await.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn a_key_without_the_scope_is_403_on_every_internal_route() {
    let app = App::start().await;
    for scope in Scope::ALL {
        let key = app.api_key(&[scope]).await;
        for (method, path, needed) in HOST_ROUTES {
            let request = Request::builder().method(method).uri(path);
            let request = request.header("authorization", format!("Bearer {key}"));
            let answer = app.send(request.body(Body::empty()).unwrap()).await;
            if needed == scope {
                assert_ne!(answer.status.as_u16(), 403, "{method} {path} {scope:?}");
            } else {
                answer.problem(403, "forbidden");
            }
        }
    }
}

#[tokio::test]
async fn every_authenticated_answer_of_the_user_plane_names_the_user_s_digest_and_the_ping() {
    let app = App::start().await;
    let digest = app.user("a", "GET", "/api/notifications").await.headers["grelot-user"].clone();
    assert_ne!(digest, "a");
    for (method, path) in USER_ROUTES {
        let request = app.as_user("a", method, path).body(Body::empty()).unwrap();
        let answer = app.open(request).await;
        assert_eq!(answer.headers()["grelot-user"], digest, "{method} {path}");
        assert_eq!(answer.headers()["grelot-ping"], "30", "{method} {path}");
    }
    let other = app.user("b", "GET", "/api/notifications").await;
    assert_ne!(other.headers["grelot-user"], digest);
}

#[rstest::rstest]
#[case("/api/notifications", "GET,HEAD")]
#[case("/api/notifications/read-all", "POST")]
#[case("/api/notifications/cm3xk2l9a0000qzrmn831i7rn", "GET,HEAD,DELETE")]
#[case("/api/notifications/preferences", "GET,HEAD,PUT")]
#[case("/api/notifications/unsubscribe", "GET,HEAD,POST")]
#[case("/api/internal/notify", "POST")]
#[case("/healthz", "GET,HEAD")]
#[case("/docs", "GET,HEAD")]
#[tokio::test]
async fn another_method_is_405_with_those_that_are_allowed(
    #[case] path: &str,
    #[case] allow: &str,
) {
    let app = App::start().await;
    let answer = app.send(bare("PATCH", path)).await;
    answer.problem(405, "method-not-allowed");
    let mut allowed: Vec<_> = answer.headers["allow"].to_str().unwrap().split(',').collect();
    let mut expected: Vec<_> = allow.split(',').collect();
    allowed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(allowed, expected);
}

#[tokio::test]
async fn an_unknown_path_is_404_as_a_problem() {
    let app = App::start().await;
    for path in
        ["/", "/api", "/api/notifications/", "/api/notifications/a/b/c", "/metrics", "/docs/"]
    {
        app.send(bare("GET", path)).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn every_answer_is_guarded_against_sniffing_framing_and_caching() {
    let app = App::start().await;
    for path in ["/healthz", "/nothing", "/api/notifications", "/openapi.json"] {
        let answer = app.send(bare("GET", path)).await;
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let app = App::start().await;
    app.notify("u", "T").await;
    for path in
        ["/api/notifications", "/api/notifications/unread-count", "/api/notifications/stream"]
    {
        let answer = app.user("u", "HEAD", path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.bytes.is_empty());
    }
}

#[tokio::test]
async fn the_stream_s_head_is_as_the_contract_has_it() {
    let app = App::start().await;
    let request = app.as_user("u", "GET", "/api/notifications/stream");
    for hostile in [&b"0"[..], b"", b"garbage", b"\xff\xfe", b"99999999999999999999999"] {
        let value = http::HeaderValue::from_bytes(hostile).unwrap();
        let request = app.as_user("u", "GET", "/api/notifications/stream");
        let request = request.header("last-event-id", value).body(Body::empty()).unwrap();
        assert_eq!(app.open(request).await.status(), 200);
    }
    let answer = app.open(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(answer.headers()["cache-control"], "no-store, no-transform");
    assert_eq!(answer.headers()["x-accel-buffering"], "no");
}

#[tokio::test]
async fn readiness_ends_with_draining_and_health_does_not() {
    let app = App::start().await;
    app.send(bare("GET", "/readyz")).await.expect(200);
    app.state.readiness.drain();
    let answer = app.send(bare("GET", "/readyz")).await;
    answer.problem(503, "unavailable");
    assert!(answer.headers.contains_key("retry-after"));
    app.send(bare("GET", "/healthz")).await.expect(200);
}

#[tokio::test]
async fn whoever_is_answered_while_draining_asks_elsewhere_next() {
    let app = App::start().await;
    let kept = app.send(bare("GET", "/healthz")).await;
    assert!(!kept.headers.contains_key("connection"));
    app.state.readiness.drain();
    for path in ["/healthz", "/readyz", "/nowhere", "/api/notifications"] {
        assert_eq!(app.send(bare("GET", path)).await.headers["connection"], "close", "{path}");
    }
}

#[tokio::test]
async fn a_store_that_is_gone_is_503_with_retry_after_and_says_nothing_of_why() {
    let app = App::start().await;
    app.database.close().await;
    let body = r#"{"userId":"u","title":"T"}"#;
    for answer in [
        app.send(bare("GET", "/readyz")).await,
        app.user("u", "GET", "/api/notifications").await,
        app.host_json("POST", "/api/internal/notify", body).await,
    ] {
        let problem = answer.problem(503, "unavailable");
        assert!(answer.headers.contains_key("retry-after"));
        assert!(problem.get("errors").is_none());
        assert!(
            !answer.text().to_lowercase().contains("sql") && !answer.text().contains("test.db")
        );
    }
}
