//! The keys that verify tokens: from a secret, a PEM file or a JWK. Each is bound to one algorithm. Not here: fetching
//! a key set (`jwks`).

use aws_lc_rs::rsa::PublicKey;
use aws_lc_rs::signature::RsaPublicKeyComponents;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// Parses the name of an algorithm that we accept at all, exactly as RFC 7518 writes it.
pub(super) fn algorithm(name: &str) -> Option<Algorithm> {
    Some(match name {
        "HS256" => Algorithm::HS256,
        "RS256" => Algorithm::RS256,
        "ES256" => Algorithm::ES256,
        "EdDSA" => Algorithm::EdDSA,
        _ => return None,
    })
}

/// A key, and the one algorithm that it verifies.
#[derive(Clone)]
pub(super) struct VerifyingKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl VerifyingKey {
    /// The shared secret of HS256.
    pub(super) fn secret(secret: &[u8]) -> Self {
        Self { algorithm: Algorithm::HS256, key: DecodingKey::from_secret(secret) }
    }

    /// A public key in PEM; its kind decides the algorithm. The error says what is wrong, and nothing of the content.
    pub(super) fn pem(pem: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(pem).map_err(|_error| "is not a PEM file")?;
        if text.contains("PRIVATE KEY-----") {
            return Err("holds a private key; give the public one");
        }
        if text.matches("-----BEGIN ").count() != 1 {
            return Err("must hold exactly one public key in PEM");
        }
        if !text.contains("-----BEGIN PUBLIC KEY-----")
            && !text.contains("-----BEGIN RSA PUBLIC KEY-----")
        {
            return Err("must hold a public key (BEGIN PUBLIC KEY)");
        }
        let elliptic = || DecodingKey::from_ec_pem(pem).map(|key| (Algorithm::ES256, key));
        let edwards = || DecodingKey::from_ed_pem(pem).map(|key| (Algorithm::EdDSA, key));
        let rsa = || DecodingKey::from_rsa_pem(pem).map(|key| (Algorithm::RS256, key));
        let (algorithm, key) = elliptic()
            .or_else(|_| edwards())
            .or_else(|_| rsa())
            .map_err(|_error| "is no public key of a supported kind (RSA, EC P-256 or Ed25519)")?;
        let bytes = key.try_get_as_bytes().unwrap_or_default();
        let usable = match algorithm {
            Algorithm::ES256 => bytes.len() == P256_POINT && bytes.first() == Some(&4),
            Algorithm::EdDSA => bytes.len() == ED25519_KEY,
            _ => modulus_length(bytes).is_some_and(|length| RSA_MODULUS.contains(&length)),
        };
        if usable {
            Ok(Self { algorithm, key })
        } else {
            Err("must be RSA of 2048 to 8192 bits, EC P-256 or Ed25519")
        }
    }

    /// The algorithm.
    pub(super) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` (base64url) signs `message` under this key.
    pub(super) fn verifies(&self, message: &[u8], signature: &str) -> bool {
        jsonwebtoken::crypto::verify(signature, message, &self.key, self.algorithm).unwrap_or(false)
    }
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifyingKey({:?})", self.algorithm)
    }
}

/// An uncompressed point of P-256.
const P256_POINT: usize = 65;
/// A key of Ed25519.
const ED25519_KEY: usize = 32;
/// Bytes of a modulus of 2048 to 8192 bits.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

fn modulus_length(der: &[u8]) -> Option<usize> {
    let key = PublicKey::from_der(der).ok()?;
    Some(RsaPublicKeyComponents::<Vec<u8>>::from(&key).n.len())
}

/// A key of a key set (RFC 7517), as far as it concerns us.
#[derive(Debug, Deserialize)]
pub(super) struct Jwk {
    kty: String,
    crv: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    pub(super) kid: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    key_ops: Option<Vec<String>>,
}

impl Jwk {
    /// The key, if it is a signing key of a kind that we accept. Its kind and curve decide the algorithm; an `alg` that
    /// says otherwise makes it useless, and a symmetric key in a public set always is.
    pub(super) fn verifying_key(&self) -> Option<VerifyingKey> {
        let signs = self.r#use.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        let (algorithm, key) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", None) => (Algorithm::RS256, self.rsa()?),
            ("EC", Some("P-256")) => (Algorithm::ES256, self.p256()?),
            ("OKP", Some("Ed25519")) => (Algorithm::EdDSA, self.ed25519()?),
            _ => return None,
        };
        let claims = self.alg.as_deref().is_none_or(|name| {
            self::algorithm(name) == Some(algorithm)
                || (name == "Ed25519" && algorithm == Algorithm::EdDSA)
        });
        (signs && claims).then_some(VerifyingKey { algorithm, key })
    }

    fn rsa(&self) -> Option<DecodingKey> {
        let modulus = decode(self.n.as_deref()?)?;
        let exponent = decode(self.e.as_deref()?)?;
        let zeros = modulus.iter().take_while(|&&byte| byte == 0).count();
        let modulus = &modulus[zeros..];
        (RSA_MODULUS.contains(&modulus.len()) && (1..=8).contains(&exponent.len()))
            .then(|| DecodingKey::from_rsa_raw_components(modulus, &exponent))
    }

    fn p256(&self) -> Option<DecodingKey> {
        let (x, y) = (decode(self.x.as_deref()?)?, decode(self.y.as_deref()?)?);
        (x.len() == 32 && y.len() == 32)
            .then(|| DecodingKey::from_ec_der(&[&[4], x.as_slice(), y.as_slice()].concat()))
    }

    fn ed25519(&self) -> Option<DecodingKey> {
        let x = decode(self.x.as_deref()?)?;
        (x.len() == ED25519_KEY).then(|| DecodingKey::from_ed_der(&x))
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys made by `openssl`, for tests alone.
    const RSA_PEM: &str = include_str!("../../tests/keys/rsa.pub.pem");
    const EC_PEM: &str = include_str!("../../tests/keys/p256.pub.pem");
    const ED_PEM: &str = include_str!("../../tests/keys/ed25519.pub.pem");

    #[rstest::rstest]
    #[case(RSA_PEM, Algorithm::RS256)]
    #[case(include_str!("../../tests/keys/rsa1.pub.pem"), Algorithm::RS256)]
    #[case(EC_PEM, Algorithm::ES256)]
    #[case(ED_PEM, Algorithm::EdDSA)]
    fn the_kind_of_a_public_key_decides_its_algorithm(
        #[case] pem: &str,
        #[case] algorithm: Algorithm,
    ) {
        assert_eq!(VerifyingKey::pem(pem.as_bytes()).unwrap().algorithm(), algorithm);
    }

    #[rstest::rstest]
    #[case("")]
    #[case("not a key")]
    #[case("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")]
    #[case(include_str!("../../tests/keys/rsa.pem"))]
    #[case(include_str!("../../tests/keys/p384.pub.pem"))]
    #[case(include_str!("../../tests/keys/rsa1024.pub.pem"))]
    fn a_key_that_cannot_verify_safely_is_refused(#[case] pem: &str) {
        assert!(VerifyingKey::pem(pem.as_bytes()).is_err());
    }

    #[test]
    fn two_keys_in_a_file_are_refused_rather_than_one_ignored() {
        assert!(VerifyingKey::pem(format!("{RSA_PEM}{EC_PEM}").as_bytes()).is_err());
    }

    fn jwk(json: serde_json::Value) -> Option<Algorithm> {
        serde_json::from_value::<Jwk>(json).unwrap().verifying_key().map(|key| key.algorithm())
    }

    #[test]
    fn a_jwk_is_bound_to_the_algorithm_of_its_kind() {
        let coordinate = URL_SAFE_NO_PAD.encode([7; 32]);
        let modulus = URL_SAFE_NO_PAD.encode([0xAB; 256]);
        let ec = |alg: &str| {
            jwk(serde_json::json!({
                "kty": "EC", "crv": "P-256", "alg": alg, "x": coordinate, "y": coordinate,
            }))
        };
        assert_eq!(ec("ES256"), Some(Algorithm::ES256));
        assert_eq!(ec("HS256"), None);
        assert_eq!(ec("ES384"), None);
        let rsa = |member: &str, value: serde_json::Value| {
            let mut key = serde_json::json!({"kty": "RSA", "n": modulus, "e": "AQAB"});
            key[member] = value;
            jwk(key)
        };
        assert_eq!(rsa("use", "sig".into()), Some(Algorithm::RS256));
        assert_eq!(rsa("key_ops", serde_json::json!(["verify"])), Some(Algorithm::RS256));
        assert_eq!(rsa("use", "enc".into()), None);
        assert_eq!(rsa("key_ops", serde_json::json!(["encrypt"])), None);
        assert_eq!(rsa("alg", "PS256".into()), None);
        assert_eq!(rsa("n", URL_SAFE_NO_PAD.encode([0xAB; 128]).into()), None);
        assert_eq!(rsa("n", "!".into()), None);
    }

    #[test]
    fn a_symmetric_key_in_a_public_set_is_useless() {
        assert_eq!(jwk(serde_json::json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"})), None);
        assert_eq!(jwk(serde_json::json!({"kty": "OKP", "crv": "Ed448", "x": "AAAA"})), None);
    }
}
