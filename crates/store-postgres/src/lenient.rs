//! Texts that another program wrote, made into what the domain knows: cut, closed up, or left out, so that one odd row never
//! fails a list. Not here: what the domain takes (`grelot_core`).

use std::borrow::Cow;

use grelot_core::{Body, Data, Title};

/// Stands where a title is empty: something to see, in every language.
const UNTITLED: &str = "\u{2026}";

/// The title, cut where it is too long. `None` is out of reach: a text of PostgreSQL holds no U+0000.
pub(crate) fn title(text: &str) -> Option<Title> {
    let text = if text.is_empty() { UNTITLED } else { text };
    Title::parse(text).or_else(|_long| Title::parse(&cut(text, Title::MAX_CHARS))).ok()
}

/// The body, cut where it is too long.
pub(crate) fn body(text: &str) -> Option<Body> {
    Body::parse(text).or_else(|_long| Body::parse(&cut(text, Body::MAX_CHARS))).ok()
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// The data, if it is an object within the bounds.
pub(crate) fn data(json: &str) -> Option<Data> {
    Data::from_compact_json(&compact(json)).ok()
}

/// JSON without the white space between its parts: an event is one line.
fn compact(json: &str) -> Cow<'_, str> {
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    if !json.contains(is_space) {
        return Cow::Borrowed(json);
    }
    let (mut in_string, mut escaped) = (false, false);
    let kept = json.chars().filter(|&c| {
        let keep = in_string || !is_space(c);
        if c == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && c == '\\' && !escaped;
        keep
    });
    Cow::Owned(kept.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_cut_at_its_bound_and_never_empty() {
        assert_eq!(title("").unwrap().as_str(), "\u{2026}");
        assert_eq!(title("Hello\n").unwrap().as_str(), "Hello\n");
        assert_eq!(title(&"\u{1f514}".repeat(999)).unwrap().as_str(), "\u{1f514}".repeat(200));
        assert_eq!(body(&"a".repeat(5_000)).unwrap().as_str(), "a".repeat(4_000));
        assert_eq!(body("").unwrap().as_str(), "");
    }

    #[test]
    fn data_is_closed_up_outside_of_its_strings() {
        let json = "{ \"a b\" :\n[1, \"c \\\" d\", \"\\\\\" ] }\n";
        let closed = "{\"a b\":[1,\"c \\\" d\",\"\\\\\"]}";
        assert_eq!(data(json).unwrap().as_json(), closed);
    }

    #[test]
    fn data_that_is_no_object_or_too_large_is_left_out() {
        let large = format!("{{\"a\": \"{}\"}}", "b".repeat(Data::MAX_BYTES));
        for json in ["null", "[1]", "7", "{\"a\":\"\\u0000\"}", &large] {
            assert_eq!(data(json), None);
        }
    }
}
