//! The mail as it goes over the wire: headers, two parts, bytes. Not here: what it says (`mailroom`).

use std::time::{Duration, SystemTime};

use grelot_core::Timestamp;
use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Message, MessageBuilder, MultiPart, MultiPartKind, SinglePart};
use url::Url;

use crate::address::{AddressError, Mailbox};
use crate::language::Language;
use crate::mailroom::Rendered;
use crate::message::Letter;
use crate::text::lines;

/// The most bytes of a URL in a header, so that its line stays within what relays take (998).
const MAX_HEADER_URL: usize = 900;
/// 9999-12-31, the last day that a date in a header can be.
const LAST_DATE: u64 = 253_402_214_400;

/// Why a letter cannot become a mail, however often it is tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// The recipient's address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The id of the delivery.
    #[error(
        "the id of the delivery must be 1 to 64 letters and digits, so that it can be a Message-ID"
    )]
    Id,
    /// The URL that unsubscribes.
    #[error("the URL that unsubscribes must be an absolute http or https URL of at most 900 bytes")]
    Unsubscribe,
    /// The mail that was made is not what a relay may be sent.
    #[error("the mail could not be encoded: {0}")]
    Encoding(String),
}

/// A mail, ready for a relay.
#[derive(Clone, Debug)]
pub struct Mail {
    pub(crate) from: Address,
    pub(crate) to: Address,
    /// The whole message: headers and body, every line ends in CRLF, not yet dot-stuffed.
    pub bytes: Vec<u8>,
    /// Why our own template stands in for that of the host, when it does.
    pub fallback: Option<String>,
}

/// Makes the message of a letter that was rendered.
pub(crate) fn compose(
    from: &Mailbox,
    letter: &Letter,
    rendered: Rendered,
    date: Timestamp,
) -> Result<Mail, ComposeError> {
    let id = &letter.id;
    if !(1..=64).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(ComposeError::Id);
    }
    let to = Mailbox::new(letter.name.as_deref(), &letter.to)?;
    let language = letter.locale.as_deref().filter(|tag| is_tag(tag));
    let language = language.unwrap_or_else(|| Language::of(None).tag());
    let seconds = u64::try_from(date.seconds()).unwrap_or(0).min(LAST_DATE);
    let mut headers = Message::builder()
        .from(from.header())
        .to(to.header())
        .subject(rendered.subject)
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    headers = raw(headers, "Message-ID", format!("<{id}@{}>", from.domain()));
    headers = raw(headers, "Auto-Submitted", "auto-generated".to_owned());
    headers = raw(headers, "Content-Language", language.to_owned());
    if let Some(url) = &letter.unsubscribe {
        headers = raw(headers, "List-Unsubscribe", format!("<{}>", in_header(url)?));
        headers = raw(headers, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned());
    }
    // Neither quoted-printable nor base64 can make `=_`, and the same letter is the same mail.
    let parts = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("=_{id}"))
        .singlepart(part(ContentType::TEXT_PLAIN, &rendered.text)?)
        .singlepart(part(ContentType::TEXT_HTML, &rendered.html)?);
    let message =
        headers.multipart(parts).map_err(|error| ComposeError::Encoding(error.to_string()))?;
    let bytes = message.formatted();
    whole_lines(&bytes)?;
    Ok(Mail { from: from.address.clone(), to: to.address, bytes, fallback: rendered.fallback })
}

/// A header of ASCII that must neither be folded nor encoded.
fn raw(headers: MessageBuilder, name: &'static str, value: String) -> MessageBuilder {
    let name = HeaderName::new_from_ascii_str(name);
    headers.raw_header(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value))
}

/// The URL in its ASCII form, in which no white space, control character or angle bracket is left.
fn in_header(url: &str) -> Result<String, ComposeError> {
    let url = Url::parse(url).map_err(|_invalid| ComposeError::Unsubscribe)?;
    let text = String::from(url);
    let web = text.starts_with("https://") || text.starts_with("http://");
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'>');
    if web && plain && text.len() <= MAX_HEADER_URL {
        return Ok(text);
    }
    Err(ComposeError::Unsubscribe)
}

fn is_tag(tag: &str) -> bool {
    (1..=71).contains(&tag.len())
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A body in an encoding that leaves no line of the text as it was: no bare CR or LF, no dot, no long line gets through it.
fn part(kind: ContentType, text: &str) -> Result<SinglePart, ComposeError> {
    let text = lines(text).replace('\n', "\r\n");
    // Quoted-printable triples what is not ASCII, base64 adds a third to everything.
    let wide = text.bytes().filter(|byte| !byte.is_ascii()).count();
    let encoding = if wide * 6 > text.len() {
        ContentTransferEncoding::Base64
    } else {
        ContentTransferEncoding::QuotedPrintable
    };
    let body = Body::new_with_encoding(text, encoding)
        .map_err(|_refused| ComposeError::Encoding("a part cannot be encoded".to_owned()))?;
    Ok(SinglePart::builder().header(kind).body(body))
}

/// The last look: a CR or LF by itself, or a NUL, would let what follows be read as an SMTP command by some relays.
fn whole_lines(bytes: &[u8]) -> Result<(), ComposeError> {
    let mut previous = 0;
    for &byte in bytes.iter().chain(&[0x20]) {
        if byte == 0 || (byte == b'\n') != (previous == b'\r') {
            return Err(ComposeError::Encoding("a line does not end in CRLF".to_owned()));
        }
        previous = byte;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(b"a\r\nb\r\n", true)]
    #[case(b"", true)]
    #[case(b"a\nb", false)]
    #[case(b"a\rb", false)]
    #[case(b"a\r", false)]
    #[case(b"\r\r\n", false)]
    #[case(b"a\0", false)]
    fn a_line_ends_in_cr_lf_and_nothing_else(#[case] bytes: &[u8], #[case] whole: bool) {
        assert_eq!(whole_lines(bytes).is_ok(), whole);
    }

    #[rstest::rstest]
    #[case("https://example.com/u?t=a_b-c", Some("https://example.com/u?t=a_b-c"))]
    #[case("https://exämple.com/é<x>\r\n", Some("https://xn--exmple-cua.com/%C3%A9%3Cx%3E"))]
    #[case("mailto:a@example.com", None)]
    #[case("/unsubscribe", None)]
    fn a_url_in_a_header_is_ascii(#[case] url: &str, #[case] written: Option<&str>) {
        assert_eq!(in_header(url).ok().as_deref(), written);
    }

    #[test]
    fn a_url_that_no_line_holds_is_refused() {
        let url = format!("https://example.com/{}", "a".repeat(900));
        assert_eq!(in_header(&url), Err(ComposeError::Unsubscribe));
    }
}
