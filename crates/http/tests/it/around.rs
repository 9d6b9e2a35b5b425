//! What happens around every handler: request ids, CORS, security headers, panics, metrics.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use grelot_http::auth::{AuthSettings, Authenticator};
use grelot_http::{AppState, metrics, middleware, router};
use http::{Request, Response};
use http_body_util::BodyExt;
use std::sync::Arc;
use tower::ServiceExt;

use crate::support::App;

const COUNT: &str = "/api/notifications/unread-count";
const ORIGIN: &str = "https://app.example";

/// The application's state, where [`ORIGIN`] is allowed.
fn with_origin(app: &App) -> AppState {
    let settings = AuthSettings {
        hs256_secret: Some(vec![7; 32]),
        allowed_origins: vec![ORIGIN.to_owned()],
        ..AuthSettings::default()
    };
    let AppState { store, clock, secret, .. } = app.state.clone();
    let auth = Arc::new(Authenticator::new(settings, store, clock, secret).unwrap());
    AppState { auth, ..app.state.clone() }
}

async fn ask(
    router: &Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", "grelot.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_careful_headers() {
    let app = App::start().await;
    let router = router(app.state.clone());
    for (method, path) in
        [("GET", "/healthz"), ("GET", COUNT), ("GET", "/nowhere"), ("PATCH", "/healthz")]
    {
        let brought = ask(&router, method, path, &[("x-request-id", "req_1-A")]).await;
        assert_eq!(brought.headers()["x-request-id"], "req_1-A", "{path}");
        let made = ask(&router, method, path, &[("x-request-id", "no good")]).await;
        assert_eq!(made.headers()["x-request-id"].len(), 32, "{path}");
        assert_eq!(made.headers()["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(made.headers()["cache-control"], "no-store", "{path}");
    }
}

#[tokio::test]
async fn a_panic_is_a_500_without_a_word_of_it() {
    async fn boom() {
        panic!("a secret")
    }
    let app = App::start().await;
    let routes = Router::new().route("/boom", get(boom));
    let wrapped = middleware::wrap(routes, &app.state).with_state(app.state.clone());
    let response = ask(&wrapped, "GET", "/boom", &[]).await;
    assert_eq!(response.status(), 500);
    assert!(response.headers().contains_key("x-request-id"));
    let body = text(response).await;
    assert!(body.contains("/problems/internal") && !body.contains("secret"), "{body}");
}

#[tokio::test]
async fn a_listed_origin_may_ask_and_read() {
    let app = App::start().await;
    let router = router(with_origin(&app));
    let wanted = [("origin", ORIGIN), ("access-control-request-method", "DELETE")];
    let preflight = ask(&router, "OPTIONS", "/api/notifications/x", &wanted).await;
    assert_eq!(preflight.status(), 204);
    let headers = preflight.headers();
    assert_eq!(headers["access-control-allow-origin"], ORIGIN);
    assert_eq!(headers["access-control-allow-credentials"], "true");
    assert!(headers["access-control-allow-methods"].to_str().unwrap().contains("DELETE"));
    let named = headers["access-control-allow-headers"].to_str().unwrap();
    for header in ["authorization", "content-type", "last-event-id", "x-request-id"] {
        assert!(named.contains(header), "{header}");
    }
    // Also what is refused must be readable, or a page cannot tell a 401 from a dead network.
    let refused = ask(&router, "GET", COUNT, &[("origin", ORIGIN)]).await;
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["access-control-allow-origin"], ORIGIN);
    let exposed = refused.headers()["access-control-expose-headers"].to_str().unwrap();
    let exposed: Vec<&str> = exposed.split(", ").collect();
    for header in ["grelot-user", "grelot-ping", "x-request-id", "idempotency-replayed"] {
        assert!(exposed.contains(&header), "{header}");
    }
}

/// A page that cannot read when to come again comes at once.
#[tokio::test]
async fn a_page_of_another_origin_may_read_what_a_refusal_says_in_its_headers() {
    let app = App::start().await;
    let router = router(with_origin(&app));
    let token = app.token("u_1");
    let authorization = format!("Bearer {token}");
    let signed_in = [("origin", ORIGIN), ("authorization", authorization.as_str())];
    let none = ask(&router, "GET", COUNT, &[("origin", ORIGIN)]).await;
    let method = ask(&router, "PATCH", COUNT, &signed_in).await;
    app.database.close().await;
    let closed = ask(&router, "GET", COUNT, &signed_in).await;
    for (answer, status, header) in
        [(none, 401, "www-authenticate"), (method, 405, "allow"), (closed, 503, "retry-after")]
    {
        assert_eq!(answer.status(), status);
        assert!(answer.headers().contains_key(header), "{header}");
        let exposed = answer.headers()["access-control-expose-headers"].to_str().unwrap();
        assert!(exposed.split(", ").any(|exposed| exposed == header), "{header}");
    }
}

#[tokio::test]
async fn another_origin_gets_no_permission() {
    let app = App::start().await;
    let router = router(with_origin(&app));
    for origin in ["https://evil.example", "null", "https://app.example.evil.example", "*"] {
        let asked = [("origin", origin), ("access-control-request-method", "GET")];
        for (method, path) in [("OPTIONS", COUNT), ("GET", COUNT)] {
            let response = ask(&router, method, path, &asked).await;
            let permitted = response.headers().contains_key("access-control-allow-origin");
            assert!(!permitted, "{origin} {method}");
            let vary = response.headers().get_all("vary");
            assert!(vary.iter().any(|value| value == "origin"), "{origin} {method}");
        }
    }
}

#[tokio::test]
async fn metrics_count_by_route_and_know_no_user() {
    let app = App::start().await;
    app.user("u_secret", "GET", COUNT).await;
    app.user("u_secret", "GET", "/api/notifications/c000000000000000000000000").await;
    let served = metrics::router(app.state.clone());
    let response = ask(&served, "GET", "/metrics", &[]).await;
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    let text = text(response).await;
    for line in [
        r#"grelot_http_requests_total{method="GET",route="/api/notifications/unread-count",status="2xx"} 1"#,
        r#"grelot_http_requests_total{method="GET",route="/api/notifications/{id}",status="4xx"} 1"#,
        r#"grelot_http_request_duration_seconds_count{method="GET",route="/api/notifications/{id}"} 1"#,
        "grelot_hub_streams 0",
        "grelot_store_failed_total 0",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(text.ends_with("# EOF\n"));
    assert!(!text.contains("u_secret") && !text.contains("c0000"));
    assert_eq!(ask(&served, "GET", "/healthz", &[]).await.status(), 404);
}
