//! What a category says in several languages, as the JSON of its columns: lists, since the order counts.

use grelot_core::{Localized, Template, Templates};
use serde_json::Value;

/// `[["en", "Billing"]]`.
pub fn encode_texts(texts: &Localized) -> String {
    let pairs = texts.iter().map(|(tag, text)| Value::from(vec![tag, text]));
    Value::Array(pairs.collect()).to_string()
}

/// The other way; `None` when the text is not of this form.
pub fn decode_texts(text: &str) -> Option<Localized> {
    let pairs: Vec<(String, String)> = serde_json::from_str(text).ok()?;
    Localized::new(pairs).ok()
}

/// `[["fr", "subject", "html", "text"]]`, with null for a part that is not there.
pub fn encode_templates(templates: &Templates) -> String {
    let rows = templates.iter().map(|(tag, Template { subject, html, text })| {
        Value::from(vec![Some(tag), Some(subject), html.as_deref(), text.as_deref()])
    });
    Value::Array(rows.collect()).to_string()
}

/// The other way; `None` when the text is not of this form.
pub fn decode_templates(text: &str) -> Option<Templates> {
    // Most categories have none.
    if text == "[]" {
        return Some(Templates::default());
    }
    let rows: Vec<(String, String, Option<String>, Option<String>)> =
        serde_json::from_str(text).ok()?;
    let templates =
        rows.into_iter().map(|(tag, subject, html, text)| (tag, Template { subject, html, text }));
    Templates::new(templates.collect()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_decode_to_themselves_in_their_order() {
        let pairs = |pairs: &[(&str, &str)]| {
            let owned = pairs.iter().map(|(tag, text)| ((*tag).to_owned(), (*text).to_owned()));
            Localized::new(owned.collect()).unwrap()
        };
        for texts in [pairs(&[]), pairs(&[("fr", "Facturation"), ("en", "\"Billing\"")])] {
            assert_eq!(decode_texts(&encode_texts(&texts)), Some(texts));
        }
        for text in ["", "{}", r#"[["no tag", "x"]]"#, r#"[["en"]]"#] {
            assert_eq!(decode_texts(text), None, "{text}");
        }
    }

    #[test]
    fn templates_decode_to_themselves_whatever_they_lack() {
        let part = |there: bool| there.then(|| "<p>\"x\"</p>".to_owned());
        let templates = [(false, false), (true, false), (false, true), (true, true)]
            .map(|(html, text)| Template {
                subject: "s".to_owned(),
                html: part(html),
                text: part(text),
            })
            .into_iter()
            .zip(["fr", "en", "de", "pt-BR"])
            .map(|(template, tag)| (tag.to_owned(), template))
            .collect();
        let templates = Templates::new(templates).unwrap();
        assert_eq!(decode_templates(&encode_templates(&templates)), Some(templates));
        assert_eq!(
            decode_templates(&encode_templates(&Templates::default())),
            Some(Templates::default())
        );
        assert_eq!(decode_templates(r#"[["en", "s", null]]"#), None);
    }
}
