//! The languages that a reader wants (RFC 9110, 12.5.4). Not here: which there are.

use http::{HeaderMap, header};

/// The language tags of `Accept-Language`, most wanted first; unwanted ones (`q=0`) and `*` are left out. What cannot
/// be read is left out too: a language is a wish, never an error.
pub(crate) fn wanted(headers: &HeaderMap) -> Vec<&str> {
    let values = headers.get_all(header::ACCEPT_LANGUAGE).iter();
    let ranges = values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    // A browser sends a handful; more is nobody's wish.
    let mut wanted: Vec<(u16, &str)> = ranges.take(64).filter_map(range).collect();
    wanted.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
    wanted.into_iter().map(|(_, tag)| tag).collect()
}

/// A tag with its quality in thousandths.
fn range(text: &str) -> Option<(u16, &str)> {
    let mut parts = text.split(';').map(str::trim);
    let tag = parts.next().filter(|tag| !tag.is_empty() && *tag != "*")?;
    let quality = match parts.next() {
        None => 1_000,
        Some(parameter) => quality(parameter)?,
    };
    (quality > 0).then_some((quality, tag))
}

/// `q=0.8`, with at most three decimals.
fn quality(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, decimals) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let digits = decimals.len() <= 3 && decimals.bytes().all(|b| b.is_ascii_digit());
    let decimals: u16 = format!("{decimals:0<3}").parse().ok().filter(|_| digits)?;
    match whole {
        "0" => Some(decimals),
        "1" if decimals == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[rstest::rstest]
    #[case("fr", &["fr"])]
    #[case("en;q=0.5, fr", &["fr", "en"])]
    #[case("fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5", &["fr-CH", "fr", "en"])]
    #[case("en;q=0, fr;q=0.001", &["fr"])]
    #[case("a, b, c", &["a", "b", "c"])]
    #[case("de ; Q=0.25 , it;q=0.5", &["it", "de"])]
    #[case("en;q=2, de;q=x, fr;q=0.1234, it;level=1, es;q=1.000", &["es"])]
    #[case(",, ;q=1", &[])]
    #[case("", &[])]
    fn languages_come_by_quality(#[case] text: &'static str, #[case] expected: &[&str]) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(text));
        assert_eq!(wanted(&headers), expected);
    }

    #[test]
    fn a_header_that_is_no_text_wants_nothing() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_bytes(b"\xff").unwrap());
        assert!(wanted(&headers).is_empty());
    }
}
