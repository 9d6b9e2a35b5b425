//! The id of a request: the caller's, if it is harmless, else a new one. Not here: writing it anywhere.

use http::{HeaderMap, HeaderName, HeaderValue};

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that a caller may choose.
const MAX: usize = 64;

/// The id of a request. Rides in the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id that the request brings, or a new one.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let brought = headers.get(X_REQUEST_ID).filter(|value| is_harmless(value.as_bytes()));
        brought.map_or_else(Self::random, |value| Self(value.clone()))
    }

    fn random() -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 32];
        let random: [u8; 16] = rand::random();
        for (pair, byte) in text.chunks_exact_mut(2).zip(random) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        // Hexadecimal digits always make a header value; the fallback keeps this free of a panic.
        Self(HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("-")))
    }

    /// As a header.
    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("-")
    }
}

fn is_harmless(bytes: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    (1..=MAX).contains(&bytes.len()) && bytes.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(brought: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_bytes(brought).unwrap());
        RequestId::of(&headers).as_str().to_owned()
    }

    #[test]
    fn a_harmless_id_is_kept() {
        assert_eq!(of(b"req_1-A"), "req_1-A");
        assert_eq!(of(&[b'a'; 64]), "a".repeat(64));
    }

    #[rstest::rstest]
    #[case(b"")]
    #[case(&[b'a'; 65])]
    #[case(b"a b")]
    #[case(b"a\"b")]
    #[case(b"a.b")]
    #[case(b"\xc3\xa9")]
    fn another_is_replaced(#[case] brought: &[u8]) {
        let id = of(brought);
        assert_eq!(id.len(), 32);
        assert!(id.bytes().all(|b| b.is_ascii_hexdigit()));
    }

    #[test]
    fn new_ids_differ() {
        assert_ne!(RequestId::of(&HeaderMap::new()), RequestId::of(&HeaderMap::new()));
    }
}
