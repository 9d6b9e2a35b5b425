//! What a category says about its emails, as a part of the category. Not here: whether templates render, which the mail
//! desk says.

use grelot_core::{CategoryMail, DelayMinutes, MailMode, Template, Templates, Violation};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::json::{Errors, Field, Object, entries};

/// What a category says about its emails; what is absent is as it is by default.
#[derive(Debug, ToSchema)]
#[schema(as = CategoryEmailUpdate, rename_all = "camelCase", examples(json!({
    "mode": "unread", "delayMinutes": 5, "templates": {"fr": {"subject": "{{ notification.title }}", "html": "<p>{{ notification.title }}</p>"}}
})))]
#[expect(dead_code, reason = "the schema of a body that is read straight into domain types")]
pub(crate) struct CategoryMailSchema {
    /// When they go out; `unread` when absent.
    #[schema(nullable = false)]
    mode: Option<MailModeOut>,
    /// How long `unread` waits; 5 when absent.
    #[schema(minimum = 0, maximum = 10080, nullable = false)]
    delay_minutes: Option<u16>,
    /// How they are written, by language tag, at most 32; the built-in way when there are none.
    #[schema(value_type = Option<BTreeMap<String, TemplateOut<'_>>>, nullable = false)]
    templates: Option<()>,
}

/// When an email about a notification goes out.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EmailMode)]
pub(crate) enum MailModeOut {
    /// At once.
    Now,
    /// If the notification is still unread after a while.
    Unread,
    /// Together with others, in a digest.
    Digest,
}

impl From<MailMode> for MailModeOut {
    fn from(mode: MailMode) -> Self {
        match mode {
            MailMode::Now => Self::Now,
            MailMode::Unread => Self::Unread,
            MailMode::Digest => Self::Digest,
        }
    }
}

/// The source of a mail in one language.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmailTemplate, examples(json!({"subject": "{{ notification.title }}", "html": "<p>{{ notification.title }}</p>", "text": null})))]
pub(crate) struct TemplateOut<'a> {
    /// The subject line.
    #[schema(min_length = 1, max_length = 200)]
    subject: &'a str,
    /// The HTML part, as MJML or HTML, at most 64 KiB; a template without one is refused.
    #[schema(max_length = 65536)]
    html: Option<&'a str>,
    /// The text part, at most 64 KiB; null: the built-in one.
    #[schema(max_length = 65536)]
    text: Option<&'a str>,
}

/// What a category says about its emails.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CategoryEmail)]
pub(crate) struct CategoryMailOut<'a> {
    /// When they go out.
    mode: MailModeOut,
    /// How long `unread` waits.
    #[schema(minimum = 0, maximum = 10080)]
    delay_minutes: u16,
    /// How they are written, by language tag; the built-in way when there are none.
    #[schema(value_type = BTreeMap<String, TemplateOut<'_>>)]
    templates: TemplatesOut<'a>,
}

impl<'a> From<&'a CategoryMail> for CategoryMailOut<'a> {
    fn from(mail: &'a CategoryMail) -> Self {
        Self {
            mode: mail.mode.into(),
            delay_minutes: mail.delay.get(),
            templates: TemplatesOut(&mail.templates),
        }
    }
}

/// Templates by language, in the order in which they were given.
#[derive(Clone, Copy, Debug)]
struct TemplatesOut<'a>(&'a Templates);

impl Serialize for TemplatesOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (tag, Template { subject, html, text }) in self.0.iter() {
            let template = TemplateOut { subject, html: html.as_deref(), text: text.as_deref() };
            map.serialize_entry(tag, &template)?;
        }
        map.end()
    }
}

/// Reads the emails of a category.
pub(super) fn read(field: &Field<'_>, errors: &mut Errors) -> Option<CategoryMail> {
    let object = Object::read(field, &["mode", "delayMinutes", "templates"], errors)?;
    let mode = match object.optional("mode") {
        Some(field) => field.parse(errors, MailMode::parse),
        None => Some(MailMode::default()),
    };
    let delay = match object.optional("delayMinutes") {
        Some(field) => delay(&field, errors),
        None => Some(DelayMinutes::default()),
    };
    let templates = match object.optional("templates") {
        Some(field) => templates(&field, errors),
        None => Some(Templates::default()),
    };
    Some(CategoryMail { mode: mode?, delay: delay?, templates: templates? })
}

fn delay(field: &Field<'_>, errors: &mut Errors) -> Option<DelayMinutes> {
    match DelayMinutes::new(field.whole_number(errors)?) {
        Ok(delay) => Some(delay),
        Err(violation) => field.refuse(violation.detail(), errors),
    }
}

/// Each alone first, so that the pointer names the one that is wrong.
fn templates(field: &Field<'_>, errors: &mut Errors) -> Option<Templates> {
    let mut templates = Vec::new();
    let mut complete = true;
    for (tag, member) in entries(field, errors)? {
        match template(&tag, &member, errors) {
            Some(template) => templates.push((tag.into_owned(), template)),
            None => complete = false,
        }
    }
    if !complete {
        return None;
    }
    match Templates::new(templates) {
        Ok(templates) => Some(templates),
        Err(violation) => field.refuse(violation.detail(), errors),
    }
}

fn template(tag: &str, field: &Field<'_>, errors: &mut Errors) -> Option<Template> {
    const NONE: Template = Template { subject: String::new(), html: None, text: None };
    let plain = |subject: &str| Template { subject: subject.to_owned(), ..NONE };
    if let Err(violation) = alone(tag, plain("x")) {
        return field.refuse(violation.detail(), errors);
    }
    let object = Object::read(field, &["subject", "html", "text"], errors)?;
    let subject = object.required("subject", errors).and_then(|field| {
        field.parse(errors, |text| alone(tag, plain(text)).map(|()| text.to_owned()))
    });
    let mut part = |name, with: fn(String) -> Template| {
        let field = object.optional(name).and_then(Field::non_null)?;
        Some(
            field.parse(errors, |text| alone(tag, with(text.to_owned())).map(|()| text.to_owned())),
        )
    };
    let html = part("html", |html| Template { subject: "x".into(), html: Some(html), text: None });
    let text = part("text", |text| Template { subject: "x".into(), html: None, text: Some(text) });
    // What is there and was refused makes no template.
    if html == Some(None) || text == Some(None) {
        return None;
    }
    Some(Template { subject: subject?, html: html.flatten(), text: text.flatten() })
}

fn alone(tag: &str, template: Template) -> Result<(), Violation> {
    Templates::new(vec![(tag.to_owned(), template)]).map(|_templates| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{FromJson, parse};

    struct MailIn(CategoryMail);

    impl FromJson for MailIn {
        fn from_json(field: &Field<'_>, errors: &mut Errors) -> Option<Self> {
            read(field, errors).map(Self)
        }
    }

    #[test]
    fn what_is_absent_is_as_by_default_and_what_is_shown_reads_again() {
        let nothing = parse::<MailIn>(b"{}").unwrap().0;
        assert_eq!(nothing, CategoryMail::default());
        let shown = r#"{"mode":"unread","delayMinutes":5,"templates":{}}"#;
        assert_eq!(serde_json::to_string(&CategoryMailOut::from(&nothing)).unwrap(), shown);
        let body = concat!(
            r#"{"mode":"digest","delayMinutes":0,"templates":{"#,
            r#""fr":{"subject":"S","html":"<mjml>","text":"T"},"#,
            r#""en":{"subject":"E","html":null,"text":null}}}"#
        );
        let read = parse::<MailIn>(body.as_bytes()).unwrap().0;
        assert_eq!(read.mode, MailMode::Digest);
        assert_eq!(serde_json::to_string(&CategoryMailOut::from(&read)).unwrap(), body);
    }

    #[rstest::rstest]
    #[case(r#"{"mode":"later","delayMinutes":10081}"#, &["/mode", "/delayMinutes"])]
    #[case(r#"{"mode":null,"delayMinutes":-1,"templates":[]}"#, &["/mode", "/delayMinutes", "/templates"])]
    #[case(r#"{"templates":{"fr":{}}}"#, &["/templates/fr/subject"])]
    #[case(r#"{"templates":{"f r":{"subject":"S"},"de":"S"}}"#, &["/templates/f r", "/templates/de"])]
    #[case(r#"{"templates":{"fr":{"subject":" ","html":1,"text":"\u0000","css":""}}}"#,
        &["/templates/fr/css", "/templates/fr/subject", "/templates/fr/html", "/templates/fr/text"])]
    #[case(r#"{"delay":1}"#, &["/delay"])]
    fn what_is_wrong_is_named(#[case] body: &str, #[case] expected: &[&str]) {
        let problem = parse::<MailIn>(body.as_bytes()).map(|_| ()).unwrap_err();
        assert_eq!(problem.pointers().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_part_has_at_most_64_kib_and_there_are_at_most_32_languages() {
        let refused = |body: String| parse::<MailIn>(body.as_bytes()).map(|_| ()).unwrap_err();
        let long = "x".repeat(64 * 1024 + 1);
        let part =
            refused(format!(r#"{{"templates":{{"fr":{{"subject":"S","html":"{long}"}}}}}}"#));
        assert_eq!(part.pointers().collect::<Vec<_>>(), ["/templates/fr/html"]);
        let one = |n| format!(r#""x{n}":{{"subject":"S"}}"#);
        let tags = (0..33)
            .map(|n| one(char::from(b'a' + n % 26).to_string().repeat(1 + usize::from(n) / 26)));
        let many =
            refused(format!(r#"{{"templates":{{{}}}}}"#, tags.collect::<Vec<_>>().join(",")));
        assert_eq!(many.pointers().collect::<Vec<_>>(), ["/templates"]);
    }
}
