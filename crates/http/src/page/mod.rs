//! The one page that a reader of a mail sees: self-contained, without scripts, in English or French. `words` has what it says,
//! `page.css` how it looks. Not here: what a link does (`routes::unsubscribe`), and mails.

use std::fmt::Write;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, StatusCode, header};

mod words;

pub(crate) use words::{Language, Saying, Stillness};

const CSS: &str = include_str!("page.css");

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// Only this style, only to us, in nobody's frame: whatever else got into the page would do nothing.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest(&SHA256, CSS.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
});

/// A page.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    status: StatusCode,
    language: Language,
    saying: &'a Saying,
    form: Option<Form<'a>>,
}

/// The button of a page: it posts to where the page is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form<'a> {
    /// The token of the link: base64url.
    pub(crate) token: &'a str,
    /// Whether it takes back what was done.
    pub(crate) undo: bool,
}

impl<'a> Page<'a> {
    pub(crate) fn new(language: Language, saying: &'a Saying) -> Self {
        let status = match saying {
            Saying::Unknown => StatusCode::NOT_FOUND,
            _ => StatusCode::OK,
        };
        Self { status, language, saying, form: None }
    }

    pub(crate) fn with_form(self, form: Form<'a>) -> Self {
        Self { form: Some(form), ..self }
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    fn html(&self) -> String {
        let words = self.saying.words(self.language);
        let (language, title, text) = (self.language.tag(), words.title, escaped(&words.text));
        let mut form = String::new();
        if let Some(Form { token, undo }) = self.form {
            let (undo, look) = if undo { ("&amp;undo=true", "quiet") } else { ("", "strong") };
            // Writing to a string does not fail. A relative action leads here, wherever the router is mounted.
            let _ = write!(
                form,
                "\n<form method=\"post\" action=\"?token={token}{undo}\"><button class=\"{look}\">{}</button></form>",
                words.button
            );
        }
        format!(
            r#"<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{CSS}</style>
</head>
<body>
<main>
<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 7.5 12 13l8-5.5M5 5h14a1.5 1.5 0 0 1 1.5 1.5v11A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.5v-11A1.5 1.5 0 0 1 5 5Z"/></svg>
<h1>{title}</h1>
<p>{text}</p>{form}
</main>
</body>
</html>
"#
        )
    }
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::CONTENT_SECURITY_POLICY, POLICY.as_str()),
            // The address is a credential.
            (header::REFERRER_POLICY, "no-referrer"),
            (ROBOTS, "noindex"),
        ];
        (self.status, headers, self.html()).into_response()
    }
}

/// Text that means itself, in an element and in an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_text_whatever_is_in_it() {
        let hostile = r#"</p><script>alert("1")</script>&'"#.to_owned();
        for saying in [
            Saying::Ask(Some(hostile.clone())),
            Saying::Stopped(Some(hostile.clone())),
            Saying::Resumed(Some(hostile.clone()), Stillness::GoesOn),
            Saying::Mandatory(hostile.clone()),
        ] {
            for language in [Language::English, Language::French] {
                let html = Page::new(language, &saying).html();
                assert!(html.contains("&lt;/p&gt;&lt;script&gt;alert(&quot;1&quot;)"), "{html}");
                assert!(!html.contains("<script"), "{html}");
            }
        }
    }

    #[test]
    fn the_policy_allows_the_one_style_that_is_there_and_nothing_else() {
        let html = Page::new(Language::French, &Saying::Unknown).html();
        let (_, rest) = html.split_once("<style>").unwrap();
        let (style, _) = rest.split_once("</style>").unwrap();
        let hash = STANDARD.encode(digest(&SHA256, style.as_bytes()));
        assert!(POLICY.contains(&format!("style-src 'sha256-{hash}'")), "{}", *POLICY);
        assert!(POLICY.starts_with("default-src 'none';") && !POLICY.contains("unsafe"));
        assert!(!html.contains(" style=") && !html.contains("http"), "{html}");
    }
}
