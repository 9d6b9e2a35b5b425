//! Refuses the parts of the template language by which a short template makes a long text: variables, macros, multiplication. Not
//! here: the language itself, which minijinja reads afterwards.

use super::TemplateError;

/// The statements that a template may have.
const STATEMENTS: [&str; 8] = ["if", "elif", "else", "endif", "for", "endfor", "raw", "endraw"];

/// Looks through `source` for what is not allowed.
///
/// Where this and minijinja would disagree about where code ends, minijinja refuses the template anyway (unbalanced brackets,
/// an open string), so that nothing gets past here by hiding.
pub(crate) fn allowed(source: &str) -> Result<(), TemplateError> {
    let mut at = 0;
    while let Some(found) = source[at..].find('{') {
        let start = at + found;
        let rest = &source[start..];
        at = if rest.starts_with("{#") {
            end_of(rest, "#}").map_or(source.len(), |end| start + end)
        } else if rest.starts_with("{{") {
            start + code(source, start, "}}")?
        } else if let Some(inside) = rest.strip_prefix("{%") {
            let name = statement(inside);
            if !STATEMENTS.contains(&name) {
                return Err(TemplateError::new(
                    Some(line(source, start)),
                    format!("has the statement {name:?}; a mail template may have if, for and raw"),
                ));
            }
            let end = start + code(source, start, "%}")?;
            if name == "raw" { end + raw(&source[end..]) } else { end }
        } else {
            start + 1
        };
    }
    Ok(())
}

/// The name of the statement that begins here.
fn statement(inside: &str) -> &str {
    let inside = inside.trim_start_matches(['-', '+']).trim_start();
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &inside[..end.unwrap_or(inside.len())]
}

/// How long the code is that begins at `start`, its delimiters included.
fn code(source: &str, start: usize, close: &str) -> Result<usize, TemplateError> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (offset, c) in source[start + 2..].char_indices() {
        let at = start + 2 + offset;
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '*') => {
                return Err(TemplateError::new(
                    Some(line(source, at)),
                    "has the operator *; a mail template cannot multiply",
                ));
            }
            (None, _) if depth == 0 && source[at..].starts_with(close) => {
                return Ok(at + close.len() - start);
            }
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(source.len() - start)
}

/// How long the raw text is, its closing statement excluded.
fn raw(rest: &str) -> usize {
    let mut at = 0;
    while let Some(found) = rest[at..].find("{%") {
        if statement(&rest[at + found + 2..]) == "endraw" {
            return at + found;
        }
        at += found + 2;
    }
    rest.len()
}

fn end_of(text: &str, close: &str) -> Option<usize> {
    text.find(close).map(|at| at + close.len())
}

fn line(source: &str, at: usize) -> usize {
    1 + source[..at].matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("Hello {{ user.name|default('you') }}, * {# {% set x = 1 %} #}")]
    #[case("{% if a %}{{ '}} * ' }}{% elif b %}{% else %}{%- endif -%}")]
    #[case("{% for x in data.rows %}{{ x[\"*\"] }}{% endfor %}")]
    #[case("{% raw %}{% set x = 1 %}{{ a * b }}{% endraw %}")]
    #[case("{{ {'a': {'b': 1}}['a']['b'] }} * ")]
    #[case("a { b } 50 % {")]
    fn text_conditions_and_loops_are_allowed(#[case] source: &str) {
        assert_eq!(allowed(source), Ok(()));
    }

    #[rstest::rstest]
    #[case("{% set x = 1 %}", 1)]
    #[case("\n{%- set x -%}a{% endset %}", 2)]
    #[case("{% macro f() %}{% endmacro %}", 1)]
    #[case("{% include 'x' %}", 1)]
    #[case("{%\n with x = 1 %}{% endwith %}", 1)]
    #[case("{%+ import 'x' as y %}", 1)]
    #[case("{% raw %}{% endraw %}\n{% do x() %}", 2)]
    #[case("{{ 'x' * 100000000 }}", 1)]
    #[case("{{ [{'a': {}}, 'x' * 100] }}", 1)]
    #[case("{% for x in\n[1] * 100 %}{% endfor %}", 2)]
    #[case("{{ '\\'' * 9 }}", 1)]
    fn what_can_grow_is_refused_with_its_line(#[case] source: &str, #[case] line: usize) {
        assert_eq!(allowed(source).unwrap_err().line, Some(line));
    }
}
