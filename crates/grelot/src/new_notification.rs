//! What a host asks to be sent, and why it may be refused. Not here: the write path, which is the store's.

use grelot_core::{
    Body, CategoryKey, Content, Data, Fingerprint, Link, NotificationType, Recipients, Title,
    UserId, Violation,
};
use grelot_store::{Idempotency, MailPolicy, NotifyRequest};

use crate::error::{InvalidField, NotifyError};

/// A notification to send. Nothing is checked before it is sent, so that all that is wrong is named together.
///
/// ```
/// use grelot::{NewNotification, NotificationType};
///
/// let notification = NewNotification::to("u_1")
///     .kind(NotificationType::Success)
///     .title("Invoice ready")
///     .body("March is ready.")
///     .link("/invoices/42")
///     .data(serde_json::json!({"invoice": 42}))
///     .idempotency_key("invoice-42");
/// ```
#[derive(Clone, Debug)]
#[must_use = "a notification is sent by `Grelot::notify`"]
pub struct NewNotification {
    users: Vec<String>,
    kind: NotificationType,
    category: Option<String>,
    title: String,
    body: Option<String>,
    link: Option<String>,
    data: Option<serde_json::Value>,
    idempotency_key: Option<String>,
}

impl NewNotification {
    /// A notification for one user. It needs a [`title`](Self::title).
    pub fn to(user: impl Into<String>) -> Self {
        Self::to_many([user])
    }

    /// The same notification for 1 to 1,000 users: all or nothing. Duplicates are removed.
    pub fn to_many<U: Into<String>>(users: impl IntoIterator<Item = U>) -> Self {
        Self {
            users: users.into_iter().map(Into::into).collect(),
            kind: NotificationType::default(),
            category: None,
            title: String::new(),
            body: None,
            link: None,
            data: None,
            idempotency_key: None,
        }
    }

    /// The headline: 1 to 200 characters.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// How it is coloured; [`Info`](NotificationType::Info) without this.
    pub fn kind(mut self, kind: NotificationType) -> Self {
        self.kind = kind;
        self
    }

    /// The text below the headline: up to 4,000 characters.
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The key of a category that exists.
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.category = Some(category.into());
        self
    }

    /// Where it leads: a path of the same origin, or an absolute `https:`, `http:` or `mailto:` URL.
    pub fn link(mut self, link: impl Into<String>) -> Self {
        self.link = Some(link.into());
        self
    }

    /// What your own components need: an object, up to 16 KiB and 32 levels deep.
    pub fn data(mut self, data: impl Into<serde_json::Value>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// Makes a repetition harmless for 24 hours: the same call again creates nothing. 1 to 255 characters.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// The valid request, or everything that is wrong.
    pub(crate) fn into_request(self, mail: MailPolicy) -> Result<NotifyRequest, NotifyError> {
        let mut check = Check::default();
        let recipients = check.recipients(&self.users);
        let category = check.optional("category", self.category.as_deref(), CategoryKey::parse);
        let title = check.field("title", Title::parse(&self.title));
        let body = check.optional("body", self.body.as_deref(), Body::parse);
        let link = check.optional("link", self.link.as_deref(), Link::parse);
        let compact = self.data.as_ref().map(serde_json::Value::to_string);
        let data = check.optional("data", compact.as_deref(), Data::from_compact_json);
        let key =
            check.optional("idempotency key", self.idempotency_key.as_deref(), idempotency_key);
        let (Some(recipients), Some(title), true) = (recipients, title, check.0.is_empty()) else {
            return Err(NotifyError::Invalid(check.0));
        };
        let content = Content { kind: self.kind, category, title, body, link, data };
        let idempotency = key.map(|key| Idempotency {
            // Hosts have no API key here; the prefix keeps their keys apart from those of every API key.
            slot: digest(&["library", &key]),
            request: request_digest(&recipients, &content),
        });
        Ok(NotifyRequest { recipients, content, idempotency, mail })
    }
}

fn idempotency_key(text: &str) -> Result<String, Violation> {
    if !(1..=255).contains(&text.chars().count()) {
        return Err(Violation::new("must be 1 to 255 characters"));
    }
    Ok(text.to_owned())
}

/// Collects what is wrong.
#[derive(Default)]
struct Check(Vec<InvalidField>);

impl Check {
    fn field<T>(&mut self, field: &'static str, parsed: Result<T, Violation>) -> Option<T> {
        parsed
            .map_err(|violation| self.0.push(InvalidField { field, detail: violation.detail() }))
            .ok()
    }

    fn optional<T>(
        &mut self,
        field: &'static str,
        text: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<T> {
        text.and_then(|text| self.field(field, parse(text)))
    }

    fn recipients(&mut self, users: &[String]) -> Option<Recipients> {
        let parsed: Result<Vec<UserId>, Violation> =
            users.iter().map(|user| UserId::parse(user)).collect();
        let users = self.field("user", parsed)?;
        self.field("user", Recipients::many(users))
    }
}

fn request_digest(recipients: &Recipients, content: &Content) -> Fingerprint {
    let optional =
        |text: Option<&str>| text.map_or_else(|| "0".to_owned(), |text| format!("1{text}"));
    let mut parts = vec![
        content.kind.name().to_owned(),
        optional(content.category.as_ref().map(CategoryKey::as_str)),
        content.title.as_str().to_owned(),
        optional(content.body.as_ref().map(Body::as_str)),
        optional(content.link.as_ref().map(Link::as_str)),
        optional(content.data.as_ref().map(Data::as_json)),
    ];
    parts.extend(recipients.users().iter().map(|user| user.as_str().to_owned()));
    digest(&parts)
}

/// A digest of parts that cannot flow together.
fn digest<S: AsRef<str>>(parts: &[S]) -> Fingerprint {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for part in parts.iter().map(AsRef::as_ref) {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut fingerprint = Fingerprint([0; 32]);
    fingerprint.0.copy_from_slice(context.finish().as_ref());
    fingerprint
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(notification: NewNotification) -> Result<NotifyRequest, NotifyError> {
        notification.into_request(MailPolicy::Off)
    }

    #[test]
    fn everything_that_is_wrong_is_named_together() {
        let notification = NewNotification::to("")
            .body("x".repeat(4_001))
            .link("//evil.example")
            .category("Not A Key")
            .data(serde_json::json!([1]))
            .idempotency_key("");
        let NotifyError::Invalid(fields) = request(notification).unwrap_err() else {
            panic!("it is invalid")
        };
        let names: Vec<&str> = fields.iter().map(|field| field.field).collect();
        let expected = ["user", "category", "title", "body", "link", "data", "idempotency key"];
        assert_eq!(names, expected);
    }

    #[test]
    fn duplicates_are_removed() {
        let request = request(NewNotification::to_many(["a", "b", "a"]).title("x")).unwrap();
        let users: Vec<&str> = request.recipients.users().iter().map(UserId::as_str).collect();
        assert_eq!(users, ["a", "b"]);
    }

    #[test]
    fn the_same_request_has_the_same_digest_and_another_one_another() {
        let digests = |notification: NewNotification| {
            request(notification.idempotency_key("k")).unwrap().idempotency.unwrap()
        };
        let first = digests(NewNotification::to("a").title("x"));
        assert_eq!(first, digests(NewNotification::to("a").title("x")));
        for other in [
            NewNotification::to("b").title("x"),
            NewNotification::to("a").title("y"),
            NewNotification::to("a").title("x").body("0"),
            NewNotification::to("a").title("x").kind(NotificationType::Error),
        ] {
            let other = digests(other);
            assert_eq!(first.slot, other.slot);
            assert_ne!(first.request, other.request);
        }
    }
}
