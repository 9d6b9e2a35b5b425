//! Temporary.
#![allow(warnings)]
#[path = "../tests/it/support.rs"]
mod support;
use axum::{Router, body::Body, routing::get};
use http::Request;
use std::time::Instant;
use tower::ServiceExt;
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let app = support::App::start().await;
    let key = app.api_key(&[]).await;
    let full = grelot_http::router(app.state.clone());
    let bare = Router::new().route("/healthz", get(async || "x"));
    let bearer = format!("Bearer {key}");
    let token = format!("Bearer {}", app.token("u_1"));
    for (name, r, path, auth) in [
        ("bare", &bare, "/healthz", None),
        ("stack healthz", &full, "/healthz", None),
        ("404 fallback", &full, "/x", None),
        ("api key + 404 no db", &full, "/api/internal/notifications/x", Some(&bearer)),
        ("jwt + 404 no db", &full, "/api/notifications/x", Some(&token)),
    ] {
        for round in 0..2 {
            let n = 200_000;
            let t = Instant::now();
            for _ in 0..n {
                let mut q = Request::builder().uri(path);
                if let Some(a) = auth {
                    q = q.header("authorization", a.as_str());
                }
                let res = r.clone().oneshot(q.body(Body::empty()).unwrap()).await.unwrap();
                std::hint::black_box(res);
            }
            if round == 1 {
                println!("{name}: {:.2} us", t.elapsed().as_secs_f64() * 1e6 / n as f64);
            }
        }
    }
}
