//! The OpenAPI document and its page.

use axum::Router;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::support::App;

async fn get(app: &App, path: &str) -> crate::support::Answer {
    app.send(Request::get(path).body(Body::empty()).unwrap()).await
}

/// Refresh it with `grelot openapi > docs/openapi.json`.
#[test]
fn the_committed_document_is_fresh() {
    let committed = include_str!("../../../../docs/openapi.json");
    assert!(committed == grelot_http::openapi_json(), "run: grelot openapi > docs/openapi.json");
}

#[tokio::test]
async fn the_document_is_served_as_it_is_committed() {
    let app = App::start().await;
    let answer = get(&app, "/openapi.json").await;
    answer.expect(200);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.text(), grelot_http::openapi_json());
}

#[tokio::test]
async fn the_page_and_its_parts_have_a_strict_policy_and_nothing_inline() {
    let app = App::start().await;
    for (path, content_type) in [
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/docs.css", "text/css; charset=utf-8"),
        ("/docs/docs.js", "text/javascript; charset=utf-8"),
    ] {
        let answer = get(&app, path).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], content_type);
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'self';") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert!(!answer.text().contains("http://") && !answer.text().contains("https://"));
    }
    let page = get(&app, "/docs").await.text();
    assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains("onclick"));
    assert!(page.contains(r#"href="docs/docs.css""#), "relative, so that a prefix works");
}

#[tokio::test]
async fn the_router_works_under_a_prefix() {
    let app = App::start().await;
    let mounted = Router::new().nest("/bell", grelot_http::router(app.state.clone()));
    let ask = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        mounted.clone().oneshot(request).await.unwrap()
    };
    for path in ["/bell/docs", "/bell/docs/docs.js", "/bell/openapi.json", "/bell/healthz"] {
        assert_eq!(ask(path).await.status(), 200, "{path}");
    }
    let unknown = ask("/bell/api/notifications/nothing/here").await;
    assert_eq!(unknown.status(), 404);
    let body = unknown.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(b"{\"type\":\"/problems/not-found\""));
}
