//! The port `Nodes`: what other nodes did. Not here: how they tell it (`notify_bus`).

use std::collections::HashMap;

use async_trait::async_trait;
use grelot_core::{Seq, Timestamp, UserId};
use grelot_store::{Endings, Nodes, StoreError};

use crate::error::Failure;
use crate::rows;
use crate::snapshot::Snapshot;
use crate::sql;
use crate::store::PostgresStore;

#[async_trait]
impl Nodes for PostgresStore {
    async fn moved_beyond(
        &self,
        known: &[(UserId, Seq)],
    ) -> Result<Vec<(UserId, Seq)>, StoreError> {
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let known = known.to_vec();
        self.look(move |snapshot| async move { snapshot.moved_beyond(&known).await }).await
    }

    async fn ended_since(&self, since: Timestamp, users: &[UserId]) -> Result<Endings, StoreError> {
        let users = users.to_vec();
        self.read(move |snapshot| async move { snapshot.ended_since(since, &users).await }).await
    }
}

impl Snapshot {
    async fn moved_beyond(&self, known: &[(UserId, Seq)]) -> Result<Vec<(UserId, Seq)>, Failure> {
        let users: Vec<&str> = known.iter().map(|(user, _)| user.as_str()).collect();
        let seqs: Vec<i64> = known.iter().map(|(_, seq)| rows::int(seq.get())).collect();
        rows::all(&self.connection, sql::INBOXES_BEYOND, &[&users, &seqs], |row| {
            let user = rows::parsed(row, 0, "inboxes.userId", |text| UserId::parse(text).ok())?;
            Ok((user, rows::seq(row, 1, "inboxes.seq")?))
        })
        .await
    }

    async fn ended_since(&self, since: Timestamp, users: &[UserId]) -> Result<Endings, Failure> {
        let since = since.millis();
        let params: rows::Params<'_> = &[&since];
        let asked = rows::optional(&self.connection, sql::DEPARTURES_LATELY, params, |row| {
            Ok((
                rows::get::<bool>(row, 0, "departures")?,
                rows::instant(row, 1, "clock_timestamp")?,
            ))
        });
        let (any, now) = asked.await?.ok_or(Failure::Corrupt("clock_timestamp"))?;
        if !any || users.is_empty() {
            return Ok(Endings { users: Vec::new(), now });
        }
        let digests: Vec<_> =
            users.iter().map(|user| self.context.departure_digest(user)).collect();
        let digests: Vec<&[u8]> = digests.iter().map(AsRef::as_ref).collect();
        let found =
            rows::query(&self.connection, sql::DEPARTURES_SINCE, &[&digests, &since]).await?;
        let of: HashMap<&[u8], &UserId> = digests.iter().copied().zip(users).collect();
        let mut ended = Vec::with_capacity(found.len());
        for row in &found {
            let digest: &[u8] = rows::get(row, 0, "departures.digest")?;
            if let Some(user) = of.get(digest) {
                ended.push(((*user).clone(), rows::instant(row, 1, "departures.revokedAt")?));
            }
        }
        Ok(Endings { users: ended, now })
    }
}
