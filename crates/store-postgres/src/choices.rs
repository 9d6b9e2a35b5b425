//! The choices by category in a table that the host's programs write as well: what of it is read, and what a save changes.
//! Not here: the form of a choice (`grelot_store_common`).

use std::collections::{BTreeMap, BTreeSet};

use grelot_core::{CategoryKey, Channel, Choice};
use grelot_store_common::encode_choice;
use serde_json::{Map, Value};

/// What a user chose, by category.
type Choices = BTreeMap<CategoryKey, Choice>;

/// What is there of choices: `true` for a category means every channel, and what is no choice of a channel is none.
pub(crate) fn decode(text: &str) -> Choices {
    // Most users choose nothing by category.
    if text == "{}" {
        return BTreeMap::new();
    }
    let object: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    object
        .into_iter()
        .filter_map(|(key, chosen)| Some((CategoryKey::parse(&key).ok()?, decode_choice(&chosen))))
        .filter(|(_, choice)| !choice.is_empty())
        .collect()
}

fn decode_choice(chosen: &Value) -> Choice {
    let on = |channel: Channel| chosen.as_bool().or_else(|| chosen.get(channel.name())?.as_bool());
    Choice { in_app: on(Channel::InApp), email: on(Channel::Email) }
}

/// What a save changes of the table's JSON. The rest is not its own and stays: keys that are no category's, channels that
/// Grelot does not know, and what another program has written meanwhile.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Patch {
    /// The categories whose choices it changes, with all that they hold afterwards: an object, as JSON.
    pub(crate) put: String,
    /// The categories of which nothing is left.
    pub(crate) removed: Vec<String>,
}

/// From the choices `before`, as `stored` has them, to those `after`.
pub(crate) fn patch(stored: &str, before: &Choices, after: &Choices) -> Patch {
    let stored: Map<String, Value> = serde_json::from_str(stored).unwrap_or_default();
    let (mut put, mut removed) = (Map::new(), Vec::new());
    let keys: BTreeSet<&CategoryKey> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let of = |choices: &Choices| choices.get(key).copied().unwrap_or_default();
        let (was, is) = (of(before), of(after));
        if was == is {
            continue;
        }
        let mut held = match stored.get(key.as_str()) {
            Some(Value::Object(held)) => held.clone(),
            _ => encode_choice(was),
        };
        for channel in Channel::ALL {
            match is.on(channel) {
                now if now == was.on(channel) => {}
                Some(on) => drop(held.insert(channel.name().to_owned(), Value::Bool(on))),
                None => drop(held.remove(channel.name())),
            }
        }
        if held.is_empty() {
            removed.push(key.as_str().to_owned());
        } else {
            put.insert(key.as_str().to_owned(), Value::Object(held));
        }
    }
    Patch { put: Value::Object(put).to_string(), removed }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn choices_that_another_program_wrote_are_read_as_far_as_they_are_some() {
        for text in ["[]", "null", "7", r#"{"Billing":{"email":false}}"#] {
            assert_eq!(decode(text), BTreeMap::new(), "{text}");
        }
        let key = CategoryKey::parse("a").unwrap();
        for (text, in_app, email) in [
            (r#"{"a":{"inApp":false,"email":true}}"#, Some(false), Some(true)),
            (r#"{"a":false}"#, Some(false), Some(false)),
            (r#"{"a":true, "B":1}"#, Some(true), Some(true)),
            (r#"{"a":{"sms":true,"email":false}}"#, None, Some(false)),
        ] {
            assert_eq!(decode(text).get(&key), Some(&Choice { in_app, email }), "{text}");
        }
    }

    #[test]
    fn what_is_no_choice_of_a_channel_is_none() {
        for text in [r#"{"a":{"inApp":"no"}}"#, r#"{"a":{}}"#, r#"{"a":"weekly"}"#] {
            assert_eq!(decode(text), BTreeMap::new(), "{text}");
        }
    }

    #[test]
    fn a_patch_has_what_changes_and_nothing_else() {
        let choices = decode(r#"{"a":false,"b":{"email":true},"c":{"inApp":true}}"#);
        let stored = r#"{"a":false,"b":{"email":true,"sms":1},"c":{"inApp":true},"D":0}"#;
        let to = |text: &str| {
            let Patch { put, removed } = patch(stored, &choices, &decode(text));
            (serde_json::from_str::<Value>(&put).unwrap(), removed.join(" "))
        };
        assert_eq!(to(stored), (json!({}), String::new()));
        assert_eq!(to("{}"), (json!({"b": {"sms": 1}}), "a c".to_owned()));
        let next = r#"{"a":{"email":false,"inApp":true},"b":{"email":true},"c":{"inApp":true},"d":{"inApp":false}}"#;
        let put = json!({"a": {"email": false, "inApp": true}, "d": {"inApp": false}});
        assert_eq!(to(next), (put, String::new()));
    }
}
