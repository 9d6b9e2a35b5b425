//! The token in the link that unsubscribes: opaque, deterministic, forgeable by nobody. Not here: the URL, and what happens when
//! somebody follows it.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grelot_core::{CategoryKey, UserId};

const VERSION: u8 = 1;
/// The longest token that is looked at: the longest user id and category key make a shorter one.
const MAX_LENGTH: usize = 1_024;
/// Between the user and the category. A user id is printable, so it is in neither.
const SEPARATOR: u8 = 0;

/// The secret could not be made a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret for unsubscribe links cannot be used by the crypto library")]
pub struct UnsubscribeKeyError;

/// Makes and reads the tokens of one installation.
///
/// A token names a user, and a category or none (all mail). The same two give the same token each time, so the nonce is
/// derived from them (as in SIV): two tokens share a nonce only if they are the same token. Nothing expires: a mail may be read
/// years later, and has to unsubscribe then.
pub struct UnsubscribeTokens {
    seal: LessSafeKey,
    nonce: hmac::Key,
}

impl UnsubscribeTokens {
    /// The tokens of the installation whose secret this is.
    ///
    /// # Errors
    /// [`UnsubscribeKeyError`] when the crypto library refuses the key.
    pub fn new(secret: &[u8; 32]) -> Result<Self, UnsubscribeKeyError> {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derive = |purpose: &str| hmac::sign(&secret, purpose.as_bytes());
        let seal = UnboundKey::new(&AES_256_GCM, derive("grelot/unsubscribe/seal/1").as_ref())
            .map_err(|_unspecified| UnsubscribeKeyError)?;
        let nonce = derive("grelot/unsubscribe/nonce/1");
        Ok(Self {
            seal: LessSafeKey::new(seal),
            nonce: hmac::Key::new(hmac::HMAC_SHA256, nonce.as_ref()),
        })
    }

    /// The token that unsubscribes `user` from `category`, or from all mail.
    pub fn seal(&self, user: &UserId, category: Option<&CategoryKey>) -> String {
        let mut plain = Vec::with_capacity(256);
        plain.extend_from_slice(user.as_str().as_bytes());
        plain.push(SEPARATOR);
        plain.extend_from_slice(category.map_or("", CategoryKey::as_str).as_bytes());

        let nonce = self.nonce(&plain);
        let mut token = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        token.push(VERSION);
        token.extend_from_slice(&nonce);
        let tag = self.seal.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from([VERSION]),
            &mut plain,
        );
        // It fails for texts of gigabytes only; an empty token is one that nothing opens.
        let Ok(tag) = tag else { return String::new() };
        token.extend_from_slice(&plain);
        token.extend_from_slice(tag.as_ref());
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Whom and what a token unsubscribes; `None` when this installation did not make it.
    pub fn open(&self, token: &str) -> Option<(UserId, Option<CategoryKey>)> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (&mut version, rest) = bytes.split_first_mut()?;
        if version != VERSION {
            return None;
        }
        let (nonce, sealed) = rest.split_first_chunk_mut::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.seal.open_in_place(nonce, Aad::from([VERSION]), sealed).ok()?;
        let at = plain.iter().position(|&byte| byte == SEPARATOR)?;
        let user = UserId::parse(std::str::from_utf8(&plain[..at]).ok()?).ok()?;
        let category = std::str::from_utf8(&plain[at + 1..]).ok()?;
        if category.is_empty() {
            return Some((user, None));
        }
        Some((user, Some(CategoryKey::parse(category).ok()?)))
    }

    fn nonce(&self, plain: &[u8]) -> [u8; NONCE_LEN] {
        let code = hmac::sign(&self.nonce, plain);
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&code.as_ref()[..NONCE_LEN]);
        nonce
    }
}

impl fmt::Debug for UnsubscribeTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsubscribeTokens").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tokens() -> UnsubscribeTokens {
        UnsubscribeTokens::new(&[7; 32]).unwrap()
    }

    fn user(id: &str) -> UserId {
        UserId::parse(id).unwrap()
    }

    fn key(key: &str) -> CategoryKey {
        CategoryKey::parse(key).unwrap()
    }

    #[test]
    fn a_token_opens_to_what_was_sealed() {
        let long = "é".repeat(128);
        for id in ["u_1", "Zoé Müller", "用户", &long] {
            for category in [None, Some(key("billing")), Some(key(&"a".repeat(64)))] {
                let token = tokens().seal(&user(id), category.as_ref());
                assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
                assert!(token.len() <= MAX_LENGTH, "{}", token.len());
                assert_eq!(tokens().open(&token), Some((user(id), category)));
            }
        }
    }

    #[test]
    fn a_token_is_the_same_each_time_and_differs_for_each_user_and_category() {
        let tokens = tokens();
        let billing = tokens.seal(&user("u_1"), Some(&key("billing")));
        assert_eq!(billing, tokens.seal(&user("u_1"), Some(&key("billing"))));
        assert_ne!(billing, tokens.seal(&user("u_2"), Some(&key("billing"))));
        assert_ne!(billing, tokens.seal(&user("u_1"), None));
    }

    #[test]
    fn a_token_shows_neither_user_nor_category() {
        let token = tokens().seal(&user("u_1_visible"), Some(&key("billing")));
        let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("visible") && !text.contains("billing"));
    }

    #[test]
    fn another_installation_does_not_open_it() {
        let token = tokens().seal(&user("u_1"), None);
        assert_eq!(UnsubscribeTokens::new(&[8; 32]).unwrap().open(&token), None);
    }

    #[test]
    fn a_debug_shows_no_key() {
        assert_eq!(format!("{:?}", tokens()), "UnsubscribeTokens { .. }");
    }

    #[test]
    fn what_is_cut_off_anywhere_does_not_open() {
        let token = tokens().seal(&user("u_1"), Some(&key("billing")));
        for end in 0..token.len() {
            assert_eq!(tokens().open(&token[..end]), None, "{end}");
            assert_eq!(
                tokens().open(&format!("{token}{}", &token[..end])),
                (end == 0).then(|| (user("u_1"), Some(key("billing"))))
            );
        }
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let token = tokens().seal(&user("u_1"), Some(&key("billing")));
        let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(tokens().open(&URL_SAFE_NO_PAD.encode(changed)), None, "{bit}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_forged_truncated_or_swapped_token_opens(
            noise in proptest::collection::vec(any::<u8>(), 0..200),
            text in "\\PC{0,120}",
            at in any::<prop::sample::Index>(),
        ) {
            let tokens = tokens();
            let one = URL_SAFE_NO_PAD.decode(tokens.seal(&user("u_1"), Some(&key("billing")))).unwrap();
            let two = URL_SAFE_NO_PAD.decode(tokens.seal(&user("u_2"), Some(&key("account")))).unwrap();
            let cut = 1 + at.index(one.len() - 1);
            let swapped = [&one[..cut], &two[cut..]].concat();
            let overwritten: Vec<u8> = one[..cut].iter().chain(&noise).copied().collect();
            let mut versioned = vec![VERSION];
            versioned.extend_from_slice(&noise);
            for bytes in [&noise, &versioned, &swapped, &overwritten] {
                if *bytes != one && *bytes != two {
                    prop_assert_eq!(tokens.open(&URL_SAFE_NO_PAD.encode(bytes)), None);
                }
            }
            prop_assert_eq!(tokens.open(&text), None);
        }
    }
}
