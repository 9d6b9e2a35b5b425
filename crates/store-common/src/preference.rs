//! What a user chose, as the text of columns. Not here: choices that another program wrote (`lenient` of the backend that
//! has such).

use std::collections::BTreeMap;

use grelot_core::{CategoryKey, Channel, Choice, QuietHours, TimeOfDay};
use serde_json::{Map, Value};

/// `22:00-07:00`.
pub fn encode_quiet(quiet: QuietHours) -> String {
    format!("{}-{}", quiet.start().text(), quiet.end().text())
}

/// The other way; `None` when the text is not of this form.
pub fn decode_quiet(text: &str) -> Option<QuietHours> {
    let (start, end) = text.split_once('-')?;
    QuietHours::new(TimeOfDay::parse(start).ok()?, TimeOfDay::parse(end).ok()?).ok()
}

/// `{"billing": {"email": false}}`.
pub fn encode_choices(choices: &BTreeMap<CategoryKey, Choice>) -> String {
    let object: Map<String, Value> = choices
        .iter()
        .map(|(key, chosen)| (key.as_str().to_owned(), Value::Object(encode_choice(*chosen))))
        .collect();
    Value::Object(object).to_string()
}

/// `{"email": false}`.
pub fn encode_choice(choice: Choice) -> Map<String, Value> {
    let channels = Channel::ALL.into_iter();
    let chosen = channels.filter_map(|channel| Some((channel, choice.on(channel)?)));
    chosen.map(|(channel, on)| (channel.name().to_owned(), Value::Bool(on))).collect()
}

/// Choices as [`encode_choices`] makes them; `None` when the text is not of this form.
pub fn decode_choices(text: &str) -> Option<BTreeMap<CategoryKey, Choice>> {
    // Most users choose nothing by category.
    if text == "{}" {
        return Some(BTreeMap::new());
    }
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    object
        .into_iter()
        .map(|(key, chosen)| Some((CategoryKey::parse(&key).ok()?, decode_choice(&chosen)?)))
        .collect()
}

fn decode_choice(chosen: &Value) -> Option<Choice> {
    let mut choice = Choice::default();
    for (channel, on) in chosen.as_object()? {
        let on = Some(on.as_bool()?);
        match channel.as_str() {
            "inApp" => choice.in_app = on,
            "email" => choice.email = on,
            _ => return None,
        }
    }
    Some(choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_decode_to_themselves() {
        let values = [None, Some(false), Some(true)];
        let mut choices = BTreeMap::new();
        for (a, in_app) in values.into_iter().enumerate() {
            for (b, email) in values.into_iter().enumerate() {
                let key = CategoryKey::parse(&format!("c{a}{b}")).unwrap();
                choices.insert(key, Choice { in_app, email });
            }
        }
        assert_eq!(decode_choices(&encode_choices(&choices)), Some(choices));
        assert_eq!(encode_choices(&BTreeMap::new()), "{}");
    }

    #[test]
    fn a_choice_is_an_object_by_channel() {
        let key = CategoryKey::parse("a").unwrap();
        let choice = Choice { in_app: Some(false), email: None };
        assert_eq!(encode_choices(&BTreeMap::from([(key, choice)])), r#"{"a":{"inApp":false}}"#);
    }

    #[test]
    fn choices_of_another_form_do_not_decode() {
        for text in ["", "[]", r#"{"Billing":{}}"#, r#"{"a":true}"#, r#"{"a":{"sms":true}}"#] {
            assert_eq!(decode_choices(text), None, "{text}");
        }
    }

    #[test]
    fn quiet_hours_decode_to_themselves() {
        let quiet = QuietHours::new(TimeOfDay::hour(22), TimeOfDay::hour(7)).unwrap();
        assert_eq!(encode_quiet(quiet), "22:00-07:00");
        assert_eq!(decode_quiet("22:00-07:00"), Some(quiet));
        for text in ["", "22:00", "22:00-22:00", "7-8"] {
            assert_eq!(decode_quiet(text), None, "{text}");
        }
    }
}
