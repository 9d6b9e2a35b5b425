//! The hostile inputs, and what the contract answers to each. Not here: sending them (`hostile`).

use crate::request::{CONTENT, SECRET, get, signed, token, with_body};

/// The user that the inputs are about. Nothing may come of them.
pub(super) const VICTIM: &str = "victim";

/// What must be answered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expect {
    /// One of these.
    Status(&'static [u16]),
    /// Anything below 500: the contract leaves it open.
    NoServerError,
    /// 200 and a stream that begins with `reset`.
    Reset,
}

/// One input.
#[derive(Debug)]
pub(super) struct Case {
    /// What it is.
    pub(super) name: String,
    /// All its bytes.
    pub(super) request: Vec<u8>,
    /// The answer.
    pub(super) expect: Expect,
}

impl Case {
    /// Whether `status` is the right answer.
    pub(super) fn accepts(&self, status: u16) -> bool {
        match self.expect {
            Expect::Status(allowed) => allowed.contains(&status),
            Expect::NoServerError => status < 500,
            Expect::Reset => status == 200,
        }
    }
}

const INVALID: Expect = Expect::Status(&[422]);
const MALFORMED: Expect = Expect::Status(&[400]);
const EITHER: Expect = Expect::Status(&[400, 422]);
const DENIED: Expect = Expect::Status(&[401]);

/// Every case.
pub(super) fn cases(api_key: &str, foreign_cursor: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, body, expect) in bodies().into_iter().chain(huge_bodies()) {
        let request = with_body("POST", "/api/internal/notify", api_key, &body);
        cases.push(Case { name: format!("body: {name}"), request, expect });
    }
    for (name, head, expect) in heads(api_key) {
        cases.push(Case { name: format!("head: {name}"), request: head, expect });
    }
    for (name, token) in tokens() {
        let request = get("/api/notifications/unread-count", &token);
        cases.push(Case { name: format!("token: {name}"), request, expect: DENIED });
        let request = get("/api/notifications/stream", &token);
        cases.push(Case { name: format!("stream token: {name}"), request, expect: DENIED });
        let request = with_body("POST", "/api/internal/notify", &token, victim("").as_bytes());
        cases.push(Case { name: format!("API key: {name}"), request, expect: DENIED });
    }
    let bearer = token(VICTIM);
    for (query, expect) in queries(foreign_cursor) {
        let name = format!("query: {}", &query[..query.len().min(60)]);
        let request = get(&format!("/api/notifications{query}"), &bearer);
        cases.push(Case { name, request, expect });
    }
    for id in event_ids() {
        let name = format!("Last-Event-ID: {}", &id[..id.len().min(40)]);
        let head = format!(
            "GET /api/notifications/stream HTTP/1.1\r\nhost: 127.0.0.1\r\n\
             authorization: Bearer {bearer}\r\nlast-event-id: {id}\r\n\r\n"
        );
        cases.push(Case { name, request: head.into_bytes(), expect: Expect::Reset });
    }
    cases
}

/// A body for the victim with these members beside the valid ones.
fn victim(members: &str) -> String {
    format!(r#"{{"userId":"{VICTIM}",{CONTENT}{members}}}"#)
}

/// A body for the victim whose title is valid and whose other members are these.
fn titled(members: &str) -> String {
    format!(r#"{{"userId":"{VICTIM}","title":"t",{members}}}"#)
}

fn nested(levels: usize) -> String {
    format!(r#""data":{{"a":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels))
}

fn bodies() -> Vec<(&'static str, Vec<u8>, Expect)> {
    let no_utf8 = [br#"{"userId":"victim","title":""#.as_slice(), &[0xff, 0xfe], br#""}"#].concat();
    let text = |name, body: String, expect| (name, body.into_bytes(), expect);
    vec![
        ("not UTF-8", no_utf8, MALFORMED),
        text("empty", String::new(), MALFORMED),
        text("cut short", victim("").trim_end_matches('}').to_owned(), MALFORMED),
        text("bytes behind it", victim("") + "{}", MALFORMED),
        text("an array", "[]".to_owned(), EITHER),
        text("null", "null".to_owned(), EITHER),
        text("lone surrogate", titled(r#""body":"\ud800""#), MALFORMED),
        text("NUL", titled(r#""body":"\u0000""#), INVALID),
        text("unknown member", victim(r#","admin":true"#), INVALID),
        text("duplicate member", victim(r#","title":"again""#), INVALID),
        text("duplicate in data", titled(r#""data":{"a":1,"a":2}"#), INVALID),
        text("no title", format!(r#"{{"userId":"{VICTIM}"}}"#), INVALID),
        text("no user", r#"{"title":"t"}"#.to_owned(), INVALID),
        text("user and users", victim(r#","userIds":["victim"]"#), INVALID),
        text("wrong type", titled(r#""body":{"a":1}"#), INVALID),
        text("unknown type", titled(r#""type":"FATAL""#), INVALID),
        text("unknown category", titled(r#""category":"no_such""#), INVALID),
        text("category out of alphabet", titled(r#""category":"../etc""#), INVALID),
        text("long body", titled(&format!(r#""body":"{}""#, "é".repeat(4_001))), INVALID),
        text("long user", format!(r#"{{"userId":"{}","title":"t"}}"#, "u".repeat(129)), INVALID),
        text("control in user", r#"{"userId":"a\nb","title":"t"}"#.to_owned(), INVALID),
        text("link to a script", titled(r#""link":"javascript:alert(1)""#), INVALID),
        text("link to another host", titled(r#""link":"//evil.example""#), INVALID),
        text("link with a backslash", titled(r#""link":"/\\evil.example""#), INVALID),
        text("link with a tab", titled(r#""link":"java\tscript:alert(1)""#), INVALID),
        text("data of 33 levels", titled(&nested(32)), INVALID),
        text("data of 30,000 levels", titled(&nested(30_000)), EITHER),
        text("large data", titled(&format!(r#""data":{{"a":"{}"}}"#, "x".repeat(16_400))), INVALID),
        text("data is an array", titled(r#""data":[1]"#), INVALID),
        text("no users", r#"{"userIds":[],"title":"t"}"#.to_owned(), INVALID),
    ]
}

/// Bodies of nearly, or more than, the megabyte that is allowed.
fn huge_bodies() -> Vec<(&'static str, Vec<u8>, Expect)> {
    let text = |name, body: String, expect| (name, body.into_bytes(), expect);
    let names = |count| (0..count).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(",");
    let members: Vec<String> = (0..60_000).map(|n| format!(r#""k{n}":{n}"#)).collect();
    vec![
        text(
            "a text of a megabyte",
            titled(&format!(r#""body":"{}""#, "x".repeat(1_000_000))),
            INVALID,
        ),
        text("open brackets", titled(&format!(r#""data":{}"#, "[".repeat(1_000_000))), EITHER),
        text("open objects", titled(&format!(r#""data":{}"#, r#"{"a":"#.repeat(200_000))), EITHER),
        text(
            "a long number",
            titled(&format!(r#""data":{{"a":{}}}"#, "9".repeat(1_000_000))),
            EITHER,
        ),
        text("60,000 members", titled(&format!(r#""data":{{{}}}"#, members.join(","))), INVALID),
        text(
            "one member 80,000 times",
            titled(r#""data":{},"#.repeat(80_000).trim_end_matches(',')),
            INVALID,
        ),
        text(
            "120,000 users",
            format!(r#"{{"userIds":[{}],"title":"t"}}"#, names(120_000)),
            INVALID,
        ),
        text("1,001 users", format!(r#"{{"userIds":[{}],"title":"t"}}"#, names(1_001)), INVALID),
        text("escapes", titled(&format!(r#""body":"{}""#, r"\u0041".repeat(150_000))), INVALID),
        text("white space", victim("") + &" ".repeat(1_048_576), Expect::Status(&[413])),
        text("two megabytes", "x".repeat(2_097_152), Expect::Status(&[413])),
    ]
}

/// Whole requests whose heads are the matter.
fn heads(api_key: &str) -> Vec<(&'static str, Vec<u8>, Expect)> {
    let body = victim("");
    let length = body.len();
    let bearer = token(VICTIM);
    let notify = |headers: &str, body: &str| {
        let head = "POST /api/internal/notify HTTP/1.1\r\nhost: 127.0.0.1\r\n";
        format!("{head}authorization: Bearer {api_key}\r\n{headers}\r\n\r\n{body}").into_bytes()
    };
    let json = "content-type: application/json\r\n";
    let key = |key: &str| {
        notify(&format!("{json}idempotency-key: {key}\r\ncontent-length: {length}"), &body)
    };
    let cookie = |headers: &str| {
        format!(
            "POST /api/notifications/read-all HTTP/1.1\r\nhost: 127.0.0.1\r\n\
             cookie: grelot_token={bearer}\r\n{headers}content-length: 0\r\n\r\n"
        )
        .into_bytes()
    };
    let plain = |line: &str, headers: &str| {
        format!("{line} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}\r\n").into_bytes()
    };
    let many = "x-many: header\r\n".repeat(300);
    let closed = Expect::Status(&[400, 431]);
    vec![
        (
            "another content type",
            notify(&format!("content-type: text/plain\r\ncontent-length: {length}"), &body),
            Expect::Status(&[415]),
        ),
        (
            "no content type",
            notify(&format!("content-length: {length}"), &body),
            Expect::Status(&[415]),
        ),
        (
            "a length that is a lie",
            notify(&format!("{json}content-length: 99999999999"), &body),
            Expect::Status(&[413]),
        ),
        ("a length that is none", notify(&format!("{json}content-length: -1"), &body), MALFORMED),
        (
            "two lengths",
            notify(&format!("{json}content-length: 1\r\ncontent-length: 2"), &body),
            MALFORMED,
        ),
        ("a bad chunk", notify(&format!("{json}transfer-encoding: chunked"), "zz\r\n"), MALFORMED),
        ("a long idempotency key", key(&"k".repeat(256)), MALFORMED),
        ("an empty idempotency key", key(""), MALFORMED),
        ("300 headers", plain("GET /healthz", &many), closed),
        (
            "a header of 1 MB",
            plain("GET /healthz", &format!("x: {}\r\n", "x".repeat(1_000_000))),
            closed,
        ),
        ("a header with a NUL", plain("GET /healthz", "x: a\0b\r\n"), closed),
        ("a cookie without origin", cookie(""), Expect::Status(&[403])),
        (
            "a cookie from elsewhere",
            cookie("origin: https://evil.example\r\n"),
            Expect::Status(&[403]),
        ),
        ("a cookie from null", cookie("origin: null\r\n"), Expect::Status(&[403])),
        ("a cookie, cross-site", cookie("sec-fetch-site: cross-site\r\n"), Expect::Status(&[403])),
        (
            "a path of 30 KB",
            plain(&format!("GET /{}", "a".repeat(30_000)), ""),
            Expect::Status(&[400, 404, 414, 431]),
        ),
        ("a path that climbs", plain("GET /api/../../etc/passwd", ""), Expect::Status(&[400, 404])),
        ("an unknown method", plain("BREW /api/notifications", ""), Expect::Status(&[401, 405])),
        ("a wrong method", plain("DELETE /healthz", ""), Expect::Status(&[405])),
        ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n".to_vec(), MALFORMED),
    ]
}

fn tokens() -> Vec<(&'static str, String)> {
    let hs256 = r#"{"alg":"HS256","typ":"JWT"}"#;
    let claims = |claims: &str| signed(hs256, claims);
    let good = token(VICTIM);
    let unsigned = good.rsplit_once('.').map_or("", |(text, _)| text);
    let far = 4_102_444_800_u64;
    vec![
        ("empty", String::new()),
        ("dots", "..".to_owned()),
        ("many dots", ".".repeat(5_000)),
        ("garbage", "x".repeat(7_000)),
        ("not base64", "!!!.???.***".to_owned()),
        ("no signature", format!("{unsigned}.")),
        ("a changed signature", format!("{unsigned}.{}", "A".repeat(43))),
        ("alg none", signed(r#"{"alg":"none"}"#, &format!(r#"{{"sub":"{VICTIM}","exp":{far}}}"#))),
        (
            "alg RS256",
            signed(r#"{"alg":"RS256"}"#, &format!(r#"{{"sub":"{VICTIM}","exp":{far}}}"#)),
        ),
        ("header no JSON", signed("{", &format!(r#"{{"sub":"{VICTIM}","exp":{far}}}"#))),
        ("claims no JSON", claims("{")),
        (
            "claims nested",
            claims(&format!(r#"{{"sub":"{VICTIM}","exp":{far},"a":{}"#, "[".repeat(4_000))),
        ),
        ("expired", claims(&format!(r#"{{"sub":"{VICTIM}","exp":1000000000}}"#))),
        ("no exp", claims(&format!(r#"{{"sub":"{VICTIM}"}}"#))),
        ("exp text", claims(&format!(r#"{{"sub":"{VICTIM}","exp":"{far}"}}"#))),
        ("exp negative", claims(&format!(r#"{{"sub":"{VICTIM}","exp":-1}}"#))),
        ("not yet", claims(&format!(r#"{{"sub":"{VICTIM}","exp":{far},"nbf":{far}}}"#))),
        ("no sub", claims(&format!(r#"{{"exp":{far}}}"#))),
        ("empty sub", claims(&format!(r#"{{"sub":"","exp":{far}}}"#))),
        ("sub a number", claims(&format!(r#"{{"sub":1,"exp":{far}}}"#))),
        ("the secret itself", SECRET.replace(' ', "-")),
    ]
}

fn queries(foreign_cursor: &str) -> Vec<(String, Expect)> {
    let text = |query: &str, expect| (query.to_owned(), expect);
    vec![
        (format!("?cursor={foreign_cursor}"), MALFORMED),
        (format!("?cursor={}A", &foreign_cursor[..foreign_cursor.len() - 1]), MALFORMED),
        (format!("?cursor={}", "A".repeat(6_000)), MALFORMED),
        text("?cursor=%00", MALFORMED),
        text("?cursor=%ff%fe", MALFORMED),
        text("?cursor=../../etc/passwd", MALFORMED),
        text("?limit=0", MALFORMED),
        text("?limit=101", MALFORMED),
        text("?limit=-1", MALFORMED),
        text("?limit=1e2", MALFORMED),
        text("?limit=99999999999999999999999", MALFORMED),
        text("?status=bogus", MALFORMED),
        text("?type=info", MALFORMED),
        text("?category=%27%20OR%201=1%20--", Expect::Status(&[200, 400])),
        text("/changes?since=abc", MALFORMED),
        text("/changes?since=-1", MALFORMED),
        text("/changes?since=1.5", MALFORMED),
        text("/changes?since=0&wait=26", MALFORMED),
        text("/changes?since=0&wait=-1", MALFORMED),
        text("/changes?since=99999999999999999999999999", Expect::Status(&[200])),
        text("/changes?since=18446744073709551615&wait=25", Expect::Status(&[200])),
        text("/not-an-id", Expect::Status(&[404])),
        text("/cm3xk2l9a0000qzrmn831i7rn", Expect::Status(&[404])),
        text("/%2e%2e%2f%2e%2e%2fetc", Expect::Status(&[404])),
        text("/%ff", Expect::Status(&[400, 404])),
        (format!("/{}", "c".repeat(6_000)), Expect::Status(&[404])),
        text("/stream?lastEventId=garbage", Expect::Reset),
        text("/stream?lastEventId=%ff", Expect::NoServerError),
        (format!("/stream?lastEventId={}", "9".repeat(4_000)), Expect::Reset),
    ]
}

/// Cursors of the stream that name no change of the victim's inbox.
fn event_ids() -> Vec<String> {
    let plain = [
        "garbage",
        "-1",
        "+0",
        "1",
        "0x10",
        "1e3",
        "1.0",
        "1,2",
        "1 2",
        "00000000000000000000001",
        "é",
        "\u{feff}0",
        "NaN",
        "9223372036854775808",
        "18446744073709551615",
        "99999999999999999999999999",
        "%30",
        "' OR 1=1 --",
    ];
    let mut ids: Vec<String> = plain.iter().map(|&id| id.to_owned()).collect();
    ids.push("9".repeat(4_000));
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_for_two_inputs() {
        let cases = cases("key", "cursor");
        let names: std::collections::HashSet<&str> =
            cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names.len(), cases.len());
    }

    #[test]
    fn a_server_error_is_never_right() {
        assert!(cases("key", "cursor").iter().all(|case| !case.accepts(500) && !case.accepts(503)));
    }

    #[test]
    fn the_valid_parts_are_valid() {
        for body in [victim(""), titled(r#""body":"b""#), titled(&nested(3))] {
            assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok(), "{body}");
        }
    }
}
