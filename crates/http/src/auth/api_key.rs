//! API keys: making one, and recognising it. A key is `grelot_<id>_<secret>`: a public id to look it up by, and 256 random
//! bits. Not here: what each scope allows.

use std::sync::Arc;

use aws_lc_rs::{constant_time, digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grelot_core::{ApiKey, Clock, Fingerprint, Scopes, Timestamp};
use grelot_store::{Store, StoreError};
use thiserror::Error;

use super::fresh::Fresh;

const PREFIX: &str = "grelot_";
/// Characters of the public id.
const ID: usize = 12;
/// Characters of 32 bytes in base64url.
const SECRET: usize = 43;
/// Keys, good and bad, whose answer is kept for a second. More bad ones push each other out, not the ones in use.
const CAPACITY: u64 = 10_000;

/// The system gave no random bytes.
#[derive(Clone, Copy, Debug, Error)]
#[error("the system has no randomness to give")]
pub struct NoRandomness;

/// Makes a key: what is stored, and the text that is shown once.
///
/// # Errors
/// [`NoRandomness`], when the system has none to give.
pub fn mint(
    name: String,
    scopes: Scopes,
    now: Timestamp,
) -> Result<(ApiKey, String), NoRandomness> {
    let id = random_id()?;
    let mut secret = [0; 32];
    rand::fill(&mut secret).map_err(|_unspecified| NoRandomness)?;
    let text = format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(secret));
    let digest = fingerprint(&text);
    Ok((ApiKey { id, name, digest, scopes, created_at: now, revoked_at: None }, text))
}

/// Letters and digits that are easy to read aloud: 32 of them, so that five bits make one without bias.
fn random_id() -> Result<String, NoRandomness> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; ID];
    rand::fill(&mut bytes).map_err(|_unspecified| NoRandomness)?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

/// The digest of a whole key. Its secret is 256 random bits: a slow hash would protect nothing.
fn fingerprint(text: &str) -> Fingerprint {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    Fingerprint(bytes)
}

/// The public id of what has the form of a key.
fn id_of(text: &str) -> Option<&str> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let plain = id.len() == ID && id.bytes().all(|b| b.is_ascii_alphanumeric());
    let opaque = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (plain && secret.len() == SECRET && secret.bytes().all(opaque)).then_some(id)
}

/// A key that was recognised.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) id: Arc<str>,
    pub(super) scopes: Scopes,
}

/// Recognises keys. The answer is kept for a second under the digest of what was presented, refusals included, so that a
/// busy key costs one hash, and a revocation by another process is noticed in time.
pub(super) struct KeyRing {
    store: Arc<dyn Store>,
    known: Fresh<Fingerprint, Option<Grant>>,
}

impl KeyRing {
    pub(super) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, known: Fresh::new(CAPACITY, clock) }
    }

    /// What the presented key grants; `None` when it is nobody's, or revoked.
    pub(super) async fn recognise(&self, text: &str) -> Result<Option<Grant>, Arc<StoreError>> {
        let Some(id) = id_of(text) else { return Ok(None) };
        let digest = fingerprint(text);
        self.known.get(&digest, self.look_up(id, digest)).await
    }

    async fn look_up(&self, id: &str, digest: Fingerprint) -> Result<Option<Grant>, StoreError> {
        let stored = self.store.api_key(id).await?;
        Ok(stored.and_then(|key| grant(&key, digest)))
    }
}

/// What a stored key grants whoever presents a key with this digest.
fn grant(stored: &ApiKey, presented: Fingerprint) -> Option<Grant> {
    let same = constant_time::verify_slices_are_equal(&stored.digest.0, &presented.0).is_ok();
    (same && stored.revoked_at.is_none())
        .then(|| Grant { id: Arc::from(stored.id.as_str()), scopes: stored.scopes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use grelot_core::Scope;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn minted() -> (ApiKey, String) {
        mint("ci".to_owned(), Scopes::of(&[Scope::Notify]), NOW).unwrap()
    }

    #[test]
    fn a_key_carries_its_id_and_is_stored_as_a_digest_alone() {
        let (key, text) = minted();
        assert_eq!(id_of(&text), Some(key.id.as_str()));
        assert_eq!(text.len(), PREFIX.len() + ID + 1 + SECRET);
        let secret = &text[text.len() - SECRET..];
        assert!(!format!("{key:?}").contains(secret));
        assert_eq!(key.digest, fingerprint(&text));
        assert_eq!((key.created_at, key.revoked_at), (NOW, None));
        assert_ne!(minted().1, minted().1);
    }

    #[test]
    fn only_the_whole_key_is_granted_anything() {
        let (key, text) = minted();
        let scopes = grant(&key, fingerprint(&text)).unwrap().scopes;
        assert!(scopes.allows(Scope::Notify) && !scopes.allows(Scope::Read));
        let (_, other) = minted();
        let mixed = format!("{PREFIX}{}_{}", key.id, &other[other.len() - SECRET..]);
        assert!(grant(&key, fingerprint(&mixed)).is_none());
        let revoked = ApiKey { revoked_at: Some(NOW), ..key };
        assert!(grant(&revoked, fingerprint(&text)).is_none());
    }

    #[test]
    fn what_has_not_the_form_of_a_key_has_no_id() {
        let (_, text) = minted();
        let hostile = [
            String::new(),
            PREFIX.to_owned(),
            text.to_uppercase(),
            text[1..].to_owned(),
            text[..text.len() - 1].to_owned(),
            format!("{text}a"),
            text.replacen('_', "-", 2),
            format!("grelot_{}_{}", "é".repeat(6), "a".repeat(SECRET)),
            format!("grelot_{}_{}", "a".repeat(ID), "!".repeat(SECRET)),
        ];
        for text in hostile {
            assert_eq!(id_of(&text), None, "{text}");
        }
    }
}
