//! The port `PreferenceBook`: what users chose.

use async_trait::async_trait;
use grelot_core::{
    ChangeKind, Channel, ChannelSet, DigestChoice, DigestRhythm, Preferences, PreferencesUpdate,
    UserId,
};
use grelot_store::{PreferenceBook, PreferencesError, PreferencesView, StoreError};
use grelot_store_common::{decode_choices, decode_quiet, encode_choices, encode_quiet};
use rusqlite::params;

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
            let choices =
                rows::parsed(row, 2, "notification_preferences.categories", decode_choices)?;
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
                encode_choices(&preferences.choices),
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
