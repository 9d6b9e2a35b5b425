//! Writes a checked value as compact JSON: no white space, no needless escape, numbers as they were sent.

use std::borrow::Cow;
use std::collections::HashSet;

use super::shape::{Errors, push_segment};
use super::value::{Cursor, Value, unescape};

/// Why a value was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It has more bytes than asked for.
    TooLarge,
    /// It nests deeper than asked for.
    TooDeep,
}

/// An array or object that is open.
struct Frame<'a> {
    /// The names so far; `None` in an array.
    names: Option<HashSet<Cow<'a, str>>>,
    /// Whether the next string is a name.
    name_next: bool,
    /// Where we are in it: the name, or the index.
    name: Cow<'a, str>,
    index: usize,
}

/// Writes `value`, at most `max_bytes` long and `max_depth` deep. Every duplicate member is recorded, at its place under
/// `pointer`.
pub(crate) fn compact(
    value: Value<'_>,
    pointer: &str,
    max_bytes: usize,
    max_depth: usize,
    errors: &mut Errors,
) -> Result<String, Refused> {
    let mut cursor = Cursor { text: value.text(), at: 0 };
    let mut out = String::with_capacity(value.text().len().min(max_bytes));
    let mut open: Vec<Frame<'_>> = Vec::new();
    while let Some(byte) = cursor.peek() {
        if out.len() > max_bytes {
            return Err(Refused::TooLarge);
        }
        let begin = cursor.at;
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {
                cursor.at += 1;
                continue;
            }
            b'"' => {
                cursor.skip_string();
                let inner = cursor.text.get(begin + 1..cursor.at - 1).unwrap_or_default();
                // No escape is longer than six bytes a byte.
                if inner.len() > max_bytes.saturating_mul(6) {
                    return Err(Refused::TooLarge);
                }
                let text = unescape(inner);
                push_string(&mut out, inner, &text);
                note_name(&mut open, text, pointer, errors);
                continue;
            }
            b'{' | b'[' if open.len() == max_depth => return Err(Refused::TooDeep),
            b'{' => open.push(Frame::object()),
            b'[' => open.push(Frame::array()),
            b'}' | b']' => drop(open.pop()),
            b',' => {
                if let Some(frame) = open.last_mut() {
                    frame.index += 1;
                    frame.name_next = frame.names.is_some();
                }
            }
            b':' => {}
            _ => {
                cursor.skip_scalar();
                out.push_str(cursor.text.get(begin..cursor.at).unwrap_or_default());
                continue;
            }
        }
        out.push(char::from(byte));
        cursor.at += 1;
    }
    if out.len() > max_bytes { Err(Refused::TooLarge) } else { Ok(out) }
}

impl Frame<'_> {
    fn object() -> Self {
        Self { names: Some(HashSet::new()), name_next: true, ..Self::array() }
    }

    const fn array() -> Self {
        Self { names: None, name_next: false, name: Cow::Borrowed(""), index: 0 }
    }
}

fn push_string(out: &mut String, inner: &str, text: &str) {
    if inner.contains('\\') {
        // A string always serialises.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    } else {
        out.push('"');
        out.push_str(inner);
        out.push('"');
    }
}

/// If the string was a name, remembers it, and records it when it was there before.
fn note_name<'a>(open: &mut [Frame<'a>], text: Cow<'a, str>, pointer: &str, errors: &mut Errors) {
    let Some(frame) = open.last_mut().filter(|frame| frame.name_next) else {
        return;
    };
    frame.name_next = false;
    frame.name.clone_from(&text);
    let new = frame.names.as_mut().is_none_or(|names| names.insert(text));
    if !new && !errors.is_full() {
        let mut place = pointer.to_owned();
        for frame in open.iter() {
            match frame.names {
                Some(_) => push_segment(&mut place, &frame.name),
                None => push_segment(&mut place, &frame.index.to_string()),
            }
        }
        errors.push(place, "must not be there twice");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(text: &str) -> Result<String, Refused> {
        let mut errors = Errors::default();
        let written = compact(Value::document(text), "/data", 100, 3, &mut errors);
        assert!(errors.is_empty());
        written
    }

    #[rstest::rstest]
    #[case(r#" { "a" : [ 1.50 , 1e400 , "x" ] , "b":{ } } "#, r#"{"a":[1.50,1e400,"x"],"b":{}}"#)]
    #[case(r#"{"\u0061":"\u00e9\/\u000a\ud83d\udd14"}"#, r#"{"a":"é/\n🔔"}"#)]
    #[case(r#"{"a":"\u0000\""}"#, r#"{"a":"\u0000\""}"#)]
    #[case(r#"{"a":" , : { "}"#, r#"{"a":" , : { "}"#)]
    fn white_space_and_needless_escapes_go_and_numbers_stay(#[case] text: &str, #[case] out: &str) {
        assert_eq!(write(text).unwrap(), out);
    }

    #[test]
    fn size_and_depth_are_bounded() {
        assert!(write(&format!("\"{}\"", "x".repeat(98))).is_ok());
        assert_eq!(write(&format!("\"{}\"", "x".repeat(99))), Err(Refused::TooLarge));
        assert!(write("[[[1]]]").is_ok());
        assert_eq!(write("[[[[1]]]]"), Err(Refused::TooDeep));
    }

    #[test]
    fn duplicates_are_named_wherever_they_are() {
        let text = r#"{"a":1,"b":[{"x":1},{"x":1,"y":{},"\u0078":2}],"a~/":1,"a":2,"a~/":{"a":1}}"#;
        let mut errors = Errors::default();
        compact(Value::document(text), "/data", 1_000, 9, &mut errors).unwrap();
        let pointers: Vec<_> = errors.pointers().collect();
        assert_eq!(pointers, ["/data/b/1/x", "/data/a", "/data/a~0~1"]);
    }

    proptest::proptest! {
        #[test]
        fn a_compact_value_means_the_same(keys in proptest::collection::hash_set(".*", 0..5), text in ".*", n: i64) {
            let value: serde_json::Value = keys
                .into_iter()
                .map(|key| (key, serde_json::json!([text, n, {"x": null, "y": [true, false, {}]}])))
                .collect::<serde_json::Map<_, _>>()
                .into();
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let mut errors = Errors::default();
            let out = compact(Value::document(&pretty), "", 1 << 20, 32, &mut errors).unwrap();
            proptest::prop_assert!(errors.is_empty());
            proptest::prop_assert_eq!(out, serde_json::to_string(&value).unwrap());
        }
    }
}
