//! The port `PreferenceBook`: what users chose.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::future::{try_join, try_join3};
use grelot_core::{
    CategoryKey, ChangeKind, Channel, ChannelSet, Choice, DigestChoice, DigestRhythm, Preferences,
    PreferencesUpdate, QuietHours, TimeOfDay, UserId,
};
use grelot_store::{PreferenceBook, PreferencesError, PreferencesView, StoreError};
use serde_json::{Map, Value};
use tokio_postgres::Row;

use crate::error::Failure;
use crate::rows;
use crate::snapshot::Snapshot;
use crate::sql;
use crate::store::PostgresStore;
use crate::tx::Tx;

#[async_trait]
impl PreferenceBook for PostgresStore {
    async fn preferences(&self, user: &UserId) -> Result<PreferencesView, StoreError> {
        let user = user.clone();
        self.read(move |snapshot| async move {
            let (preferences, categories, inbox) = try_join3(
                snapshot.stored_preferences(&user),
                snapshot.categories(),
                snapshot.inbox(&user),
            )
            .await?;
            Ok(PreferencesView { preferences: preferences.unwrap_or_default(), categories, inbox })
        })
        .await
    }

    async fn update_preferences(
        &self,
        user: &UserId,
        update: &PreferencesUpdate,
    ) -> Result<PreferencesView, PreferencesError> {
        let update = update.clone();
        let saving = self
            .write_for(user, |tx, user| async move { tx.update_preferences(&user, &update).await });
        saving.await?
    }
}

impl Snapshot {
    /// What the user chose; `None` when nothing is stored.
    pub(crate) async fn stored_preferences(
        &self,
        user: &UserId,
    ) -> Result<Option<Preferences>, Failure> {
        rows::optional(&self.connection, sql::PREFERENCES, &[&user.as_str()], read).await
    }
}

/// Preferences, from the columns that every such query selects first.
pub(crate) fn read(row: &Row) -> Result<Preferences, Failure> {
    let switches = ChannelSet::NONE
        .with(Channel::InApp, rows::get(row, 0, "notification_preferences.inApp")?)
        .with(Channel::Email, rows::get(row, 1, "notification_preferences.email")?);
    let choices = decode(rows::get(row, 2, "notification_preferences.categories")?);
    let name = "mail_preferences.quietHours";
    let quiet = rows::parsed_or_null(row, 3, name, decode_quiet)?;
    Ok(Preferences { switches, choices, quiet, digest: digest(row)? })
}

impl Tx {
    async fn update_preferences(
        &self,
        user: &UserId,
        update: &PreferencesUpdate,
    ) -> Result<Result<PreferencesView, PreferencesError>, Failure> {
        // First the lock: what is read is read with the inbox locked.
        let inbox = self.claim_inbox(user).await?;
        let (present, categories) =
            try_join(self.stored_preferences(user), self.categories()).await?;
        let present = present.unwrap_or_default();
        let preferences = match present.updated(update, &categories) {
            Ok(preferences) => preferences,
            Err(refusals) => {
                self.give_up();
                return Ok(Err(PreferencesError::Refused(refusals)));
            }
        };
        if preferences == present {
            self.give_up();
            return Ok(Ok(PreferencesView { preferences, categories, inbox }));
        }
        let id = self.context.next_id(self.now);
        let switches = Channel::ALL.map(|channel| preferences.switches.has(channel));
        let choices = encode(&preferences.choices);
        let params: rows::Params<'_> =
            &[&id.as_str(), &user.as_str(), &switches[0], &switches[1], &choices];
        let put = rows::execute(&self.connection, sql::PREFERENCES_PUT, params);
        let moved =
            self.record(user, inbox, inbox.preferences_updated(), ChangeKind::PreferencesUpdated);
        let quiet = preferences.quiet.map(encode_quiet);
        let (rhythm, hour) = (preferences.digest.rhythm.name(), i16::from(preferences.digest.hour));
        let mail: rows::Params<'_> = &[&user.as_str(), &quiet, &rhythm, &hour];
        let put_mail = rows::execute(&self.connection, sql::MAIL_PREFERENCES_PUT, mail);
        let (_, _, inbox) = try_join3(put, put_mail, moved).await?;
        Ok(Ok(PreferencesView { preferences, categories, inbox }))
    }
}

/// The digest; a user of whom only the host's table knows has none.
fn digest(row: &Row) -> Result<DigestChoice, Failure> {
    let rhythm = rows::parsed_or_null(row, 4, "mail_preferences.emailDigest", |text| {
        DigestRhythm::parse(text).ok()
    })?;
    let Some((rhythm, hour)) =
        rhythm.zip(rows::get::<Option<i16>>(row, 5, "mail_preferences.emailDigestHour")?)
    else {
        return Ok(DigestChoice::default());
    };
    let hour = u8::try_from(hour)
        .map_err(|_other| Failure::Corrupt("mail_preferences.emailDigestHour"))?;
    Ok(DigestChoice { rhythm, hour })
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

/// The other way. The host's programs write here as well: `true` for a category means every channel, and what is no choice
/// of a channel is none.
fn decode(text: &str) -> BTreeMap<CategoryKey, Choice> {
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
        assert_eq!(decode(&encode(&choices)), choices);
        assert_eq!(encode(&BTreeMap::new()), "{}");
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
