//! Whether bytes are JSON (RFC 8259), at any depth. Not here: what they mean.

/// The bytes are not JSON; the offset is of the first byte that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotJson {
    pub(crate) at: usize,
}

/// What may come next, white space aside.
#[derive(Clone, Copy)]
enum Next {
    /// A value.
    Value,
    /// A value, or the end of the array that just began.
    ItemOrEnd,
    /// A member.
    Member,
    /// A member, or the end of the object that just began.
    MemberOrEnd,
    /// A comma, or the end of what is open; the end of the document when nothing is.
    After,
}

/// The bytes as text, if they are one JSON value and nothing else. A lone surrogate is no text, so it is no JSON here.
pub(crate) fn check(bytes: &[u8]) -> Result<&str, NotJson> {
    let text = std::str::from_utf8(bytes).map_err(|error| NotJson { at: error.valid_up_to() })?;
    let mut scan = Scan { bytes, at: 0 };
    scan.document()?;
    Ok(text)
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn document(&mut self) -> Result<(), NotJson> {
        let mut open = Vec::new();
        let mut next = Next::Value;
        loop {
            self.white_space();
            next = match (next, self.peek()) {
                (Next::Value | Next::ItemOrEnd, byte) if byte != Some(b']') => {
                    self.value(&mut open)?
                }
                (Next::Member | Next::MemberOrEnd, Some(b'"')) => {
                    self.string()?;
                    self.white_space();
                    self.expect(b":")?;
                    Next::Value
                }
                (Next::After, None) if open.is_empty() => return Ok(()),
                (Next::After, Some(b',')) if !open.is_empty() => {
                    self.at += 1;
                    if open.last() == Some(&b'{') { Next::Member } else { Next::Value }
                }
                (Next::ItemOrEnd | Next::After, Some(b']')) if open.last() == Some(&b'[') => {
                    self.close(&mut open)
                }
                (Next::MemberOrEnd | Next::After, Some(b'}')) if open.last() == Some(&b'{') => {
                    self.close(&mut open)
                }
                _ => return self.fail(),
            };
        }
    }

    fn close(&mut self, open: &mut Vec<u8>) -> Next {
        self.at += 1;
        open.pop();
        Next::After
    }

    /// A scalar, or the beginning of an array or object.
    fn value(&mut self, open: &mut Vec<u8>) -> Result<Next, NotJson> {
        match self.peek() {
            Some(bracket @ (b'{' | b'[')) => {
                self.at += 1;
                open.push(bracket);
                return Ok(if bracket == b'{' { Next::MemberOrEnd } else { Next::ItemOrEnd });
            }
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.expect(b"true")?,
            Some(b'f') => self.expect(b"false")?,
            Some(b'n') => self.expect(b"null")?,
            _ => return self.fail(),
        }
        Ok(Next::After)
    }

    fn string(&mut self) -> Result<(), NotJson> {
        self.at += 1;
        loop {
            while self.peek().is_some_and(|b| b != b'"' && b != b'\\' && b >= 0x20) {
                self.at += 1;
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                _ => return self.fail(),
            }
        }
    }

    fn escape(&mut self) -> Result<(), NotJson> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => match self.code_unit()? {
                0xD800..=0xDBFF if matches!(self.code_unit()?, 0xDC00..=0xDFFF) => Ok(()),
                0xD800..=0xDFFF => self.fail(),
                _ => Ok(()),
            },
            _ => self.fail(),
        }
    }

    /// `\u` and four digits.
    fn code_unit(&mut self) -> Result<u32, NotJson> {
        self.expect(b"\\u")?;
        let digits = self.bytes.get(self.at..self.at + 4).unwrap_or_default();
        let hex = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit);
        let unit = std::str::from_utf8(digits).ok().and_then(|d| u32::from_str_radix(d, 16).ok());
        match unit {
            Some(unit) if hex => {
                self.at += 4;
                Ok(unit)
            }
            _ => self.fail(),
        }
    }

    fn number(&mut self) -> Result<(), NotJson> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let begin = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == begin { self.fail() } else { Ok(()) }
    }

    fn expect(&mut self, text: &[u8]) -> Result<(), NotJson> {
        if !self.bytes.get(self.at..).unwrap_or_default().starts_with(text) {
            return self.fail();
        }
        self.at += text.len();
        Ok(())
    }

    fn white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    const fn fail<T>(&self) -> Result<T, NotJson> {
        Err(NotJson { at: self.at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[rstest::rstest]
    #[case(r#" {"a": [1, -0.5e+10, true, false, null, "x\u00e9\ud83d\udd14"]} "#)]
    #[case("[]")]
    #[case("{}")]
    #[case("0")]
    #[case("1e400")]
    #[case(r#""""#)]
    fn json_is_accepted(#[case] text: &str) {
        assert_eq!(check(text.as_bytes()), Ok(text));
    }

    #[rstest::rstest]
    #[case(b"", 0)]
    #[case(b" ", 1)]
    #[case(b"{} x", 3)]
    #[case(b"{},", 2)]
    #[case(b"[1,]", 3)]
    #[case(b"{\"a\":1,}", 7)]
    #[case(b"{a:1}", 1)]
    #[case(b"[1}", 2)]
    #[case(b"]", 0)]
    #[case(b"01", 1)]
    #[case(b"1.", 2)]
    #[case(b"-", 1)]
    #[case(b"+1", 0)]
    #[case(b"NaN", 0)]
    #[case(b"tru", 0)]
    #[case(b"truex", 4)]
    #[case(b"'a'", 0)]
    #[case(b"\"a\nb\"", 2)]
    #[case(b"\"\\x\"", 1)]
    #[case(b"\"\\ud800\"", 7)]
    #[case(b"\"\\udc00\"", 7)]
    #[case(b"\"\\ud800\\u0041\"", 13)]
    #[case(b"\"\xff\"", 1)]
    #[case(b"\xef\xbb\xbf{}", 0)]
    #[case(b"// a\n{}", 0)]
    fn what_is_no_json_is_refused_where_it_stops_being_json(
        #[case] bytes: &[u8],
        #[case] at: usize,
    ) {
        assert_eq!(check(bytes), Err(NotJson { at }));
    }

    #[test]
    fn depth_is_no_matter() {
        let deep = format!("{}{}", "[".repeat(1 << 19), "]".repeat(1 << 19));
        assert!(check(deep.as_bytes()).is_ok());
        assert_eq!(check(&deep.as_bytes()[..1 << 19]), Err(NotJson { at: 1 << 19 }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// serde_json is the oracle; numbers stay in its range, and depth under its limit.
        #[test]
        fn exactly_what_serde_json_accepts_is_accepted(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "d83d", "\\udd14", "\\u0000", "\"a\"", "\"\"",
                    "\"b\":", "-", "0", "1", ".5", "e3", "E-2", "true", "false", "null", " ", "\n", "\t", "é", "\u{1}",
                    "nul", "\u{feff}", "[]", "{}", "\"\\n\"", "\"\\ud83d\\udd14\"",
                ]),
                0..14,
            )
        ) {
            let text = pieces.concat();
            let oracle = serde_json::from_str::<serde_json::Value>(&text);
            let in_range = oracle.as_ref().err().is_none_or(|e| !e.to_string().contains("out of range"));
            prop_assume!(in_range);
            prop_assert_eq!(check(text.as_bytes()).is_ok(), oracle.is_ok(), "{:?}", text);
        }
    }
}
