//! Letters and mailrooms for tests, and a reader of the mails that come of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use grelot_channels::{Email, Item, Letter, MailSettings, Mailbox, Mailroom, Matter, SmtpSettings};
use grelot_core::{
    Body, Category, CategoryKey, CategoryMail, ChannelSet, Content, Data, Link, Localized,
    NotificationType, Template, Templates, Timestamp, Title, UserId,
};

/// 2026-11-24 09:00 UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_510_800_000);

pub(crate) fn room() -> Mailroom {
    Mailroom::new(MailSettings {
        from: Mailbox::parse("Acme <no-reply@acme.example>").unwrap(),
        app_url: "https://app.acme.example/start".parse().unwrap(),
        app_name: Some("Acme".to_owned()),
        preferences_url: Some("https://app.acme.example/settings/notifications".parse().unwrap()),
    })
}

pub(crate) fn email(url: &str) -> Email {
    Email::new(SmtpSettings::parse(url).unwrap(), Arc::new(room())).unwrap()
}

pub(crate) fn category() -> Category {
    let labels = [("en", "Billing"), ("fr", "Facturation")];
    let labels = labels.map(|(tag, text)| (tag.to_owned(), text.to_owned())).to_vec();
    Category {
        key: CategoryKey::parse("billing").unwrap(),
        label: Localized::new(labels).unwrap(),
        description: Localized::default(),
        defaults: ChannelSet::ALL,
        mandatory: ChannelSet::NONE,
        mail: CategoryMail::default(),
    }
}

pub(crate) fn item(kind: NotificationType, title: &str, body: &str, link: &str) -> Item {
    let content = Content {
        kind,
        category: Some(CategoryKey::parse("billing").unwrap()),
        title: Title::parse(title).unwrap(),
        body: (!body.is_empty()).then(|| Body::parse(body).unwrap()),
        link: (!link.is_empty()).then(|| Link::parse(link).unwrap()),
        data: Some(
            Data::from_compact_json(r#"{"invoice":42,"rows":[{"n":"<a>"},{"n":"b"}]}"#).unwrap(),
        ),
    };
    Item { content: Arc::new(content), created_at: NOW }
}

pub(crate) fn one(item: Item) -> Matter {
    Matter::One { item, category: Some(Arc::new(category())) }
}

pub(crate) fn letter(matter: Matter) -> Letter {
    Letter {
        id: "cm3xk2l9a0000qzrmn831i7rn".to_owned(),
        user: UserId::parse("u_1").unwrap(),
        to: "ada@example.com".to_owned(),
        name: Some("Ada Lovelace".to_owned()),
        locale: Some("en".to_owned()),
        timezone: Some("Europe/Paris".to_owned()),
        matter,
        unsubscribe: Some("https://notify.acme.example/u?token=abc_-def".to_owned()),
    }
}

pub(crate) fn plain_letter() -> Letter {
    letter(one(item(NotificationType::Info, "Invoice ready", "March is ready.", "/invoices/42")))
}

/// The letter with a template of the host.
pub(crate) fn templated(subject: &str, html: &str, text: Option<&str>) -> Letter {
    let item =
        item(NotificationType::Warning, "Invoice <b>", "March & April", "/invoices/42?a=1&b=\"2");
    let category = with_templates(category(), &["en"], subject, html, text);
    letter(Matter::One { item, category: Some(Arc::new(category)) })
}

/// The category with the same template in each language.
pub(crate) fn with_templates(
    category: Category,
    tags: &[&str],
    subject: &str,
    html: &str,
    text: Option<&str>,
) -> Category {
    let (html, text) = (Some(html.to_owned()), text.map(str::to_owned));
    let template = Template { subject: subject.to_owned(), html, text };
    let all = tags.iter().map(|tag| ((*tag).to_owned(), template.clone())).collect();
    let templates = Templates::new(all).unwrap();
    Category { mail: CategoryMail { templates, ..category.mail }, ..category }
}

/// A mail, taken apart as a mail program would.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Read {
    /// Reads a multipart/alternative of two parts.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let message = std::str::from_utf8(bytes).expect("a mail is text");
        let (headers, body) = entity(message);
        let kind = &headers["content-type"];
        let boundary = kind.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next());
        let marker = format!("--{}", boundary.expect("a multipart has a boundary"));
        let pieces: Vec<&str> = body.split(&marker).collect();
        assert_eq!(pieces.len(), 4, "two parts: {body}");
        assert!(kind.starts_with("multipart/alternative"), "{kind}");
        let part = |piece: &str, expected: &str| {
            let (headers, body) = entity(piece.strip_prefix("\r\n").unwrap());
            assert!(headers["content-type"].starts_with(expected), "{headers:?}");
            let body = body.strip_suffix("\r\n").unwrap();
            let bytes = match headers["content-transfer-encoding"].as_str() {
                "quoted-printable" => unquote(body),
                "base64" => STANDARD.decode(body.replace("\r\n", "")).unwrap(),
                other => panic!("the encoding is {other}"),
            };
            String::from_utf8(bytes).unwrap()
        };
        let (text, html) = (part(pieces[1], "text/plain"), part(pieces[2], "text/html"));
        Self { headers, text, html }
    }

    /// A header with its encoded words decoded.
    pub(crate) fn decoded(&self, name: &str) -> String {
        let mut out = String::new();
        let mut rest = self.headers[name].as_str();
        while let Some((before, after)) = rest.split_once("=?utf-8?b?") {
            // White space between encoded words is not part of the text.
            if !before.trim().is_empty() || out.is_empty() {
                out.push_str(before);
            }
            let (word, behind) = after.split_once("?=").unwrap();
            out.push_str(std::str::from_utf8(&STANDARD.decode(word).unwrap()).unwrap());
            rest = behind;
        }
        out.push_str(rest);
        out
    }
}

/// Headers, unfolded and by lower-case name, and what comes behind the empty line. A header twice is a failure.
fn entity(text: &str) -> (BTreeMap<String, String>, &str) {
    let (head, body) = text.split_once("\r\n\r\n").expect("headers end in an empty line");
    let mut headers = BTreeMap::new();
    for line in head.replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n") {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("no header: {line:?}"));
        let before = headers.insert(name.to_ascii_lowercase(), value.to_owned());
        assert_eq!(before, None, "{name} is there twice");
    }
    (headers, body)
}

fn unquote(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'=' {
            bytes.push(byte);
        } else if let Some(after) = rest.strip_prefix(b"\r\n") {
            rest = after;
        } else {
            let code = std::str::from_utf8(&rest[..2]).unwrap();
            bytes.push(u8::from_str_radix(code, 16).unwrap());
            rest = &rest[2..];
        }
    }
    bytes
}
