//! The link in a mail (RFC 8058).

use axum::body::Body;
use grelot_core::{CategoryKey, UserId};
use grelot_http::{Secret, UnsubscribeTokens};
use http::Request;
use serde_json::{Value, json};

use crate::support::{Answer, App};

const PATH: &str = "/api/notifications/unsubscribe";
const FORM: &str = "application/x-www-form-urlencoded";

fn seal(secret: &Secret, user: &str, category: Option<&str>) -> String {
    let category = category.map(|key| CategoryKey::parse(key).unwrap());
    UnsubscribeTokens::new(secret).seal(&UserId::parse(user).unwrap(), category.as_ref())
}

/// The link in a mail to the user.
fn link(app: &App, user: &str, category: Option<&str>) -> String {
    format!("{PATH}?token={}", seal(&app.state.secret, user, category))
}

/// An application with the category `billing`, and the user `u` who has an address.
async fn start() -> App {
    let app = App::start().await;
    app.category("billing", r#"{"label":{"en":"Billing","fr":"Facturation"}}"#).await;
    contact(&app, "u", r#"{"email":"ada@example.com"}"#).await;
    app
}

async fn contact(app: &App, user: &str, body: &str) {
    app.host_json("PUT", &format!("/api/internal/users/{user}"), body).await.expect(200);
}

async fn get(app: &App, path: &str) -> Answer {
    app.send(Request::get(path).body(Body::empty()).unwrap()).await
}

/// As a mail program does it: no cookie, no credential but the link.
async fn post(app: &App, path: &str) -> Answer {
    let request = Request::post(path).header("content-type", FORM);
    app.send(request.body(Body::from("List-Unsubscribe=One-Click")).unwrap()).await
}

/// The answer is a page with this status, and closed to everything.
#[track_caller]
fn page(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    assert_eq!(answer.headers["x-robots-tag"], "noindex");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    for part in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "'sha256-"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !answer.headers.contains_key("location"));
    assert!(!answer.headers.contains_key("set-cookie"));
    assert!(!answer.text().contains("<script") && !answer.text().contains(" style="));
    answer.text()
}

async fn preferences(app: &App, user: &str) -> Value {
    app.user(user, "GET", "/api/notifications/preferences").await.expect(200)
}

async fn seq(app: &App, user: &str) -> Value {
    app.user(user, "GET", "/api/notifications/unread-count").await.expect(200)["seq"].clone()
}

#[tokio::test]
async fn following_the_link_shows_a_form_and_changes_nothing() {
    let app = start().await;
    for category in [None, Some("billing")] {
        let path = link(&app, "u", category);
        let html = page(&get(&app, &path).await, 200);
        let action = path.trim_start_matches(PATH);
        let form = format!("<form method=\"post\" action=\"{action}\">");
        assert!(html.contains(&form) && html.contains("<button"), "{html}");
        assert_eq!(html.contains("Billing"), category.is_some(), "{html}");
        let head = Request::head(&path).body(Body::empty()).unwrap();
        assert_eq!(app.send(head).await.status, 200);
    }
    assert_eq!(seq(&app, "u").await, 0);
}

#[tokio::test]
async fn one_click_switches_email_off_for_the_category_and_open_tabs_hear_of_it() {
    let app = start().await;
    let html = page(&post(&app, &link(&app, "u", Some("billing"))).await, 200);
    assert!(html.contains("Billing") && html.contains("&amp;undo=true"), "{html}");
    let now = preferences(&app, "u").await;
    assert_eq!(now["categories"], json!({"billing": {"email": false}}));
    assert_eq!(now["email"], true);
    let changes = app.user("u", "GET", "/api/notifications/changes?since=0").await.expect(200);
    assert_eq!(changes["events"][0]["event"], "preferences.updated");
    // Again is the same, and no change.
    page(&post(&app, &link(&app, "u", Some("billing"))).await, 200);
    assert_eq!(seq(&app, "u").await, 1);
}

#[tokio::test]
async fn without_a_category_it_switches_email_off() {
    let app = start().await;
    page(&post(&app, &link(&app, "u", None)).await, 200);
    let now = preferences(&app, "u").await;
    assert_eq!(
        (&now["email"], &now["inApp"], &now["categories"]),
        (&json!(false), &json!(true), &json!({}))
    );
}

#[tokio::test]
async fn other_choices_of_the_user_stay_as_they_are() {
    let app = start().await;
    app.category("social", r#"{"label":{"en":"Social"}}"#).await;
    let chosen = r#"{"categories":{"billing":{"inApp":false},"social":{"email":false}}}"#;
    app.user_json("u", "PUT", "/api/notifications/preferences", chosen).await.expect(200);
    page(&post(&app, &link(&app, "u", Some("billing"))).await, 200);
    let expected = json!({"billing": {"inApp": false, "email": false}, "social": {"email": false}});
    assert_eq!(preferences(&app, "u").await["categories"], expected);
}

#[tokio::test]
async fn the_page_that_says_so_takes_it_back() {
    let app = start().await;
    for category in [None, Some("billing")] {
        let path = link(&app, "u", category);
        page(&post(&app, &path).await, 200);
        let html = page(&post(&app, &format!("{path}&undo=true")).await, 200);
        assert!(html.contains("You are subscribed again") && !html.contains("<form"), "{html}");
    }
    let now = preferences(&app, "u").await;
    assert_eq!(
        (&now["email"], &now["effective"][0]["channels"]["email"]["enabled"]),
        (&json!(true), &json!(true))
    );
    // Who has switched off all emails is told that they are still off.
    page(&post(&app, &link(&app, "u", None)).await, 200);
    let undone = post(&app, &format!("{}&undo=true", link(&app, "u", Some("billing")))).await;
    assert!(page(&undone, 200).contains("Emails are still off"));
    let odd = post(&app, &format!("{}&undo=1", link(&app, "u", None))).await;
    odd.problem(400, "bad-request");
}

#[tokio::test]
async fn no_cookie_origin_or_body_matters() {
    let app = start().await;
    contact(&app, "v", "{}").await;
    let multipart = "multipart/form-data; boundary=x";
    let part = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    let bodies = [
        (Some(FORM), "List-Unsubscribe=One-Click"),
        (Some(FORM), "List-Unsubscribe=Never&token=x&undo=true"),
        (Some(multipart), part),
        (Some(multipart), "not at all"),
        (Some("application/json"), "{"),
        (Some("nonsense"), "\0"),
        (None, ""),
        (None, "x"),
    ];
    for (number, (content_type, body)) in bodies.into_iter().enumerate() {
        let user = format!("u{number}");
        contact(&app, &user, "{}").await;
        let mut request = Request::post(link(&app, &user, None))
            .header("origin", "null")
            .header("sec-fetch-site", "cross-site")
            .header("cookie", format!("grelot_token={}", app.token("v")));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        page(&app.send(request.body(Body::from(body)).unwrap()).await, 200);
        assert_eq!(preferences(&app, &user).await["email"], false, "{content_type:?} {body}");
    }
    assert_eq!(seq(&app, "v").await, 0, "whoever is signed in beside it");
}

#[tokio::test]
async fn a_body_over_64_kib_is_413_and_changes_nothing() {
    let app = start().await;
    let ask = async |length: usize| {
        let request = Request::post(link(&app, "u", None)).header("content-type", FORM);
        app.send(request.body(Body::from("x".repeat(length))).unwrap()).await
    };
    ask(64 * 1024 + 1).await.problem(413, "payload-too-large");
    assert_eq!(seq(&app, "u").await, 0);
    page(&ask(64 * 1024).await, 200);
}

#[tokio::test]
async fn mails_that_are_mandatory_cannot_be_stopped() {
    let app = start().await;
    app.category("security", r#"{"label":{"en":"Security"},"mandatory":["email"]}"#).await;
    let path = link(&app, "u", Some("security"));
    let shown = page(&get(&app, &path).await, 200);
    assert!(shown.contains("Security") && !shown.contains("<form"), "{shown}");
    let refused = page(&post(&app, &path).await, 409);
    assert!(refused.contains("Nothing was changed") && !refused.contains("<form"), "{refused}");
    assert_eq!(seq(&app, "u").await, 0);
}

#[tokio::test]
async fn a_category_that_is_gone_is_called_by_its_key_and_the_choice_is_kept() {
    let app = start().await;
    let path = link(&app, "u", Some("billing"));
    app.host("DELETE", "/api/internal/categories/billing").await.expect(204);
    assert!(page(&post(&app, &path).await, 200).contains("“billing”"));
    app.category("billing", r#"{"label":{"en":"Billing"}}"#).await;
    assert_eq!(preferences(&app, "u").await["categories"], json!({"billing": {"email": false}}));
}

#[tokio::test]
async fn every_link_that_means_nothing_gets_the_same_page_byte_for_byte() {
    let app = start().await;
    contact(&app, "gone", "{}").await;
    let erased = link(&app, "gone", None);
    app.host("DELETE", "/api/internal/users/gone").await.expect(204);
    let real = seal(&app.state.secret, "u", Some("billing"));
    let foreign = seal(&Secret::new([9; 32]), "u", Some("billing"));
    let bad = [
        PATH.to_owned(),
        format!("{PATH}?token="),
        format!("{PATH}?token=x"),
        format!("{PATH}?token=%ff%00"),
        format!("{PATH}?token={real}&token={real}"),
        format!("{PATH}?token={real}A"),
        format!("{PATH}?token={}", &real[1..]),
        format!("{PATH}?token={foreign}"),
        format!("{PATH}?token={}", "A".repeat(9_999)),
        erased,
    ];
    let first = page(&get(&app, &bad[0]).await, 404);
    assert!(!first.contains("<form"));
    for path in &bad {
        for answer in [get(&app, path).await, post(&app, path).await] {
            assert_eq!(page(&answer, 404), first, "{path}");
        }
    }
    assert_eq!(seq(&app, "u").await, 0);
    // Nothing about the erased was written again.
    let export = app.host("GET", "/api/internal/users/gone/export").await.expect(200);
    assert_eq!((&export["preferences"], &export["seq"]), (&json!(null), &json!(1)));
}

#[rstest::rstest]
#[case(r#"{"locale":"fr-CA"}"#, "en", "fr", "Facturation")]
#[case(r#"{"locale":"en"}"#, "fr", "en", "Billing")]
#[case("{}", "fr;q=0.9, de", "fr", "Facturation")]
#[case("{}", "fr", "fr", "Facturation")]
#[case("{}", "", "en", "Billing")]
#[tokio::test]
async fn the_page_is_in_the_language_of_the_contact_else_of_the_browser(
    #[case] body: &str,
    #[case] accept: &str,
    #[case] language: &str,
    #[case] label: &str,
) {
    let app = start().await;
    contact(&app, "u", body).await;
    let request = Request::get(link(&app, "u", Some("billing"))).header("accept-language", accept);
    let html = page(&app.send(request.body(Body::empty()).unwrap()).await, 200);
    assert!(html.contains(&format!("<html lang=\"{language}\">")), "{html}");
    assert!(html.contains(label), "{html}");
}

#[tokio::test]
async fn a_label_is_text_whatever_is_in_it() {
    let app = start().await;
    app.category("evil", r#"{"label":{"en":"<script>alert(1)</script>\" onload='x'"}}"#).await;
    let html = page(&get(&app, &link(&app, "u", Some("evil"))).await, 200);
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39;"),
        "{html}"
    );
}
