//! Between rows and domain types. A row that does not parse is an error that names its column, never a panic.

use std::error::Error;
use std::sync::Arc;

use bytes::{BufMut as _, BytesMut};
use grelot_core::{
    CategoryKey, Content, Inbox, Link, Notification, NotificationId, NotificationType, Seq,
    Timestamp, UserId,
};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

use crate::connection::Connection;
use crate::error::Failure;
use crate::lenient;

/// The parameters of a statement.
pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A number as PostgreSQL holds it. What a client made up beyond it is beyond every row as well.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A limit as PostgreSQL holds it.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Runs a statement that answers no rows; returns how many it changed.
pub(crate) async fn execute(
    connection: &Connection,
    sql: &str,
    params: Params<'_>,
) -> Result<u64, Failure> {
    let client = connection.client()?;
    let statement = client.prepare_cached(sql).await?;
    Ok(client.execute(&statement, params).await?)
}

/// The rows of the answer, as they come.
pub(crate) async fn query(
    connection: &Connection,
    sql: &str,
    params: Params<'_>,
) -> Result<Vec<Row>, Failure> {
    let client = connection.client()?;
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query(&statement, params).await?)
}

/// The first row of the answer, if there is one.
pub(crate) async fn optional<T>(
    connection: &Connection,
    sql: &str,
    params: Params<'_>,
    read: impl FnOnce(&Row) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    query(connection, sql, params).await?.first().map(read).transpose()
}

/// Every row of the answer.
pub(crate) async fn all<T>(
    connection: &Connection,
    sql: &str,
    params: Params<'_>,
    read: impl FnMut(&Row) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    query(connection, sql, params).await?.iter().map(read).collect()
}

/// A column as it is; `name` is what an error says.
pub(crate) fn get<'r, T: FromSql<'r>>(
    row: &'r Row,
    index: usize,
    name: &'static str,
) -> Result<T, Failure> {
    row.try_get(index).map_err(|_of_another_type| Failure::Corrupt(name))
}

/// A column that may be null, through `parse`.
pub(crate) fn parsed_or_null<T>(
    row: &Row,
    index: usize,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Failure> {
    match get::<Option<&str>>(row, index, name)? {
        None => Ok(None),
        Some(text) => parse(text).map(Some).ok_or(Failure::Corrupt(name)),
    }
}

/// A column that is never null, through `parse`.
pub(crate) fn parsed<T>(
    row: &Row,
    index: usize,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Failure> {
    parsed_or_null(row, index, name, parse)?.ok_or(Failure::Corrupt(name))
}

/// A column that counts.
pub(crate) fn count(row: &Row, index: usize, name: &'static str) -> Result<u64, Failure> {
    u64::try_from(get::<i64>(row, index, name)?).map_err(|_negative| Failure::Corrupt(name))
}

/// A column that is a position.
pub(crate) fn seq(row: &Row, index: usize, name: &'static str) -> Result<Seq, Failure> {
    count(row, index, name).map(Seq::new)
}

/// A column that is a position or null.
pub(crate) fn seq_or_null(
    row: &Row,
    index: usize,
    name: &'static str,
) -> Result<Option<Seq>, Failure> {
    match get::<Option<i64>>(row, index, name)? {
        None => Ok(None),
        Some(_) => seq(row, index, name).map(Some),
    }
}

/// A column of our own tables that is an instant.
pub(crate) fn instant(row: &Row, index: usize, name: &'static str) -> Result<Timestamp, Failure> {
    Ok(Timestamp::from_millis(get(row, index, name)?))
}

/// A column of our own tables that is an instant or null.
pub(crate) fn instant_or_null(
    row: &Row,
    index: usize,
    name: &'static str,
) -> Result<Option<Timestamp>, Failure> {
    Ok(get::<Option<i64>>(row, index, name)?.map(Timestamp::from_millis))
}

/// An inbox, from the columns `seq`, `unread` and `prunedSeq` at `index`.
pub(crate) fn inbox(row: &Row, index: usize) -> Result<Inbox, Failure> {
    Ok(Inbox {
        seq: seq(row, index, "inboxes.seq")?,
        unread: count(row, index + 1, "inboxes.unread")?,
        pruned: seq(row, index + 2, "inboxes.prunedSeq")?,
    })
}

/// A notification of `user`, from the columns that every such query selects first, at the position that it has: none while
/// it is not adopted. Another program may have written it, so whatever its columns hold makes a notification.
pub(crate) fn notification(row: &Row, user: &UserId) -> Result<Notification, Failure> {
    let read_at: Option<Stamp> = get(row, 8, "notifications.readAt")?;
    let created_at: Option<Stamp> = get(row, 9, "notifications.createdAt")?;
    Ok(Notification {
        id: parsed(row, 0, "notifications.id", NotificationId::parse)?,
        user: user.clone(),
        seq: seq_or_null(row, 1, "notifications.seq")?.unwrap_or_default(),
        content: Arc::new(content(row)?),
        read_at: read_at.map(|stamp| stamp.0),
        // A host may have let go of the constraint. When it was, nobody knows.
        created_at: created_at.map_or(Timestamp::from_millis(0), |stamp| stamp.0),
    })
}

fn content(row: &Row) -> Result<Content, Failure> {
    let kind: Option<&str> = get(row, 2, "notifications.type")?;
    let category: Option<&str> = get(row, 3, "notifications.category")?;
    let body: Option<&str> = get(row, 5, "notifications.body")?;
    let link: Option<&str> = get(row, 6, "notifications.link")?;
    let data: Option<&str> = get(row, 7, "notifications.data")?;
    Ok(Content {
        // A host may have added values to the type, or let go of the constraint.
        kind: kind.and_then(|text| NotificationType::parse(text).ok()).unwrap_or_default(),
        category: category.and_then(|text| CategoryKey::parse(text).ok()),
        title: lenient::title(
            get::<Option<&str>>(row, 4, "notifications.title")?.unwrap_or_default(),
        )
        .ok_or(Failure::Corrupt("notifications.title"))?,
        body: body.and_then(lenient::body),
        link: link.and_then(|text| Link::parse(text).ok()),
        data: data.and_then(lenient::data),
    })
}

/// An instant in the module's tables: `timestamp(3)`, which names no zone and means UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(pub(crate) Timestamp);

/// 2000-01-01, where PostgreSQL counts microseconds from.
const EPOCH_MILLIS: i64 = 946_684_800_000;

impl FromSql<'_> for Stamp {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let micros = i64::from_be_bytes(raw.try_into()?);
        let millis = micros.div_euclid(1_000).saturating_add(EPOCH_MILLIS);
        Ok(Self(Timestamp::from_millis(millis)))
    }

    accepts!(TIMESTAMP);
}

impl ToSql for Stamp {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let micros = self.0.millis().saturating_sub(EPOCH_MILLIS).saturating_mul(1_000);
        out.put_i64(micros);
        Ok(IsNull::No)
    }

    accepts!(TIMESTAMP);
    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_comes_back_as_it_was_written() {
        for millis in [0, -1, 1_795_000_000_123, EPOCH_MILLIS, EPOCH_MILLIS - 1] {
            let stamp = Stamp(Timestamp::from_millis(millis));
            let mut raw = BytesMut::new();
            stamp.to_sql(&Type::TIMESTAMP, &mut raw).unwrap();
            assert_eq!(Stamp::from_sql(&Type::TIMESTAMP, &raw).unwrap(), stamp);
        }
    }

    #[test]
    fn infinity_is_an_instant_far_away() {
        for raw in [i64::MAX, i64::MIN] {
            assert!(Stamp::from_sql(&Type::TIMESTAMP, &raw.to_be_bytes()).is_ok());
        }
    }
}
