//! The choices by category in a table that the host's programs write as well. Not here: how Grelot writes them
//! (`grelot_store_common`).

use std::collections::BTreeMap;

use grelot_core::{CategoryKey, Channel, Choice};
use serde_json::{Map, Value};

/// What is there of choices: `true` for a category means every channel, and what is no choice of a channel is none.
pub(crate) fn decode(text: &str) -> BTreeMap<CategoryKey, Choice> {
    // Most users choose nothing by category.
    if text == "{}" {
        return BTreeMap::new();
    }
    let object: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    object
        .into_iter()
        .filter_map(|(key, chosen)| Some((CategoryKey::parse(&key).ok()?, decode_choice(&chosen))))
        .collect()
}

fn decode_choice(chosen: &Value) -> Choice {
    let on = |channel: Channel| chosen.as_bool().or_else(|| chosen.get(channel.name())?.as_bool());
    Choice { in_app: on(Channel::InApp), email: on(Channel::Email) }
}

#[cfg(test)]
mod tests {
    use grelot_store_common::encode_choices;

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
        assert_eq!(decode(&encode_choices(&choices)), choices);
    }

    #[test]
    fn choices_that_another_program_wrote_are_read_as_far_as_they_are_some() {
        for text in ["[]", "null", "7", r#"{"Billing":{"email":false}}"#] {
            assert_eq!(decode(text), BTreeMap::new(), "{text}");
        }
        let key = CategoryKey::parse("a").unwrap();
        for (text, in_app, email) in [
            (r#"{"a":false}"#, Some(false), Some(false)),
            (r#"{"a":true, "B":1}"#, Some(true), Some(true)),
            (r#"{"a":{"sms":true,"email":false}}"#, None, Some(false)),
            (r#"{"a":{"inApp":"no"}}"#, None, None),
        ] {
            assert_eq!(decode(text).get(&key), Some(&Choice { in_app, email }), "{text}");
        }
    }
}
