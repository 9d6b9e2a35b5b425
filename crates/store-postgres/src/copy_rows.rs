//! The rows of a copy as PostgreSQL takes and gives them: one array a column. The statements are made of the tables that
//! both backends know, so that none can be forgotten. Not here: when they run (`copy`).

use grelot_core::Timestamp;
use grelot_store::copy::{Kind, Row, Table, Value};
use tokio_postgres::types::ToSql;

use crate::error::Failure;
use crate::rows::{self, Stamp};

/// A table with its schema. Those of the module are where a host looks.
pub(crate) fn place(table: &Table) -> String {
    let schema = match table.name {
        "notifications" | "notification_preferences" => "public",
        _ => "grelot",
    };
    format!("{schema}.{}", table.name)
}

/// Writes rows, given as an array a column.
pub(crate) fn insertion(table: &Table) -> String {
    let names: Vec<String> =
        table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let cast = |kind| match kind {
        Kind::Type => "::public.\"NotificationType\"",
        Kind::Json => "::json",
        Kind::Object => "::jsonb",
        _ => "",
    };
    let values: Vec<String> = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| format!("c{index}{}", cast(column.kind)))
        .collect();
    let given = given(table, table.columns.len());
    format!(
        "INSERT INTO {} ({}) SELECT {} FROM {given}",
        place(table),
        names.join(", "),
        values.join(", ")
    )
}

/// Asks for the rows with the keys given.
pub(crate) fn question(table: &Table) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| match column.kind {
            Kind::Number => format!("t.\"{}\"::bigint", column.name),
            Kind::Type | Kind::Json | Kind::Object => format!("t.\"{}\"::text", column.name),
            Kind::Text | Kind::Flag | Kind::Instant | Kind::Bytes => {
                format!("t.\"{}\"", column.name)
            }
        })
        .collect();
    let keys: Vec<String> = table
        .columns
        .iter()
        .take(table.key)
        .enumerate()
        .map(|(index, column)| format!("t.\"{}\" = k.c{index}", column.name))
        .collect();
    let given = given(table, table.key).replace(" AS r ", " AS k ");
    format!(
        "SELECT {} FROM {given} JOIN {} t ON {}",
        columns.join(", "),
        place(table),
        keys.join(" AND ")
    )
}

/// The first `count` columns of rows, as one array each.
fn given(table: &Table, count: usize) -> String {
    let (mut arrays, mut names) = (Vec::new(), Vec::new());
    for (index, column) in table.columns.iter().take(count).enumerate() {
        let of = match column.kind {
            Kind::Text | Kind::Type | Kind::Json | Kind::Object => "text",
            Kind::Number => "bigint",
            Kind::Flag => "boolean",
            Kind::Instant => "timestamp",
            Kind::Bytes => "bytea",
        };
        arrays.push(format!("${}::{of}[]", index + 1));
        names.push(format!("c{index}"));
    }
    format!("unnest({}) AS r ({})", arrays.join(", "), names.join(", "))
}

/// A column of rows, as an array.
pub(crate) type Parameter<'a> = Box<dyn ToSql + Sync + Send + 'a>;

/// The first `count` columns of `page`, as parameters.
pub(crate) fn columns<'a>(count: usize, table: &Table, page: &'a [Row]) -> Vec<Parameter<'a>> {
    let columns = table.columns.iter().take(count).enumerate();
    columns.map(|(index, column)| parameter(column.kind, index, page)).collect()
}

fn parameter(kind: Kind, index: usize, page: &[Row]) -> Parameter<'_> {
    let values = || page.iter().map(move |row| row.get(index));
    let number = |value: Option<&Value>| match value {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    };
    match kind {
        Kind::Number => Box::new(values().map(number).collect::<Vec<_>>()),
        Kind::Flag => {
            Box::new(values().map(|value| number(value).map(|one| one != 0)).collect::<Vec<_>>())
        }
        Kind::Instant => {
            let stamp = |millis| Stamp(Timestamp::from_millis(millis));
            Box::new(values().map(|value| number(value).map(stamp)).collect::<Vec<_>>())
        }
        Kind::Bytes => Box::new(
            values()
                .map(|value| match value {
                    Some(Value::Bytes(bytes)) => Some(&bytes[..]),
                    _ => None,
                })
                .collect::<Vec<_>>(),
        ),
        Kind::Text | Kind::Type | Kind::Json | Kind::Object => Box::new(
            values()
                .map(|value| match value {
                    Some(Value::Text(text)) => Some(&text[..]),
                    _ => None,
                })
                .collect::<Vec<_>>(),
        ),
    }
}

/// As statements take them.
pub(crate) fn parameters<'a>(columns: &'a [Parameter<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    columns.iter().map(|column| &**column as &(dyn ToSql + Sync)).collect()
}

/// A column of a row that `question` found.
pub(crate) fn value(row: &tokio_postgres::Row, index: usize, kind: Kind) -> Result<Value, Failure> {
    const COLUMN: &str = "a column of another type";
    let text = |text: &str| Value::Text(text.to_owned());
    Ok(match kind {
        Kind::Number => rows::get::<Option<i64>>(row, index, COLUMN)?.map(Value::Number),
        Kind::Flag => {
            rows::get::<Option<bool>>(row, index, COLUMN)?.map(|on| Value::Number(on.into()))
        }
        Kind::Instant => rows::get::<Option<Stamp>>(row, index, COLUMN)?
            .map(|stamp| Value::Number(stamp.0.millis())),
        Kind::Bytes => rows::get::<Option<&[u8]>>(row, index, COLUMN)?
            .map(|bytes| Value::Bytes(bytes.to_vec())),
        Kind::Text | Kind::Type | Kind::Json => {
            rows::get::<Option<&str>>(row, index, COLUMN)?.map(text)
        }
        Kind::Object => rows::get::<Option<&str>>(row, index, COLUMN)?.map(plain).transpose()?,
    }
    .unwrap_or(Value::Null))
}

/// JSON without blanks, its keys in order.
fn plain(text: &str) -> Result<Value, Failure> {
    let json: serde_json::Value = serde_json::from_str(text)
        .map_err(|_no_json| Failure::Corrupt("notification_preferences.categories"))?;
    Ok(Value::Text(json.to_string()))
}
