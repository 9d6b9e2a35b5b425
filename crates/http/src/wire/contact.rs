//! How a user is reached, as a request and as an answer.

use grelot_core::language::parse_tag;
use grelot_core::{Contact, Violation};
use serde::Serialize;
use utoipa::ToSchema;

use crate::json::{Errors, Field, FromJson, Object};

/// How a user is reached, replaced as a whole: what is absent or null is unknown from then on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contact, examples(json!({
    "email": "ada@example.com", "name": "Ada Lovelace", "locale": "fr", "timezone": "Europe/Paris"
})))]
pub(crate) struct ContactOut<'a> {
    /// Email address.
    #[schema(min_length = 3, max_length = 254)]
    email: Option<&'a str>,
    /// Name, as a mail greets it.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<&'a str>,
    /// BCP 47 language tag.
    #[schema(max_length = 71)]
    locale: Option<&'a str>,
    /// IANA time zone.
    #[schema(max_length = 64)]
    timezone: Option<&'a str>,
}

impl<'a> From<&'a Contact> for ContactOut<'a> {
    fn from(contact: &'a Contact) -> Self {
        Self {
            email: contact.email.as_deref(),
            name: contact.name.as_deref(),
            locale: contact.locale.as_deref(),
            timezone: contact.timezone.as_deref(),
        }
    }
}

/// A contact that was sent.
#[derive(Debug)]
pub(crate) struct ContactIn(pub(crate) Contact);

impl FromJson for ContactIn {
    fn from_json(field: &Field<'_>, errors: &mut Errors) -> Option<Self> {
        let object = Object::read(field, &["email", "name", "locale", "timezone"], errors)?;
        let mut member = |name, parse: fn(&str) -> Result<String, Violation>| {
            let field = object.optional(name).and_then(Field::non_null)?;
            field.parse(errors, parse)
        };
        // What is refused is recorded, so that the whole body is.
        Some(Self(Contact {
            email: member("email", email),
            name: member("name", name),
            locale: member("locale", parse_tag),
            timezone: member("timezone", timezone),
        }))
    }
}

/// An address as mail systems really take it (the grammar of HTML's `input type=email`, and lengths of RFC 5321): no
/// comments, no quoting, no white space, so that nothing in it can become a header or a second recipient.
fn email(text: &str) -> Result<String, Violation> {
    const MESSAGE: Violation = Violation::new("must be an email address, at most 254 characters");
    let (local, domain) = text.split_once('@').ok_or(MESSAGE)?;
    let local_char =
        |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c) || is_letter(c);
    let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    let local_fits = (1..=64).contains(&local.len()) && dots && local.chars().all(local_char);
    if text.len() > 254 || !local_fits || !domain.split('.').all(is_label) {
        return Err(MESSAGE);
    }
    Ok(text.to_owned())
}

/// One part of a domain name.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || is_letter(c))
}

/// A letter or digit beyond ASCII (RFC 6531): neither space nor control nor invisible.
fn is_letter(c: char) -> bool {
    !c.is_ascii() && c.is_alphanumeric()
}

fn name(text: &str) -> Result<String, Violation> {
    let length = text.chars().take(201).count();
    if length == 0 || length > 200 || text.contains('\0') {
        return Err(Violation::new("must be 1 to 200 characters, without U+0000"));
    }
    Ok(text.to_owned())
}

fn timezone(text: &str) -> Result<String, Violation> {
    jiff::tz::TimeZone::get(text)
        .map(|_| text.to_owned())
        .map_err(|_unknown| Violation::new("must be an IANA time zone such as Europe/Paris"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("ada@example.com", true)]
    #[case("a.b+c_d@sub.example.co", true)]
    #[case("o'hara@localhost", true)]
    #[case("zoé@exämple.fr", true)]
    #[case("", false)]
    #[case("@example.com", false)]
    #[case("a@", false)]
    #[case("a@b@c", false)]
    #[case("a b@example.com", false)]
    #[case("a@example.com\r\nBcc: x@y", false)]
    #[case("a,b@example.com", false)]
    #[case("\"a\"@example.com", false)]
    #[case("a@-example.com", false)]
    #[case("a@example..com", false)]
    #[case("a..b@example.com", false)]
    #[case("<a@example.com>", false)]
    #[case("a@example.com\0", false)]
    #[case("a\u{a0}b@example.com", false)]
    fn an_email_address_is_plain(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(email(text).is_ok(), valid);
    }

    #[test]
    fn an_email_address_has_at_most_254_bytes() {
        let domain = |n: usize| {
            format!("{}.{}.{}.{}", "a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(n))
        };
        assert!(email(&format!("{}@{}", "x".repeat(10), domain(51))).is_ok());
        assert!(email(&format!("{}@{}", "x".repeat(10), domain(52))).is_err());
        assert!(email(&format!("{}@example.com", "x".repeat(65))).is_err());
    }

    #[test]
    fn zones_are_known_ones() {
        assert!(timezone("Europe/Paris").is_ok());
        assert!(timezone("UTC").is_ok());
        assert!(timezone("Mars/Olympus").is_err());
        assert!(timezone("../../etc/passwd").is_err());
        assert!(timezone("").is_err());
    }

    #[test]
    fn a_name_keeps_every_character_but_nul() {
        assert!(name("Zoé Müller").is_ok());
        assert!(name("a\nb").is_ok());
        assert!(name("a\0b").is_err());
        assert!(name(&"é".repeat(200)).is_ok());
        assert!(name(&"é".repeat(201)).is_err());
    }
}
