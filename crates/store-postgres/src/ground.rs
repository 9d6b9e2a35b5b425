//! What the decisions about requests to notify rest on, read at once for all of them, and the decision.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::try_join3;
use grelot_core::category::Categories;
use grelot_core::delivery::{MailPlan, plan_mail};
use grelot_core::{Category, CategoryKey, Channel, Preferences, Timestamp, UserId, Zone, resolve};
use grelot_store::{EmailOutcome, InAppOutcome, MailPolicy, NotifyRequest, Preview};

use crate::error::Failure;
use crate::rows;
use crate::snapshot::Snapshot;
use crate::sql;

/// What the decisions rest on.
#[derive(Debug)]
pub(crate) struct Ground {
    /// Those of the categories asked for that there are.
    pub(crate) categories: Categories,
    /// Those of the users who ever chose something.
    preferences: HashMap<UserId, Preferences>,
    /// The users who can be written to, and where they live.
    addresses: HashMap<UserId, Zone>,
    defaults: Preferences,
}

impl Snapshot {
    /// What the decisions about `requests` rest on.
    pub(crate) async fn ground(&self, requests: &[&NotifyRequest]) -> Result<Ground, Failure> {
        let recipients = |request: &&'_ NotifyRequest| request.recipients.users().to_vec();
        let users: BTreeSet<UserId> = requests.iter().flat_map(recipients).collect();
        let with_mail = requests.iter().filter(|request| request.mail != MailPolicy::Off);
        let mailed: BTreeSet<UserId> = with_mail.flat_map(recipients).collect();
        let keys: BTreeSet<_> =
            requests.iter().filter_map(|request| request.content.category.as_ref()).collect();
        self.ground_of(&users, &mailed, &keys).await
    }

    /// What decisions rest on about notifications of the categories `keys` to `users`, with mails to `mailed`.
    pub(crate) async fn ground_of(
        &self,
        users: &BTreeSet<UserId>,
        mailed: &BTreeSet<UserId>,
        keys: &BTreeSet<&CategoryKey>,
    ) -> Result<Ground, Failure> {
        let (categories, preferences, addresses) = try_join3(
            self.categories_of(keys),
            self.preferences_of(users),
            self.with_address(mailed),
        )
        .await?;
        Ok(Ground { categories, preferences, addresses, defaults: Preferences::default() })
    }

    async fn preferences_of(
        &self,
        users: &BTreeSet<UserId>,
    ) -> Result<HashMap<UserId, Preferences>, Failure> {
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        let found = rows::query(&self.connection, sql::PREFERENCES_OF_MANY, &[&ids]).await?;
        let mut preferences = HashMap::with_capacity(found.len());
        for row in &found {
            let user = rows::parsed(row, 6, "notification_preferences.userId", |text| {
                UserId::parse(text).ok()
            })?;
            preferences.insert(user, crate::preferences::read(row)?);
        }
        Ok(preferences)
    }

    async fn with_address(
        &self,
        users: &BTreeSet<UserId>,
    ) -> Result<HashMap<UserId, Zone>, Failure> {
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        let found = rows::all(&self.connection, sql::CONTACTS_WITH_ADDRESS, &[&ids], |row| {
            let user = rows::parsed(row, 0, "contacts.userId", |text| UserId::parse(text).ok())?;
            Ok((user, Zone::named(rows::get(row, 1, "contacts.timezone")?)))
        })
        .await?;
        Ok(found.into_iter().collect())
    }
}

/// What is decided about a notification to one user.
#[derive(Debug)]
pub(crate) struct Decided {
    /// The outcomes and their rules.
    pub(crate) preview: Preview,
    /// When the mail goes out, if one does.
    pub(crate) plan: Option<MailPlan>,
}

impl Ground {
    /// What comes of a notification to `user`, and why.
    pub(crate) fn decide(
        &self,
        user: &UserId,
        category: Option<&Category>,
        mail: MailPolicy,
        now: Timestamp,
    ) -> Decided {
        let preferences = self.preferences.get(user).unwrap_or(&self.defaults);
        let [in_app_decision, email_decision] =
            Channel::ALL.map(|channel| resolve(channel, category, preferences));
        let in_app =
            if in_app_decision.enabled { InAppOutcome::Created } else { InAppOutcome::Muted };
        let (email, plan) = match mail {
            MailPolicy::Off => (EmailOutcome::Off, None),
            MailPolicy::On { .. } if !email_decision.enabled => (EmailOutcome::Muted, None),
            MailPolicy::On { minute } => match self.addresses.get(user) {
                None => (EmailOutcome::NoAddress, None),
                Some(zone) => {
                    let plan = plan_mail(category, preferences, zone, now, minute);
                    (EmailOutcome::Queued, Some(plan))
                }
            },
        };
        let preview = Preview { in_app, in_app_decision, email, email_decision };
        Decided { preview, plan }
    }
}
