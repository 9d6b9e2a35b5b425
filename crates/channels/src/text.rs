//! What becomes of texts that others wrote, before they are a header or a line. Not here: escaping for HTML, which the template engine does.

/// One line: white space collapsed to single spaces; control characters, and those that turn the direction of what follows,
/// removed; at most `max` characters, the last of which is an ellipsis when something was cut.
pub(crate) fn one_line(text: &str, max: usize) -> String {
    let mut line = String::with_capacity(text.len().min(max.saturating_mul(4)));
    let (mut length, mut gap) = (0_usize, false);
    for c in text.chars().filter(|c| !turns_direction(*c)) {
        if c.is_whitespace() || c.is_control() {
            gap = length > 0;
            continue;
        }
        for c in std::mem::take(&mut gap).then_some(' ').into_iter().chain([c]) {
            if length == max {
                line.pop();
                line.push('…');
                return line;
            }
            line.push(c);
            length += 1;
        }
    }
    line
}

/// Characters that change how the text after them reads, by which a name can look like an address. Letters of languages that are
/// written from right to left do so by themselves.
const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// Text of several lines: every line break is `\n`, and no other control character but the tab is in it.
pub(crate) fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push('\n');
            }
            '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\t' => out.push('\t'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("  Invoice \r\n ready\t", "Invoice ready")]
    #[case("a\0b\u{7f}c", "a b c")]
    #[case("\r\nBcc: x@example.com", "Bcc: x@example.com")]
    #[case("a\u{2028}b\u{85}c", "a b c")]
    #[case("safe\u{202e}moc.live", "safemoc.live")]
    #[case("\u{202e} x", "x")]
    #[case("مرحبا 🔔", "مرحبا 🔔")]
    #[case("", "")]
    #[case("\n\n", "")]
    fn a_line_is_one_line_of_what_can_be_seen(#[case] text: &str, #[case] line: &str) {
        assert_eq!(one_line(text, 200), line);
    }

    #[test]
    fn a_line_that_is_too_long_ends_in_an_ellipsis() {
        assert_eq!(one_line("abcdef", 6), "abcdef");
        assert_eq!(one_line("abcdefg", 6), "abcde…");
        assert_eq!(one_line(&"é".repeat(300), 200).chars().count(), 200);
    }

    #[test]
    fn lines_end_in_one_way_and_hold_no_other_control_character() {
        assert_eq!(lines("a\r\nb\rc\nd\u{85}e\0\u{1b}[31m\tf"), "a\nb\nc\nd\ne[31m\tf");
        assert_eq!(lines("\r\n.\r\n"), "\n.\n");
    }
}
