//! The token in the link by which a mail is unsubscribed from (RFC 8058): whose mails, and of which category. Not here: what
//! the link does (`routes::unsubscribe`), and who puts it into a mail.
//!
//! A token is opaque and authenticated: AES-256-GCM-SIV (RFC 8452) under a key of its own. The nonce is fixed, which this
//! cipher is made to bear: equal subjects get equal tokens, so that a mail that is written again holds the same link,
//! and nothing else shows.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grelot_core::{CategoryKey, UserId};

use crate::state::Secret;

const VERSION: u8 = 1;
/// The longest token: a user id of 128 characters of four bytes, a category key of 64, and 19 bytes around them.
const MAX_CHARS: usize = 800;

/// Makes tokens and reads them.
pub struct UnsubscribeTokens(Option<LessSafeKey>);

/// What a token says: whose mails, and of which category; without one it is all of them.
pub type Unsubscribed = (UserId, Option<CategoryKey>);

impl UnsubscribeTokens {
    /// The tokens of this installation.
    pub fn new(secret: &Secret) -> Self {
        // A key of this length always is one; without a key nothing would be sealed, and nothing opened.
        let key = UnboundKey::new(&AES_256_GCM_SIV, &secret.mac("unsubscribe", &[])).ok();
        Self(key.map(LessSafeKey::new))
    }

    /// The token for mails of `category` to `user`, or for all of them: always the same for the same.
    pub fn seal(&self, user: &UserId, category: Option<&CategoryKey>) -> String {
        let (user, category) = (user.as_str(), category.map_or("", CategoryKey::as_str));
        // A user id has at most 512 bytes.
        let length = u16::try_from(user.len()).unwrap_or(u16::MAX);
        let mut sealed = [&length.to_be_bytes(), user.as_bytes(), category.as_bytes()].concat();
        let key = self.0.as_ref();
        let done = key.map(|key| key.seal_in_place_append_tag(nonce(), aad(), &mut sealed));
        match done {
            Some(Ok(())) => URL_SAFE_NO_PAD.encode([&[VERSION], &*sealed].concat()),
            _ => String::new(),
        }
    }

    /// What the token says; `None` when this installation did not make it.
    pub fn open(&self, token: &str) -> Option<Unsubscribed> {
        if token.len() > MAX_CHARS {
            return None;
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (&mut VERSION, sealed) = bytes.split_first_mut()? else {
            return None;
        };
        let plain = self.0.as_ref()?.open_in_place(nonce(), aad(), sealed).ok()?;
        let (length, rest) = plain.split_first_chunk::<2>()?;
        let (user, category) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let user = UserId::parse(std::str::from_utf8(user).ok()?).ok()?;
        let category = match std::str::from_utf8(category).ok()? {
            "" => None,
            key => Some(CategoryKey::parse(key).ok()?),
        };
        Some((user, category))
    }
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

fn aad() -> Aad<[u8; 1]> {
    Aad::from([VERSION])
}

impl fmt::Debug for UnsubscribeTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnsubscribeTokens(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn tokens() -> UnsubscribeTokens {
        UnsubscribeTokens::new(&Secret::new([7; 32]))
    }

    fn user(text: &str) -> UserId {
        UserId::parse(text).unwrap()
    }

    fn key(text: &str) -> CategoryKey {
        CategoryKey::parse(text).unwrap()
    }

    #[test]
    fn a_token_opens_to_what_it_was_sealed_for_and_is_always_the_same() {
        let long = "🔔".repeat(UserId::MAX_CHARS);
        for name in ["u", "u_1", "o'hara é", &long] {
            for category in [None, Some(key("billing")), Some(key(&"x".repeat(64)))] {
                let sealed = tokens().seal(&user(name), category.as_ref());
                assert_eq!(sealed, tokens().seal(&user(name), category.as_ref()));
                assert_eq!(tokens().open(&sealed), Some((user(name), category)));
                assert!(sealed.len() <= MAX_CHARS);
                let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
                assert!(sealed.bytes().all(plain), "{sealed}");
            }
        }
    }

    #[test]
    fn another_installation_s_token_does_not_open() {
        let sealed = UnsubscribeTokens::new(&Secret::new([8; 32])).seal(&user("u"), None);
        assert_eq!(tokens().open(&sealed), None);
    }

    #[test]
    fn what_one_token_says_does_not_flow_into_another() {
        let all = [
            tokens().seal(&user("ab"), None),
            tokens().seal(&user("a"), Some(&key("b"))),
            tokens().seal(&user("a"), None),
            tokens().seal(&user("b"), Some(&key("a"))),
        ];
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }

    /// Bytes of a token that were altered, cut off, exchanged with another's, or never were one: some 25,000.
    #[test]
    fn of_many_forged_truncated_and_swapped_tokens_none_opens() {
        let real = [
            tokens().seal(&user("u_1"), Some(&key("billing"))),
            tokens().seal(&user("u_2"), Some(&key("billing"))),
            tokens().seal(&user("u_1"), None),
        ];
        let mut forged: HashSet<String> = HashSet::new();
        for token in &real {
            let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
            for at in 0..bytes.len() {
                for other in 0..=255 {
                    let mut altered = bytes.clone();
                    altered[at] = other;
                    forged.insert(URL_SAFE_NO_PAD.encode(altered));
                }
                forged.insert(URL_SAFE_NO_PAD.encode(&bytes[..at]));
                forged.insert(URL_SAFE_NO_PAD.encode(&bytes[at + 1..]));
            }
            forged.extend((0..token.len()).map(|at| token[..at].to_owned()));
            forged.extend(["A", "=", ".", "é", token].map(|more| format!("{token}{more}")));
            forged.insert(token.to_ascii_uppercase());
            for other in &real {
                let swap = |at| format!("{}{}", &token[..at], &other[at..]);
                forged.extend((0..token.len().min(other.len())).map(swap));
            }
        }
        forged.insert("A".repeat(100_000));
        for token in &real {
            forged.remove(token);
        }
        assert!(forged.len() > 20_000, "{}", forged.len());
        for token in forged {
            assert_eq!(tokens().open(&token), None, "{token:.100}");
        }
    }

    proptest::proptest! {
        #[test]
        fn random_text_and_random_bytes_never_open(text in ".*", bytes in proptest::collection::vec(0u8.., 0..200)) {
            proptest::prop_assert_eq!(tokens().open(&text), None);
            let mut bytes = bytes;
            bytes.insert(0, VERSION);
            proptest::prop_assert_eq!(tokens().open(&URL_SAFE_NO_PAD.encode(bytes)), None);
        }
    }
}
