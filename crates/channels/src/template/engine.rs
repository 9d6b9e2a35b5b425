//! Fills templates in: minijinja, strict about what is undefined, escaped for HTML, bounded in steps and in what it writes. Not here: what they
//! are filled with (`context`).

use std::io;

use minijinja::value::Value;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, escape_formatter,
    filters, tests,
};

use super::{Part, TemplateError, mjml};

/// The most steps of one part: an instruction of the engine is one.
const FUEL: u64 = 50_000;
/// How deep a template may nest.
const RECURSION: usize = 50;
/// The most bytes of one part.
const MAX_OUTPUT: usize = 512 * 1024;
/// The most bytes of a part of ours: what a digest of the largest notifications takes, twice.
const MAX_OWN: usize = 2 * MAX_OUTPUT;
/// The most bytes before MJML is made HTML, where every value is written in a code of twice its length.
const MAX_MJML: usize = 2 * MAX_OUTPUT;

/// Names, by which the engine knows how to escape.
const HTML: &str = "mail.html";
const MJML: &str = "mail.mjml";
const PLAIN: &str = "mail.txt";

/// The template engine.
#[derive(Debug)]
pub(crate) struct Engine(Environment<'static>);

impl Engine {
    pub(crate) fn new() -> Self {
        let mut env = Environment::empty();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_fuel(Some(FUEL));
        env.set_recursion_limit(RECURSION);
        env.set_auto_escape_callback(|name| {
            if name == PLAIN { AutoEscape::None } else { AutoEscape::Html }
        });
        env.set_formatter(format);
        // Chosen by hand: none of them makes much of little.
        env.add_filter("abs", filters::abs);
        env.add_filter("capitalize", filters::capitalize);
        env.add_filter("default", filters::default);
        env.add_filter("escape", |text: &str| Value::from_safe_string(escape(text)));
        env.add_filter("first", filters::first);
        env.add_filter("float", filters::float);
        env.add_filter("int", filters::int);
        env.add_filter("last", filters::last);
        env.add_filter("length", filters::length);
        env.add_filter("lower", filters::lower);
        env.add_filter("paragraphs", paragraphs);
        env.add_filter("round", filters::round);
        env.add_filter("safe", filters::safe);
        env.add_filter("title", filters::title);
        env.add_filter("trim", filters::trim);
        env.add_filter("upper", filters::upper);
        env.add_filter("urlencode", filters::urlencode);
        env.add_test("defined", tests::is_defined);
        env.add_test("undefined", tests::is_undefined);
        env.add_test("none", tests::is_none);
        env.add_test("number", tests::is_number);
        env.add_test("string", tests::is_string);
        env.add_test("sequence", tests::is_sequence);
        env.add_test("mapping", tests::is_mapping);
        env.add_test("startingwith", tests::is_startingwith);
        env.add_test("endingwith", tests::is_endingwith);
        env.add_test("in", tests::is_in);
        Self(env)
    }

    /// Fills in a part of ours.
    pub(crate) fn own(
        &self,
        part: Part,
        source: &str,
        with: &Value,
    ) -> Result<String, TemplateError> {
        let name = if part == Part::Html { HTML } else { PLAIN };
        self.fill(name, source, with, MAX_OWN)
    }

    /// Fills in a part that a host wrote.
    pub(crate) fn custom(
        &self,
        part: Part,
        source: &str,
        with: &Value,
    ) -> Result<String, TemplateError> {
        super::allowed::allowed(source)?;
        match part {
            Part::Subject | Part::Text => self.fill(PLAIN, source, with, MAX_OUTPUT),
            Part::Html if mjml::is_mjml(source) => {
                let filled = self.fill(MJML, source, with, MAX_MJML)?;
                let html = mjml::render(&filled)?;
                if html.len() > MAX_OUTPUT {
                    return Err(too_large());
                }
                Ok(html)
            }
            Part::Html => self.fill(HTML, source, with, MAX_OUTPUT),
        }
    }

    fn fill(
        &self,
        name: &str,
        source: &str,
        with: &Value,
        max: usize,
    ) -> Result<String, TemplateError> {
        let template = self.0.template_from_named_str(name, source).map_err(|e| explain(&e))?;
        let mut out = Bounded { text: Vec::with_capacity(source.len() * 2), max };
        template.render_captured_to(with.clone(), &mut out).map_err(|e| explain(&e))?;
        String::from_utf8(out.text)
            .map_err(|_never| TemplateError::new(None, "made something that is no text"))
    }
}

/// Writes a value: nothing for null; for MJML in the code that passes through its reader untouched.
fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_none() {
        return Ok(());
    }
    // A number is needed as it is where MJML computes widths, and has nothing to escape; what is undefined is refused there.
    if state.name() == PLAIN || value.is_undefined() || value.is_number() {
        return escape_formatter(out, state, value);
    }
    let text = value.to_string();
    let html = if value.is_safe() { text } else { escape(&text) };
    if state.name() == MJML { mjml::hide(&html, out) } else { out.write_str(&html) }
        .map_err(Error::from)
}

/// Escapes what is special in HTML, in texts and in quoted attributes. minijinja would escape `/` as well, and what looks for
/// `href="https://` in mails (gateways that check links, most of all) does not read entities.
fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

/// The text as paragraphs: a blank line begins a new one, a line break stays one. For HTML alone.
fn paragraphs(text: &str) -> Value {
    let text = crate::text::lines(text);
    let mut html = String::with_capacity(text.len() + 64);
    let mut open = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            html.push_str(if open { "</p>" } else { "" });
            open = false;
            continue;
        }
        html.push_str(if open { "<br>" } else { "<p dir=\"auto\">" });
        open = true;
        html.push_str(&escape(line.trim_end()));
    }
    html.push_str(if open { "</p>" } else { "" });
    Value::from_safe_string(html)
}

/// What the person who wrote the template has to know.
fn explain(error: &Error) -> TemplateError {
    let detail = match error.kind() {
        ErrorKind::OutOfFuel => "takes too many steps: loop over less".to_owned(),
        ErrorKind::WriteFailure => return too_large(),
        kind => match error.detail() {
            Some(detail) => format!("{kind}: {detail}"),
            None => kind.to_string(),
        },
    };
    TemplateError {
        line: error.line(),
        detail,
        of_a_value: matches!(
            error.kind(),
            ErrorKind::InvalidOperation | ErrorKind::NonPrimitive | ErrorKind::NonKey
        ),
    }
}

fn too_large() -> TemplateError {
    TemplateError::new(None, format!("makes more than {} KiB", MAX_OUTPUT / 1024))
}

/// A buffer that refuses what is too much.
struct Bounded {
    text: Vec<u8>,
    max: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.len() + bytes.len() > self.max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
