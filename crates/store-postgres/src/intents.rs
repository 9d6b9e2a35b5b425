//! Queues what a batch decided about email: the digests that collect, and the rows of the outbox. Not here: when a mail is
//! due (`grelot_core::delivery`), and what becomes of the rows (`outbox`).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use grelot_core::delivery::MailPlan;
use grelot_core::{
    CategoryKey, Content, DeliveryId, DeliveryState, NotificationId, Seq, SkipReason, Timestamp,
    UserId,
};
use grelot_store::EmailOutcome;

use crate::error::Failure;
use crate::ground::Decided;
use crate::snapshot::Snapshot;
use crate::{errand, outbox, rows, sql};

/// What was decided about the email of one notification to one user.
#[derive(Debug)]
pub(crate) struct Intent<'a> {
    /// Which content of the batch it is of.
    unit: usize,
    user: &'a UserId,
    notification: NotificationId,
    /// Which of the rows that the batch creates it is about, if there is one.
    row: Option<usize>,
    in_app_rule: &'static str,
    rule: &'static str,
    plan: Result<MailPlan, SkipReason>,
}

impl<'a> Intent<'a> {
    /// What is to be queued; `None` where no mail is sent at all.
    pub(crate) fn of(
        unit: usize,
        user: &'a UserId,
        notification: NotificationId,
        row: Option<usize>,
        decided: &Decided,
    ) -> Option<Self> {
        let plan = match (decided.preview.email, decided.plan) {
            (EmailOutcome::Off, _) => return None,
            (EmailOutcome::Muted, _) => Err(SkipReason::Muted),
            (EmailOutcome::NoAddress, _) | (EmailOutcome::Queued, None) => {
                Err(SkipReason::NoAddress)
            }
            (EmailOutcome::Queued, Some(plan)) => Ok(plan),
        };
        let in_app_rule = decided.preview.in_app_decision.rule.name();
        let rule = decided.preview.email_decision.rule.name();
        Some(Self { unit, user, notification, row, in_app_rule, rule, plan })
    }
}

/// The digests that collect, with the instants when they go out.
pub(crate) type Digests<'a> = HashMap<&'a UserId, (DeliveryId, Timestamp)>;

impl Snapshot {
    fn next_delivery(&self, now: Timestamp) -> DeliveryId {
        DeliveryId::new(self.context.next_id(now))
    }

    /// The digests of those whose intents want one: those that still collect, or new ones. They are locked, so that none
    /// goes out before what it collects is there; and the contacts are, so that no two are opened.
    pub(crate) async fn open_digests<'a>(
        &self,
        intents: &[Intent<'a>],
        now: Timestamp,
    ) -> Result<Digests<'a>, Failure> {
        let mut wanted: BTreeMap<&UserId, Timestamp> = BTreeMap::new();
        for intent in intents {
            if let Ok(MailPlan::Digest(at)) = intent.plan {
                wanted.entry(intent.user).or_insert(at);
            }
        }
        if wanted.is_empty() {
            return Ok(Digests::new());
        }
        let users: Vec<&str> = wanted.keys().map(|user| user.as_str()).collect();
        let params: rows::Params<'_> = &[&users];
        rows::query(&self.connection, sql::CONTACTS_LOCK, params).await?;
        let open = rows::all(&self.connection, sql::DIGESTS_OPEN, params, |row| {
            let at = rows::instant(row, 1, "deliveries.dueAt")?;
            Ok((outbox::user(row, 2)?, (outbox::id(row, 0)?, at)))
        });
        let mut open: HashMap<UserId, (DeliveryId, Timestamp)> = open.await?.into_iter().collect();
        let (mut digests, mut new) = (Digests::new(), Vec::new());
        for (user, at) in wanted {
            let digest = open.remove(user).unwrap_or_else(|| {
                let digest = (self.next_delivery(now), at);
                new.push((user, digest));
                digest
            });
            digests.insert(user, digest);
        }
        self.insert_digests(&new, now).await?;
        Ok(digests)
    }

    async fn insert_digests(
        &self,
        new: &[(&UserId, (DeliveryId, Timestamp))],
        now: Timestamp,
    ) -> Result<(), Failure> {
        if new.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = new.iter().map(|(_, (id, _))| id.as_str()).collect();
        let users: Vec<&str> = new.iter().map(|(user, _)| user.as_str()).collect();
        let due: Vec<i64> = new.iter().map(|(_, (_, at))| at.millis()).collect();
        let params: rows::Params<'_> = &[&ids, &users, &due, &now.millis()];
        rows::execute(&self.connection, sql::DIGESTS_INSERT, params).await?;
        Ok(())
    }

    /// Writes the rows of the outbox. `positions` are those of the notifications that have one.
    pub(crate) async fn insert_deliveries(
        &self,
        positions: &[Seq],
        intents: &[Intent<'_>],
        digests: &Digests<'_>,
        contents: &[Arc<Content>],
        now: Timestamp,
    ) -> Result<(), Failure> {
        if intents.is_empty() {
            return Ok(());
        }
        let ids: Vec<DeliveryId> = intents.iter().map(|_| self.next_delivery(now)).collect();
        let ids: Vec<&str> = ids.iter().map(DeliveryId::as_str).collect();
        let users: Vec<&str> = intents.iter().map(|intent| intent.user.as_str()).collect();
        let about: Vec<&str> = intents.iter().map(|intent| intent.notification.as_str()).collect();
        let seq = |intent: &Intent<'_>| {
            intent.row.and_then(|row| positions.get(row)).map(|seq| rows::int(seq.get()))
        };
        let seqs: Vec<Option<i64>> = intents.iter().map(seq).collect();
        // Counted from one, as `WITH ORDINALITY` does.
        let units: Vec<i64> = intents.iter().map(|intent| rows::limit(intent.unit) + 1).collect();
        let in_app_rules: Vec<&str> = intents.iter().map(|intent| intent.in_app_rule).collect();
        let rules: Vec<&str> = intents.iter().map(|intent| intent.rule).collect();
        let collected: Vec<(DeliveryState, Option<&str>, i64)> =
            intents.iter().map(|intent| intent.state(digests, now)).collect();
        let states: Vec<&str> = collected.iter().map(|(state, _, _)| state.name()).collect();
        let digest_ids: Vec<Option<&str>> = collected.iter().map(|(_, id, _)| *id).collect();
        let due: Vec<i64> = collected.iter().map(|(_, _, due)| *due).collect();
        let reasons: Vec<Option<&str>> =
            intents.iter().map(|intent| intent.plan.err().map(SkipReason::name)).collect();
        let rowless: HashSet<usize> = intents
            .iter()
            .filter(|intent| intent.row.is_none())
            .map(|intent| intent.unit)
            .collect();
        let content = |(number, content): (usize, &Arc<Content>)| {
            rowless.contains(&number).then(|| errand::encode(content))
        };
        let categories: Vec<Option<&str>> = contents
            .iter()
            .map(|content| content.category.as_ref().map(CategoryKey::as_str))
            .collect();
        let contents: Vec<Option<String>> = contents.iter().enumerate().map(content).collect();
        let params: rows::Params<'_> = &[
            &ids,
            &users,
            &about,
            &seqs,
            &units,
            &in_app_rules,
            &rules,
            &digest_ids,
            &states,
            &due,
            &now.millis(),
            &reasons,
            &contents,
            &categories,
        ];
        rows::execute(&self.connection, sql::OUTBOX_INSERT, params).await?;
        Ok(())
    }
}

impl Intent<'_> {
    /// The state of the delivery, the digest that collects it, and when it is due.
    fn state<'d>(
        &self,
        digests: &'d Digests<'_>,
        now: Timestamp,
    ) -> (DeliveryState, Option<&'d str>, i64) {
        match self.plan {
            Err(_) => (DeliveryState::Skipped, None, now.millis()),
            Ok(MailPlan::Alone(at)) => (DeliveryState::Pending, None, at.millis()),
            Ok(MailPlan::Digest(at)) => match digests.get(self.user) {
                None => (DeliveryState::Pending, None, at.millis()),
                Some((id, at)) => (DeliveryState::Collected, Some(id.as_str()), at.millis()),
            },
        }
    }
}
