//! What categories say about their emails, and what such an email looks like.

use serde_json::{Value, json};

use crate::support::{Answer, App};

const PATH: &str = "/api/internal/categories/billing";
const PREVIEW: &str = "/api/internal/categories/billing/preview";

/// Puts the category with this `email`.
async fn put(app: &App, email: &str) -> Answer {
    app.host_json("PUT", PATH, &format!(r#"{{"label":{{"en":"Billing"}},"email":{email}}}"#)).await
}

async fn email(app: &App) -> Value {
    app.host("GET", PATH).await.expect(200)["email"].clone()
}

#[tokio::test]
async fn the_emails_of_a_category_are_shown_complete_and_replaced_as_a_whole() {
    let app = App::start().await;
    let default = json!({"mode": "unread", "delayMinutes": 5, "templates": {}});
    assert_eq!(put(&app, "{}").await.expect(201)["email"], default);
    let body = r#"{"mode":"digest","delayMinutes":0,"templates":{"fr":{"subject":"S","html":"<p>H</p>"},
        "en":{"subject":"E","text":"T"}}}"#;
    let full = json!({"mode": "digest", "delayMinutes": 0, "templates": {
        "fr": {"subject": "S", "html": "<p>H</p>", "text": null},
        "en": {"subject": "E", "html": null, "text": "T"}}});
    let answer = put(&app, body).await;
    assert_eq!(answer.expect(200)["email"], full);
    assert!(answer.text().find("\"fr\"") < answer.text().rfind("\"en\""), "in the given order");
    assert_eq!(email(&app).await, full);
    // What is shown may be put again.
    assert_eq!(put(&app, &full.to_string()).await.expect(200)["email"], full);
    assert_eq!(put(&app, r#"{"mode":"now"}"#).await.expect(200)["email"]["templates"], json!({}));
    app.host_json("PUT", PATH, r#"{"label":{"en":"Billing"}}"#).await.expect(200);
    assert_eq!(email(&app).await, default);
}

#[rstest::rstest]
#[case(r#"{"mode":"soon","delayMinutes":10081}"#, &["/email/mode", "/email/delayMinutes"])]
#[case(r#"{"templates":{"fr":{"html":""},"f r":{"subject":"S"}}}"#,
    &["/email/templates/fr/subject", "/email/templates/f r"])]
#[case(r#"{"templates":{"fr":{"subject":"S","html":"{{"},"en":{"subject":"{{","text":"{{"}}}"#,
    &["/email/templates/fr/html", "/email/templates/en/subject", "/email/templates/en/text"])]
#[tokio::test]
async fn a_template_that_cannot_be_or_does_not_render_is_422_and_nothing_is_saved(
    #[case] email: &str,
    #[case] pointers: &[&str],
) {
    let app = App::start().await;
    assert_eq!(put(&app, email).await.pointers(), pointers);
    app.host("GET", PATH).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_preview_needs_no_body_and_no_mail_server() {
    let app = App::start().await;
    put(&app, "{}").await.expect(201);
    let expected = json!({"subject": "billing: a sample", "html": "<p>built in</p>", "text": "built in",
        "locale": "en"});
    assert_eq!(app.host("POST", PREVIEW).await.expect(200), expected);
    assert_eq!(app.host_json("POST", PREVIEW, "{}").await.expect(200), expected);
    app.host("POST", "/api/internal/categories/nope/preview").await.problem(404, "not-found");
}

#[tokio::test]
async fn a_preview_shows_the_saved_template_or_an_unsaved_one_in_the_asked_language() {
    let app = App::start().await;
    let saved = r#"{"templates":{"fr":{"subject":"FR {title}","text":"saved"},"en":{"subject":"EN {title}"}}}"#;
    put(&app, saved).await.expect(201);
    let ask = async |body: &str| app.host_json("POST", PREVIEW, body).await;
    let french = ask(r#"{"locale":"fr-CA","notification":{"title":"Facture"}}"#).await.expect(200);
    let expected = json!({"subject": "FR Facture", "html": "", "text": "saved", "locale": "fr-CA"});
    assert_eq!(french, expected);
    assert_eq!(ask("{}").await.expect(200)["subject"], "EN a sample");
    let tried = ask(r#"{"email":{"templates":{"en":{"subject":"tried"}}}}"#).await.expect(200);
    assert_eq!(tried["subject"], "tried");
    assert_eq!(ask("{}").await.expect(200)["subject"], "EN a sample");
    let broken = ask(r#"{"email":{"templates":{"en":{"subject":"S","html":"{{"}}}}"#).await;
    assert_eq!(broken.pointers(), ["/email/templates/en/html"]);
    let wrong = ask(r#"{"locale":"","notification":{"link":"//x"},"email":{"mode":0}}"#).await;
    let pointers = ["/locale", "/notification/title", "/notification/link", "/email/mode"];
    assert_eq!(wrong.pointers(), pointers);
}
