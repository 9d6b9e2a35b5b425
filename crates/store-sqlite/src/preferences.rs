//! The port `PreferenceBook`: what users chose.

use std::collections::BTreeMap;

use async_trait::async_trait;
use grelot_core::{
    CategoryKey, ChangeKind, Channel, ChannelSet, Choice, DigestChoice, DigestRhythm, Preferences,
    PreferencesUpdate, QuietHours, TimeOfDay, UserId,
};
use grelot_store::{PreferenceBook, PreferencesError, PreferencesView, StoreError};
use rusqlite::params;
use serde_json::{Map, Value};

use crate::error::Failure;
use crate::snapshot::Snapshot;
use crate::store::SqliteStore;
use crate::tx::Tx;
use crate::{rows, sql};

#[async_trait]
impl PreferenceBook for SqliteStore {
    async fn preferences(&self, user: &UserId) -> Result<PreferencesView, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| {
            Ok(PreferencesView {
                preferences: snapshot.stored_preferences(&user)?.unwrap_or_default(),
                categories: snapshot.categories()?,
                inbox: snapshot.inbox(&user)?,
            })
        })
        .await
    }

    async fn update_preferences(
        &self,
        user: &UserId,
        update: &PreferencesUpdate,
    ) -> Result<PreferencesView, PreferencesError> {
        let (user, update) = (user.clone(), update.clone());
        self.write(1, None, move |tx| tx.update_preferences(&user, &update)).await?
    }
}

impl Snapshot<'_> {
    /// What the user chose; `None` when nothing is stored.
    pub(crate) fn stored_preferences(&self, user: &UserId) -> Result<Option<Preferences>, Failure> {
        rows::optional(self.connection, sql::PREFERENCES, [user.as_str()], |row| {
            let switches = ChannelSet::NONE
                .with(Channel::InApp, row.get(0)?)
                .with(Channel::Email, row.get(1)?);
            let choices = rows::parsed(row, 2, "notification_preferences.categories", decode)?;
            let name = "notification_preferences.quietHours";
            let quiet = rows::parsed_or_null(row, 3, name, decode_quiet)?;
            let rhythm = rows::parsed(row, 4, "notification_preferences.emailDigest", |text| {
                DigestRhythm::parse(text).ok()
            })?;
            let digest = DigestChoice { rhythm, hour: row.get(5)? };
            Ok(Preferences { switches, choices, quiet, digest })
        })
    }
}

impl Tx<'_> {
    fn update_preferences(
        &mut self,
        user: &UserId,
        update: &PreferencesUpdate,
    ) -> Result<Result<PreferencesView, PreferencesError>, Failure> {
        let categories = self.cached_categories()?;
        let present = self.stored_preferences(user)?.unwrap_or_default();
        let inbox = self.inbox(user)?;
        let preferences = match present.updated(update, &categories) {
            Ok(preferences) => preferences,
            Err(refusals) => return Ok(Err(PreferencesError::Refused(refusals))),
        };
        if preferences == present {
            return Ok(Ok(PreferencesView { preferences, categories, inbox }));
        }
        rows::execute(
            self.connection,
            sql::PREFERENCES_PUT,
            params![
                self.context.next_id(self.now).as_str(),
                user.as_str(),
                preferences.switches.has(Channel::InApp),
                preferences.switches.has(Channel::Email),
                encode(&preferences.choices),
                preferences.quiet.map(encode_quiet),
                preferences.digest.rhythm.name(),
                preferences.digest.hour,
            ],
        )?;
        let inbox =
            self.record(user, inbox, inbox.preferences_updated(), ChangeKind::PreferencesUpdated)?;
        Ok(Ok(PreferencesView { preferences, categories, inbox }))
    }
}

/// `22:00-07:00`.
fn encode_quiet(quiet: QuietHours) -> String {
    format!("{}-{}", quiet.start().text(), quiet.end().text())
}

/// The other way; `None` when the text is not of this form.
fn decode_quiet(text: &str) -> Option<QuietHours> {
    let (start, end) = text.split_once('-')?;
    QuietHours::new(TimeOfDay::parse(start).ok()?, TimeOfDay::parse(end).ok()?).ok()
}

/// `{"billing": {"email": false}}`.
fn encode(choices: &BTreeMap<CategoryKey, Choice>) -> String {
    let choice = |choice: &Choice| {
        let channels = Channel::ALL.into_iter();
        let chosen = channels.filter_map(|channel| Some((channel, choice.on(channel)?)));
        chosen.map(|(channel, on)| (channel.name().to_owned(), Value::Bool(on))).collect()
    };
    let object: Map<String, Value> = choices
        .iter()
        .map(|(key, chosen)| (key.as_str().to_owned(), Value::Object(choice(chosen))))
        .collect();
    Value::Object(object).to_string()
}

/// The other way; `None` when the text is not of this form.
fn decode(text: &str) -> Option<BTreeMap<CategoryKey, Choice>> {
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
        assert_eq!(decode(&encode(&choices)), Some(choices));
        assert_eq!(encode(&BTreeMap::new()), "{}");
    }

    #[test]
    fn choices_of_another_form_do_not_decode() {
        for text in ["", "[]", r#"{"Billing":{}}"#, r#"{"a":true}"#, r#"{"a":{"sms":true}}"#] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
