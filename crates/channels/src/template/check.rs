//! Tries templates before they are used, and says all that is wrong with them. Not here: what happens when one fails later
//! (`mailroom`).

use grelot_core::{Category, Localized, Timestamp};
use minijinja::value::Value;
use url::Url;

use super::sample::{Anything, sample};
use super::{
    EmailTemplate, EmailTemplates, Engine, Frame, Part, TemplateError, TemplateProblem, context,
};
use crate::message::Matter;
use crate::text::one_line;

/// Everything that is wrong with `templates`.
pub(crate) fn check(
    engine: &Engine,
    app: (&str, &Url),
    templates: &EmailTemplates,
    category: &Category,
) -> Result<(), Vec<TemplateProblem>> {
    let mut problems = Vec::new();
    let count = templates.iter().count();
    if count == 0 || count > EmailTemplates::MAX_LOCALES {
        return Err(vec![problem("*", None, None, "must be of 1 to 32 languages")]);
    }
    for (position, (locale, template)) in templates.iter().enumerate() {
        let mut report =
            |part, line, detail: &str| problems.push(problem(locale, part, line, detail));
        if Localized::new(vec![(locale.to_owned(), "x".to_owned())]).is_err() {
            report(None, None, "is no language tag such as en or pt-BR");
        }
        if templates.iter().take(position).any(|(tag, _)| tag.eq_ignore_ascii_case(locale)) {
            report(None, None, "is there twice");
        }
        for (part, source, fits, limit) in parts(template) {
            if !fits {
                report(Some(part), None, limit);
            } else if let Err(error) = attempt(engine, app, (locale, category), part, source) {
                report(Some(part), error.line, &error.detail);
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Each part with its source, whether it keeps its limit, and what the limit is.
fn parts(template: &EmailTemplate) -> Vec<(Part, &str, bool, &'static str)> {
    let EmailTemplate { subject, html, text } = template;
    let short = (1..=EmailTemplate::MAX_SUBJECT_CHARS).contains(&subject.chars().count());
    let html_fits = (1..=EmailTemplate::MAX_HTML_BYTES).contains(&html.len());
    let mut parts = vec![
        (Part::Subject, subject.as_str(), short, "must be 1 to 200 characters"),
        (Part::Html, html.as_str(), html_fits, "must be 1 byte to 128 KiB"),
    ];
    if let Some(text) = text {
        let fits = (1..=EmailTemplate::MAX_TEXT_BYTES).contains(&text.len());
        parts.push((Part::Text, text.as_str(), fits, "must be 1 byte to 64 KiB"));
    }
    parts
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
