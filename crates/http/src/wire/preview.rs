//! A mail that nobody is sent, as a request and as an answer.

use grelot_core::language::parse_tag;
use grelot_core::{CategoryMail, Content};
use serde::Serialize;
use utoipa::ToSchema;

use super::mail::{self, CategoryMailSchema};
use super::notification::NotificationTypeOut;
use super::notify::{CONTENT, read_content};
use crate::json::{Errors, Field, FromJson, Object};

/// Which mail to show; without a body it is one about a sample, in English.
#[derive(Debug, ToSchema)]
#[schema(as = EmailPreviewRequest, rename_all = "camelCase", examples(json!({
    "locale": "fr", "notification": {"title": "Facture prête", "link": "/invoices/42"},
    "email": {"templates": {"fr": {"subject": "{{ notification.title }}", "html": "<p>{{ notification.title }}</p>"}}}
})))]
#[expect(dead_code, reason = "the schema of a body that is read straight into domain types")]
pub(crate) struct PreviewSchema {
    /// The language of the reader; `en` when absent.
    #[schema(max_length = 71, nullable = false)]
    locale: Option<String>,
    /// What the mail is about; a sample when absent.
    #[schema(nullable = false)]
    notification: Option<PreviewContentSchema>,
    /// What to try instead of what the category says about its emails; it is not saved.
    #[schema(value_type = Option<CategoryMailSchema>, nullable = false)]
    email: Option<()>,
}

/// What a notification says.
#[derive(Debug, ToSchema)]
#[schema(as = NotificationContent, rename_all = "camelCase")]
#[expect(dead_code, reason = "the schema of a body that is read straight into domain types")]
pub(crate) struct PreviewContentSchema {
    /// How it is coloured; `INFO` when absent.
    #[schema(value_type = Option<NotificationTypeOut>, nullable = false)]
    r#type: Option<()>,
    /// The headline.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\u0000]*$")]
    title: String,
    /// The text below it.
    #[schema(max_length = 4000, pattern = r"^[^\u0000]*$")]
    body: Option<String>,
    /// A same-origin path (`/invoices/1`), or an absolute `https:`, `http:` or `mailto:` URL.
    #[schema(
        min_length = 1,
        max_length = 2048,
        pattern = r"^(/([^/\\\s][^\s]*)?|https?://[^\s/?#\\@:][^\s]*|mailto:[^\s/][^\s]*)$"
    )]
    link: Option<String>,
    /// Anything the host's own templates need: at most 16 KiB as compact JSON, and 32 levels deep.
    #[schema(value_type = Option<Object>)]
    data: Option<()>,
}

/// The same, as domain types.
#[derive(Debug, Default)]
pub(crate) struct PreviewIn {
    pub(crate) locale: Option<String>,
    pub(crate) item: Option<Content>,
    pub(crate) mail: Option<CategoryMail>,
}

impl FromJson for PreviewIn {
    fn from_json(field: &Field<'_>, errors: &mut Errors) -> Option<Self> {
        let object = Object::read(field, &["locale", "notification", "email"], errors)?;
        let locale = object.optional("locale").and_then(|field| field.parse(errors, parse_tag));
        let item = object.optional("notification").and_then(|field| {
            let object = Object::read(&field, &CONTENT, errors)?;
            read_content(&object, errors)
        });
        let mail = object.optional("email").and_then(|field| mail::read(&field, errors));
        // What is refused is recorded, so that the whole body is.
        Some(Self { locale, item, mail })
    }
}

/// A mail that nobody was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmailPreview)]
pub(crate) struct PreviewMailOut {
    /// The subject line.
    pub(crate) subject: String,
    /// The HTML part.
    pub(crate) html: String,
    /// The text part.
    pub(crate) text: String,
    /// The language of the reader.
    pub(crate) locale: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn everything_is_optional() {
        let nothing = parse::<PreviewIn>(b"{}").unwrap();
        assert!(nothing.locale.is_none() && nothing.item.is_none() && nothing.mail.is_none());
        let body = r#"{"locale":"pt-BR","notification":{"title":"T","type":"ERROR"},"email":{}}"#;
        let all = parse::<PreviewIn>(body.as_bytes()).unwrap();
        assert_eq!(all.locale.as_deref(), Some("pt-BR"));
        assert_eq!(all.item.unwrap().title.as_str(), "T");
        assert_eq!(all.mail, Some(CategoryMail::default()));
    }

    #[test]
    fn everything_wrong_is_named() {
        let body = r#"{"locale":"e n","notification":{"userId":"u","link":"x"},"email":{"mode":1},"to":"a@b"}"#;
        let problem = parse::<PreviewIn>(body.as_bytes()).unwrap_err();
        let expected = [
            "/to",
            "/locale",
            "/notification/userId",
            "/notification/title",
            "/notification/link",
            "/email/mode",
        ];
        assert_eq!(problem.pointers().collect::<Vec<_>>(), expected);
    }
}
