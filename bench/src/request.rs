//! Requests as bytes, and the tokens in them. Not here: sending them.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The HS256 secret that the measured server is started with.
pub(crate) const SECRET: &str = "a secret of the benchmark, on the loopback interface only";

/// What every measured notification says.
pub(crate) const CONTENT: &str = r#""type":"SUCCESS","category":"billing","title":"Invoice ready","body":"March is ready.","link":"/invoices/42","data":{"invoice":42}"#;

/// The name of the `n`th user.
pub(crate) fn user(n: usize) -> String {
    format!("u_{n}")
}

/// A token of `user` that outlives the run.
pub(crate) fn token(user: &str) -> String {
    let now = now().as_secs();
    let claims = serde_json::json!({ "sub": user, "iat": now, "exp": now + 7_200 });
    signed(r#"{"alg":"HS256","typ":"JWT"}"#, &claims.to_string())
}

/// A token of any header and claims, signed as HS256 whatever they say.
pub(crate) fn signed(header: &str, claims: &str) -> String {
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// The time since 1970.
pub(crate) fn now() -> Duration {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default()
}

/// A GET with a bearer token.
pub(crate) fn get(path: &str, bearer: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {bearer}\r\n\
         accept: */*\r\n\r\n"
    )
    .into_bytes()
}

/// A request with a JSON body and a bearer token.
pub(crate) fn with_body(method: &str, path: &str, bearer: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {bearer}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

/// Opens the stream of `user`.
pub(crate) fn stream(user: &str) -> Vec<u8> {
    get("/api/notifications/stream", &token(user))
}

/// Notifies one user.
pub(crate) fn notify(api_key: &str, user: &str) -> Vec<u8> {
    let body = format!(r#"{{"userId":"{user}",{CONTENT}}}"#);
    with_body("POST", "/api/internal/notify", api_key, body.as_bytes())
}

/// Notifies many users at once.
pub(crate) fn notify_many(api_key: &str, users: impl Iterator<Item = String>) -> Vec<u8> {
    let names: Vec<String> = users.map(|user| format!("\"{user}\"")).collect();
    let body = format!(r#"{{"userIds":[{}],{CONTENT}}}"#, names.join(","));
    with_body("POST", "/api/internal/notify", api_key, body.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_carries_its_user_and_verifies() {
        let token = token("u_1");
        let (text, tag) = token.rsplit_once('.').unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let tag = URL_SAFE_NO_PAD.decode(tag).unwrap();
        assert!(hmac::verify(&key, text.as_bytes(), &tag).is_ok());
        let claims = URL_SAFE_NO_PAD.decode(text.split_once('.').unwrap().1).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["sub"], "u_1");
    }

    #[test]
    fn a_body_is_valid_json_of_the_said_length() {
        let request = String::from_utf8(notify("key", "u_1")).unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())));
        assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["userId"], "u_1");
    }
}
