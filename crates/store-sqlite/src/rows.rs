//! Between rows and domain types. A row that does not parse is an error that names its column, never a panic.

use std::sync::Arc;

use grelot_core::{
    Body, CategoryKey, Content, Data, Link, Notification, NotificationId, NotificationType, Seq,
    Timestamp, Title, UserId,
};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Row};

use crate::error::Failure;

/// A number as SQLite holds it. What a client made up beyond it is beyond every row as well.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A limit as SQLite holds it.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Runs a statement that answers no rows; returns how many it changed.
pub(crate) fn execute(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<usize, Failure> {
    Ok(connection.prepare_cached(sql)?.execute(params)?)
}

/// The first row of the answer, if there is one.
pub(crate) fn optional<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// Every row of the answer.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// A column that may be null, through `parse`; `name` is what an error says.
pub(crate) fn parsed_or_null<T>(
    row: &Row<'_>,
    index: usize,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Failure> {
    match row.get_ref(index)? {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => {
            std::str::from_utf8(bytes).ok().and_then(parse).map(Some).ok_or(Failure::Corrupt(name))
        }
        ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => Err(Failure::Corrupt(name)),
    }
}

/// A column that is never null, through `parse`.
pub(crate) fn parsed<T>(
    row: &Row<'_>,
    index: usize,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Failure> {
    parsed_or_null(row, index, name, parse)?.ok_or(Failure::Corrupt(name))
}

/// A column that counts.
pub(crate) fn count(row: &Row<'_>, index: usize, name: &'static str) -> Result<u64, Failure> {
    u64::try_from(row.get::<_, i64>(index)?).map_err(|_negative| Failure::Corrupt(name))
}

/// A column that is a position.
pub(crate) fn seq(row: &Row<'_>, index: usize, name: &'static str) -> Result<Seq, Failure> {
    count(row, index, name).map(Seq::new)
}

/// A column that is an instant.
pub(crate) fn instant(row: &Row<'_>, index: usize) -> Result<Timestamp, Failure> {
    Ok(Timestamp::from_millis(row.get(index)?))
}

/// A column that is an instant or null.
pub(crate) fn instant_or_null(row: &Row<'_>, index: usize) -> Result<Option<Timestamp>, Failure> {
    Ok(row.get::<_, Option<i64>>(index)?.map(Timestamp::from_millis))
}

/// A notification of `user`, from the columns that every such query selects first.
pub(crate) fn notification(row: &Row<'_>, user: &UserId) -> Result<Notification, Failure> {
    let content = Content {
        kind: parsed(row, 2, "notifications.type", |text| NotificationType::parse(text).ok())?,
        category: parsed_or_null(row, 3, "notifications.category", |text| {
            CategoryKey::parse(text).ok()
        })?,
        title: parsed(row, 4, "notifications.title", |text| Title::parse(text).ok())?,
        body: parsed_or_null(row, 5, "notifications.body", |text| Body::parse(text).ok())?,
        link: parsed_or_null(row, 6, "notifications.link", |text| Link::parse(text).ok())?,
        data: parsed_or_null(row, 7, "notifications.data", |text| {
            Data::from_compact_json(text).ok()
        })?,
    };
    Ok(Notification {
        id: parsed(row, 0, "notifications.id", NotificationId::parse)?,
        user: user.clone(),
        seq: seq(row, 1, "notifications.seq")?,
        content: Arc::new(content),
        read_at: instant_or_null(row, 8)?,
        created_at: instant(row, 9)?,
    })
}
