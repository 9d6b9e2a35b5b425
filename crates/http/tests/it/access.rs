//! Who may do what, through the whole router: credentials, revocation, CSRF, scopes.

use std::time::Duration;

use axum::body::Body;
use grelot_core::{Scope, UserId};
use http::{HeaderName, Request};

use crate::support::{Answer, App};

const COUNT: &str = "/api/notifications/unread-count";
const READ_ALL: &str = "/api/notifications/read-all";

async fn send(app: &App, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("host", "app.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn exactly_one_credential_counts_and_the_header_wins() {
    let app = App::start().await;
    let token = app.token("u_1");
    let (good, cookie) = (format!("Bearer {token}"), format!("a=b; grelot_token={token}"));
    for (headers, status) in [
        (vec![], 401),
        (vec![("authorization", good.as_str())], 200),
        (vec![("cookie", cookie.as_str())], 200),
        (vec![("authorization", good.as_str()), ("cookie", "grelot_token=bad")], 200),
        (vec![("authorization", "Bearer bad"), ("cookie", cookie.as_str())], 401),
        (vec![("authorization", "Bearer"), ("cookie", cookie.as_str())], 401),
        (vec![("authorization", "Basic dTpw"), ("cookie", cookie.as_str())], 200),
        (vec![("authorization", "Basic dTpw")], 401),
        (vec![("authorization", good.as_str()), ("authorization", good.as_str())], 401),
        (vec![("cookie", cookie.as_str()), ("cookie", "grelot_token=other")], 401),
    ] {
        let answer = send(&app, "GET", COUNT, &headers).await;
        assert_eq!(answer.status, status, "{headers:?}");
        if status == 401 {
            answer.problem(401, "unauthorized");
            assert!(answer.headers.contains_key("www-authenticate"));
        }
    }
}

#[tokio::test]
async fn an_api_key_is_no_token_and_a_token_no_api_key() {
    let app = App::start().await;
    let key = format!("Bearer {}", app.api_key(&[]).await);
    send(&app, "GET", COUNT, &[("authorization", &key)]).await.problem(401, "unauthorized");
    let token = format!("Bearer {}", app.token("u_1"));
    let answer = send(&app, "GET", "/api/internal/categories", &[("authorization", &token)]).await;
    answer.problem(401, "unauthorized");
}

#[tokio::test]
async fn a_cookie_changes_state_from_its_own_origin_alone() {
    let app = App::start().await;
    let token = app.token("u_1");
    let cookie = ("cookie", format!("grelot_token={token}"));
    let cookie = (cookie.0, cookie.1.as_str());
    for (header, status) in [
        (None, 403),
        (Some(("sec-fetch-site", "same-origin")), 200),
        (Some(("sec-fetch-site", "cross-site")), 403),
        (Some(("sec-fetch-site", "none")), 403),
        (Some(("origin", "https://app.example")), 200),
        (Some(("origin", "https://evil.example")), 403),
        (Some(("origin", "null")), 403),
    ] {
        let headers: Vec<_> = std::iter::once(cookie).chain(header).collect();
        let answer = send(&app, "POST", READ_ALL, &headers).await;
        assert_eq!(answer.status, status, "{header:?}: {}", answer.text());
        assert_eq!(send(&app, "GET", COUNT, &headers).await.status, 200, "reading is free");
    }
    // No other site can make a browser send this header.
    let bearer = format!("Bearer {token}");
    let foreign = [("authorization", bearer.as_str()), ("sec-fetch-site", "cross-site")];
    assert_eq!(send(&app, "POST", READ_ALL, &foreign).await.status, 200);
}

#[tokio::test]
async fn every_authenticated_answer_names_the_user_opaquely() {
    let app = App::start().await;
    let [user, ping] = ["grelot-user", "grelot-ping"].map(HeaderName::from_static);
    let name =
        |answer: &Answer| answer.headers.get(&user).map(|value| value.to_str().unwrap().to_owned());
    let ok = app.user("u_1", "GET", COUNT).await;
    let expected = name(&ok).unwrap();
    assert!(!expected.contains("u_1"));
    assert_eq!(ok.headers[&ping], "30");
    let not_found = app.user("u_1", "GET", "/api/notifications/nothing").await;
    let invalid = app.user_json("u_1", "POST", READ_ALL, r#"{"x":1}"#).await;
    let bad = app.user("u_1", "GET", "/api/notifications?limit=0").await;
    let token = format!("grelot_token={}", app.token("u_1"));
    let forbidden = send(&app, "POST", READ_ALL, &[("cookie", &token)]).await;
    for (answer, status) in [(not_found, 404), (invalid, 422), (bad, 400), (forbidden, 403)] {
        assert_eq!(answer.status, status);
        assert_eq!(name(&answer).as_ref(), Some(&expected), "{status}");
        assert_eq!(answer.headers[&ping], "30");
    }
    assert_ne!(name(&app.user("u_2", "GET", COUNT).await).unwrap(), expected);
    assert_eq!(name(&send(&app, "GET", COUNT, &[]).await), None);
    assert_eq!(name(&app.host("GET", "/api/internal/categories").await), None);
}

#[tokio::test]
async fn a_revocation_ends_earlier_sessions_at_once_and_later_ones_not() {
    let app = App::start().await;
    let token = format!("Bearer {}", app.token("u_1"));
    let other = format!("Bearer {}", app.token("u_2"));
    let count =
        async |token: &str| send(&app, "GET", COUNT, &[("authorization", token)]).await.status;
    assert_eq!(count(&token).await, 200);
    app.host("DELETE", "/api/internal/users/u_1/sessions").await.expect(204);
    assert_eq!(count(&token).await, 401);
    assert_eq!(count(&other).await, 200);
    let same_second = format!("Bearer {}", app.token("u_1"));
    assert_eq!(count(&same_second).await, 401);
    app.clock.forward(Duration::from_secs(1));
    let later = format!("Bearer {}", app.token("u_1"));
    assert_eq!(count(&later).await, 200);
}

#[tokio::test]
async fn what_another_process_revokes_is_over_within_a_second() {
    let app = App::start().await;
    let token = format!("Bearer {}", app.token("u_1"));
    let key = app.api_key(&[Scope::Categories]).await;
    let key = format!("Bearer {key}");
    let as_user = async || send(&app, "GET", COUNT, &[("authorization", &token)]).await.status;
    let as_host = async || {
        send(&app, "GET", "/api/internal/categories", &[("authorization", &key)]).await.status
    };
    assert_eq!((as_user().await, as_host().await), (http::StatusCode::OK, http::StatusCode::OK));
    app.store.revoke_sessions(&UserId::parse("u_1").unwrap()).await.unwrap();
    for stored in app.store.api_keys().await.unwrap() {
        app.store.revoke_api_key(&stored.id).await.unwrap();
    }
    app.clock.forward(Duration::from_secs(1));
    assert_eq!(as_user().await, 401);
    assert_eq!(as_host().await, 401);
}

#[tokio::test]
async fn a_token_dies_with_its_expiry() {
    let app = App::start().await;
    let token = format!("Bearer {}", app.token("u_1"));
    app.clock.forward(Duration::from_millis(3_599_999));
    assert_eq!(send(&app, "GET", COUNT, &[("authorization", &token)]).await.status, 200);
    app.clock.forward(Duration::from_millis(1_001));
    let answer = send(&app, "GET", COUNT, &[("authorization", &token)]).await;
    assert_eq!(answer.problem(401, "unauthorized")["detail"], "The token has expired.");
}

#[tokio::test]
async fn each_route_of_the_internal_plane_needs_its_scope() {
    let app = App::start().await;
    for (scope, method, path) in [
        (Scope::Notify, "POST", "/api/internal/notify"),
        (Scope::Read, "GET", "/api/internal/notifications/nothing"),
        (Scope::Categories, "GET", "/api/internal/categories"),
        (Scope::Users, "GET", "/api/internal/users/u_1"),
        (Scope::Tokens, "POST", "/api/internal/users/u_1/token"),
    ] {
        let with = format!("Bearer {}", app.api_key(&[scope]).await);
        let others: Vec<Scope> = Scope::ALL.into_iter().filter(|other| *other != scope).collect();
        let without = format!("Bearer {}", app.api_key(&others).await);
        let allowed = send(&app, method, path, &[("authorization", &with)]).await;
        assert!(!matches!(allowed.status.as_u16(), 401 | 403), "{path}: {}", allowed.status);
        let refused = send(&app, method, path, &[("authorization", &without)]).await;
        refused.problem(403, "forbidden");
        send(&app, method, path, &[]).await.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn a_key_that_is_almost_right_is_nobody() {
    let app = App::start().await;
    let key = app.api_key(&[]).await;
    let other = app.api_key(&[]).await;
    let mixed = format!("{}{}", &key[..key.len() - 43], &other[other.len() - 43..]);
    for bad in [mixed, key[..key.len() - 1].to_owned(), key.to_uppercase(), "x".repeat(5_000)] {
        let bad = format!("Bearer {bad}");
        let answer =
            send(&app, "GET", "/api/internal/categories", &[("authorization", &bad)]).await;
        answer.problem(401, "unauthorized");
    }
}
