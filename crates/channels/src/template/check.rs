//! Tries templates before they are used, and says all that is wrong with them. Not here: what happens when one fails later
//! (`mailroom`).

use grelot_core::{Category, Template, Timestamp};
use minijinja::value::Value;
use url::Url;

use super::sample::{Anything, sample};
use super::{Engine, Frame, MAX_SUBJECT, Part, TemplateError, TemplateProblem, context};
use crate::message::Matter;
use crate::text::one_line;

/// Everything that is wrong with the templates of `category`.
pub(crate) fn check(
    engine: &Engine,
    app: (&str, &Url),
    category: &Category,
) -> Result<(), Vec<TemplateProblem>> {
    let templates = &category.mail.templates;
    let mut problems = Vec::new();
    for (position, (locale, template)) in templates.iter().enumerate() {
        let mut report =
            |part, line, detail: &str| problems.push(problem(locale, part, line, detail));
        if templates.iter().take(position).any(|(tag, _)| tag.eq_ignore_ascii_case(locale)) {
            report(None, None, "is there twice");
        }
        if template.html.is_none() {
            let why = "must be given: the built-in one does not fit another's subject";
            report(Some(Part::Html), None, why);
        }
        for (part, source) in parts(template) {
            if part == Part::Subject && source.chars().count() > MAX_SUBJECT {
                report(Some(part), None, "must be 1 to 200 characters");
            } else if source.is_empty() {
                report(Some(part), None, "must not be empty");
            } else if let Err(error) = attempt(engine, app, (locale, category), part, source) {
                report(Some(part), error.line, &error.detail);
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Each part that there is, with its source.
fn parts(Template { subject, html, text }: &Template) -> impl Iterator<Item = (Part, &str)> {
    let parts =
        [(Part::Subject, Some(subject)), (Part::Html, html.as_ref()), (Part::Text, text.as_ref())];
    parts.into_iter().filter_map(|(part, source)| Some((part, source?.as_str())))
}

/// Fills a part in with the sample.
fn attempt(
    engine: &Engine,
    (app_name, app_url): (&str, &Url),
    (locale, category): (&str, &Category),
    part: Part,
    source: &str,
) -> Result<(), TemplateError> {
    let Some(letter) = sample(Some(locale), Some(category), Timestamp::from_millis(0)) else {
        return Ok(());
    };
    let Matter::One { item, .. } = &letter.matter else { return Ok(()) };
    let frame = Frame { app_name, app_url, preferences: Some(app_url), letter: &letter };
    let data = Value::from_object(Anything);
    match engine.custom(part, source, &context::one(&frame, item, Some(category), data)) {
        Ok(made) if part == Part::Subject && one_line(&made, 1).is_empty() => {
            Err(TemplateError::new(None, "makes an empty subject"))
        }
        Ok(_) => Ok(()),
        // The sample does not know what the data really is: "12.5"|round fails here and works there.
        Err(error) if error.of_a_value && source.contains("data") => Ok(()),
        Err(error) => Err(error),
    }
}

fn problem(locale: &str, part: Option<Part>, line: Option<usize>, detail: &str) -> TemplateProblem {
    TemplateProblem { locale: locale.to_owned(), part, line, detail: detail.to_owned() }
}
