//! Looking around in text that `syntax` has checked. A text that it has not only makes the answers meaningless.

use std::borrow::Cow;

/// One JSON value, as the text it was sent as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a>(&'a str);

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number,
    String,
    Array,
    Object,
}

impl<'a> Value<'a> {
    /// The value of a whole checked document.
    pub(crate) fn document(text: &'a str) -> Self {
        Self(text.trim_matches([' ', '\t', '\n', '\r']))
    }

    pub(crate) fn text(self) -> &'a str {
        self.0
    }

    pub(crate) fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't') => Kind::Bool(true),
            Some(b'f') => Kind::Bool(false),
            Some(b'-' | b'0'..=b'9') => Kind::Number,
            _ => Kind::Null,
        }
    }

    /// The text of a string.
    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        Some(unescape(inner))
    }

    /// The members of an object, duplicates included.
    pub(crate) fn members(self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> {
        let mut cursor = Cursor { text: self.0, at: 1 };
        std::iter::from_fn(move || {
            cursor.skip_to_value();
            let name = cursor.value().string()?;
            cursor.skip_to_value();
            Some((name, cursor.value()))
        })
    }

    /// The items of an array.
    pub(crate) fn items(self) -> impl Iterator<Item = Value<'a>> {
        let mut cursor = Cursor { text: self.0, at: 1 };
        std::iter::from_fn(move || {
            cursor.skip_to_value();
            let value = cursor.value();
            (!value.0.is_empty()).then_some(value)
        })
    }
}

/// Walks over checked text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Past white space, commas and colons.
    fn skip_to_value(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b':')) {
            self.at += 1;
        }
    }

    /// The value that begins here; empty at the end of an array or object, and of the text.
    fn value(&mut self) -> Value<'a> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        let begin = self.at;
        match self.peek() {
            Some(b'{' | b'[') => self.skip_nested(),
            Some(b'"') => self.skip_string(),
            _ => self.skip_scalar(),
        }
        Value(self.text.get(begin..self.at).unwrap_or_default())
    }

    fn skip_nested(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.skip_string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    /// Past a string, from its first quotation mark.
    pub(super) fn skip_string(&mut self) {
        self.at += 1;
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            self.at += 1 + usize::from(byte == b'\\');
            if byte == b'"' {
                return;
            }
        }
    }

    /// Past a number, `true`, `false` or `null`.
    pub(super) fn skip_scalar(&mut self) {
        let scalar = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        while self.peek().is_some_and(scalar) {
            self.at += 1;
        }
    }
}

/// The text between the quotation marks, with its escapes resolved.
pub(super) fn unescape(inner: &str) -> Cow<'_, str> {
    let Some(first) = inner.find('\\') else {
        return Cow::Borrowed(inner);
    };
    let (plain, mut rest) = inner.split_at(first);
    let mut text = String::with_capacity(inner.len());
    text.push_str(plain);
    while let Some(after) = rest.strip_prefix('\\') {
        rest = push_escape(&mut text, after);
        let plain = rest.find('\\').unwrap_or(rest.len());
        text.push_str(&rest[..plain]);
        rest = &rest[plain..];
    }
    Cow::Owned(text)
}

/// Resolves the escape whose backslash is gone; returns what follows it.
fn push_escape<'a>(text: &mut String, after: &'a str) -> &'a str {
    let short = match after.as_bytes().first() {
        Some(b'u') => return push_code_units(text, after),
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(&other) => char::from(other),
        None => return "",
    };
    text.push(short);
    after.get(1..).unwrap_or_default()
}

/// Resolves `uXXXX`, or the pair `uXXXX\uXXXX`.
fn push_code_units<'a>(text: &mut String, after: &'a str) -> &'a str {
    let unit = |from: usize| {
        after.get(from..from + 4).and_then(|d| u16::from_str_radix(d, 16).ok()).unwrap_or_default()
    };
    let pair = matches!(unit(1), 0xD800..=0xDBFF);
    let units = [unit(1), if pair { unit(7) } else { 0 }];
    let units = if pair { &units[..] } else { &units[..1] };
    text.extend(char::decode_utf16(units.iter().copied()).map(|c| c.unwrap_or('\u{fffd}')));
    after.get(if pair { 11 } else { 5 }..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_items_are_the_values_as_they_were_sent() {
        let object =
            Value::document(r#" { "a" : [ 1 , {"x":"]}\""} , null ] , "b\n" : -1.50e3 } "#);
        let members: Vec<_> = object.members().map(|(n, v)| (n.into_owned(), v.text())).collect();
        assert_eq!(
            members,
            [("a".to_owned(), r#"[ 1 , {"x":"]}\""} , null ]"#), ("b\n".to_owned(), "-1.50e3"),]
        );
        let items: Vec<_> = object.members().next().unwrap().1.items().map(Value::text).collect();
        assert_eq!(items, ["1", r#"{"x":"]}\""}"#, "null"]);
        assert_eq!(Value::document("[ ]").items().count(), 0);
        assert_eq!(Value::document("{ }").members().count(), 0);
    }

    proptest::proptest! {
        #[test]
        fn any_text_survives_escaping(text in ".*") {
            let json = serde_json::to_string(&text).unwrap();
            proptest::prop_assert_eq!(Value::document(&json).string().unwrap(), text.as_str());
            let escaped: Vec<String> = text.encode_utf16().map(|u| format!("\\u{u:04x}")).collect();
            let escaped = escaped.concat();
            proptest::prop_assert_eq!(unescape(&escaped), text);
        }
    }
}
