//! MJML to HTML. Values never pass through the MJML reader: they are hidden from it in a code, and put back, escaped, into
//! the HTML that it made. Not here: how templates are filled in (`engine`).

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mrml::prelude::render::RenderOptions;

use super::TemplateError;

/// Before and behind a hidden value: letters and digits, since the reader keeps nothing else as it is in an attribute. What a
/// value has of them is hidden as well, and an author has no reason to write them.
const OPEN: &str = "zq7grelotx";
const CLOSE: char = 'q';
/// How deep elements may nest. The reader and the writer call themselves for each level, and a stack that overflows ends the process.
const MAX_DEPTH: usize = 64;
/// Elements that have no end.
const VOID: [&str; 8] = ["br", "hr", "img", "input", "link", "meta", "col", "wbr"];

/// Whether a template is MJML.
pub(crate) fn is_mjml(source: &str) -> bool {
    let head = source.trim_start().as_bytes();
    head.get(..5).is_some_and(|head| head.eq_ignore_ascii_case(b"<mjml"))
}

/// Writes `value` so that the MJML reader sees a word of letters and digits, whatever is in it.
pub(crate) fn hide(value: &str, out: &mut impl fmt::Write) -> fmt::Result {
    out.write_str(OPEN)?;
    for byte in value.bytes() {
        write!(out, "{byte:02x}")?;
    }
    out.write_char(CLOSE)
}

/// Makes HTML of MJML, and puts hidden values back.
pub(crate) fn render(source: &str) -> Result<String, TemplateError> {
    check_depth(source)?;
    let options = RenderOptions {
        // A font is fetched from elsewhere, which tells that somebody reads the mail: only what a template asks for by name.
        fonts: std::collections::HashMap::new(),
        ..RenderOptions::default()
    };
    let html = catch_unwind(AssertUnwindSafe(|| {
        let mjml = mrml::parse(source).map_err(|error| error.to_string())?;
        mjml.element.render(&options).map_err(|error| error.to_string())
    }));
    match html {
        Ok(Ok(html)) => Ok(reveal(&html)),
        Ok(Err(detail)) => Err(TemplateError::new(None, format!("is no MJML: {detail}"))),
        // A defect of the library must cost one mail its layout, and not the process.
        Err(_panic) => Err(TemplateError::new(None, "is MJML that cannot be drawn")),
    }
}

/// Puts hidden values back.
fn reveal(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once(OPEN) {
        out.push_str(before);
        if let Some((code, behind)) = after.split_once(CLOSE)
            && let Some(value) = decode(code)
        {
            out.push_str(&value);
            rest = behind;
        } else {
            // Not ours: the author wrote it.
            out.push_str(OPEN);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn decode(code: &str) -> Option<String> {
    if !code.len().is_multiple_of(2) || !code.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..code.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(code.get(at..at + 2)?, 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}

/// Refuses what nests too deep. The reader forgives much (an end that fits no beginning, none at all), so this counts at least
/// as deep as it does: only an end that fits closes an element, and nothing in a comment closes any.
fn check_depth(source: &str) -> Result<(), TemplateError> {
    let (mut open, mut at) = (Vec::new(), 0);
    while let Some(found) = source[at..].find('<') {
        let start = at + found;
        let rest = &source[start + 1..];
        at = start + 1;
        if rest.starts_with("!--[if") {
            // For Outlook: the reader reads what is inside.
        } else if let Some(comment) = rest.strip_prefix("!--") {
            at = comment.find("-->").map_or(source.len(), |end| start + 4 + end + 3);
        } else if let Some(end) = rest.strip_prefix('/') {
            if open.last() == Some(&name(end)) {
                open.pop();
            }
        } else if !rest.starts_with(|c: char| c == '!' || c == '?' || c.is_whitespace()) {
            let tag = tag(rest);
            at = start + 1 + tag.len();
            if !tag.ends_with('/') && !VOID.contains(&name(tag)) {
                open.push(name(tag));
            }
        }
        if open.len() > MAX_DEPTH {
            let line = 1 + source[..start].matches('\n').count();
            return Err(TemplateError::new(
                Some(line),
                format!("nests elements deeper than {MAX_DEPTH}, or leaves some open"),
            ));
        }
    }
    Ok(())
}

/// The name that a tag begins with.
fn name(tag: &str) -> &str {
    tag.split(|c: char| c == '/' || c == '>' || c.is_whitespace()).next().unwrap_or_default()
}

/// The inside of the tag that `rest` begins with: up to the first `>` that is in no quotes.
fn tag(rest: &str) -> &str {
    let mut quote = None;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, '>') => return &rest[..at],
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_text(inside: &str) -> String {
        format!(
            "<mjml><mj-body><mj-section><mj-column><mj-text>{inside}</mj-text></mj-column></mj-section></mj-body></mjml>"
        )
    }

    #[test]
    fn mjml_is_known_by_its_first_element() {
        assert!(is_mjml("\n <mjml lang=\"en\">"));
        assert!(is_mjml("<MJML>"));
        assert!(!is_mjml("<html>"));
        assert!(!is_mjml("<mjm"));
    }

    #[test]
    fn a_hidden_value_comes_back_as_it_was() {
        let value = "&lt;b&gt; ' é 🔔 \\ zq7grelotx41q %}";
        let mut hidden = String::new();
        hide(value, &mut hidden).unwrap();
        let html = render(&in_text(&format!("<a href=\"{hidden}\">{hidden}</a>"))).unwrap();
        assert!(html.contains(&format!("<a href=\"{value}\">{value}</a>")), "{html}");
    }

    #[test]
    fn what_an_author_wrote_of_the_code_stays() {
        assert_eq!(reveal("a zq7grelotxzzq zq7grelotx4"), "a zq7grelotxzzq zq7grelotx4");
    }

    #[rstest::rstest]
    #[case("<b>", "</b>")]
    #[case("<b>", "")]
    #[case("<b a=\"/>\">", "</b>")]
    #[case("<b a='/>'>", "</b>")]
    #[case("<b\n>", "</b>")]
    #[case("<b><!--></b>-->", "")]
    #[case("<b><!-- </b> -->", "")]
    #[case("<!--[if mso]><b><![endif]-->", "")]
    #[case("<!-- x --><b>", "")]
    #[case("<img:b>", "")]
    #[case("<b></x>", "")]
    #[case("<b><i></b>", "")]
    #[case("<b><style></b></style>", "")]
    fn what_would_overflow_the_stack_is_refused(#[case] open: &str, #[case] close: &str) {
        let source = in_text(&format!("{}x{}", open.repeat(40_000), close.repeat(40_000)));
        assert!(render(&source).unwrap_err().detail.contains("deeper"));
    }

    #[test]
    fn a_defect_of_the_reader_costs_the_layout_alone() {
        let found = render(&in_text("<b><!--[if></b>-->"));
        assert!(found.is_err_and(|error| error.detail.contains("cannot be drawn")));
    }

    #[test]
    fn comments_for_outlook_may_open_what_others_close() {
        let ghost =
            "<!--[if mso]><table><tr><td><![endif]-->x<!--[if mso]></td></tr></table><![endif]-->";
        assert!(render(&in_text(&ghost.repeat(100))).is_ok());
    }

    #[test]
    fn a_long_text_that_does_not_nest_is_fine() {
        let html = render(&in_text(&"a<br>b<br/><b>c</b><!-- <b><b> -->".repeat(1_000))).unwrap();
        assert!(html.len() > 20_000);
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere_unless_the_author_asks_for_it() {
        let html = render(&in_text("x")).unwrap();
        assert!(!html.contains("http://fonts") && !html.contains("https://"), "{html}");
    }

    #[rstest::rstest]
    #[case("<mjml><mj-body><mj-include path=\"file:///etc/passwd\" /></mj-body></mjml>")]
    #[case("<mjml><mj-body>")]
    #[case("<mjml><unknown></unknown></mjml>")]
    fn what_is_no_mjml_or_includes_something_is_refused(#[case] source: &str) {
        assert!(render(source).is_err());
    }
}
