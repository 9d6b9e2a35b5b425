//! The port `PreferenceBook`: what users chose.

use async_trait::async_trait;
use futures_util::future::{try_join, try_join3};
use grelot_core::{
    ChangeKind, Channel, ChannelSet, DigestChoice, DigestRhythm, Preferences, PreferencesUpdate,
    UserId,
};
use grelot_store::{PreferenceBook, PreferencesError, PreferencesView, StoreError};
use grelot_store_common::{decode_quiet, encode_quiet};
use tokio_postgres::Row;

use crate::choices::{self, Patch};
use crate::error::Failure;
use crate::rows;
use crate::snapshot::Snapshot;
use crate::sql;
use crate::store::PostgresStore;
use crate::tx::Tx;

const CHOICES: &str = "notification_preferences.categories";

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
    let choices = choices::decode(rows::get(row, 2, CHOICES)?);
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
        let of_user: rows::Params<'_> = &[&user.as_str()];
        let stored = rows::optional(&self.connection, sql::PREFERENCES, of_user, |row| {
            Ok((read(row)?, rows::get::<String>(row, 2, CHOICES)?))
        });
        let (stored, categories) = try_join(stored, self.categories()).await?;
        let (present, json) = stored.unwrap_or_default();
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
        let Patch { put, removed } = choices::patch(&json, &present.choices, &preferences.choices);
        let params: rows::Params<'_> =
            &[&id.as_str(), &user.as_str(), &switches[0], &switches[1], &put, &removed];
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
