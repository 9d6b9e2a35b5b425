//! What the host's own rules do not let in: its constraints, its triggers, a type that is too narrow. It refuses the same for
//! ever, so that nobody should try again. Not here: what a caller is told (`error`).

use grelot_core::{Body, CategoryKey, Link};
use grelot_store::{NotifyRequest, Refusal};
use tokio_postgres::error::{DbError, SqlState};

use crate::connection::Connection;
use crate::error::Failure;
use crate::{rows, sql};

/// PostgreSQL does not say of which column.
const TOO_LONG: &str = "is longer than a column of the application's table takes";

/// The refusal that this error is; `None` where it is of another kind, or of a table that is Grelot's own.
pub(crate) fn of(error: &DbError) -> Option<Refusal> {
    if error.schema() == Some("grelot") {
        return None;
    }
    let code = error.code();
    if *code == SqlState::STRING_DATA_RIGHT_TRUNCATION {
        return Some(refusal(None, TOO_LONG));
    }
    if *code == SqlState::RAISE_EXCEPTION {
        return Some(refusal(None, "is refused by a trigger of the application"));
    }
    if *code == SqlState::INVALID_TEXT_REPRESENTATION {
        return Some(refusal(None, "holds a value that a type of the application's table has not"));
    }
    if *code == SqlState::UNTRANSLATABLE_CHARACTER || *code == SqlState::CHARACTER_NOT_IN_REPERTOIRE
    {
        return Some(refusal(
            None,
            "holds a character that the encoding of the database has not; make the database one of UTF8",
        ));
    }
    of_constraint(error)
}

fn of_constraint(error: &DbError) -> Option<Refusal> {
    let code = error.code();
    let table = error.table().unwrap_or("of the application");
    if *code == SqlState::NOT_NULL_VIOLATION {
        let column = error.column()?;
        let rule =
            format!("must be there: the column {column} of the table {table} may not be null");
        return Some(refusal(Some(column), rule));
    }
    let kind = match code {
        code if *code == SqlState::CHECK_VIOLATION => "check",
        code if *code == SqlState::FOREIGN_KEY_VIOLATION => "foreign key",
        code if *code == SqlState::RESTRICT_VIOLATION => "foreign key",
        code if *code == SqlState::EXCLUSION_VIOLATION => "exclusion",
        code if *code == SqlState::UNIQUE_VIOLATION => "unique",
        _ => return None,
    };
    let name = error.constraint()?;
    // The key of a row is made here: the next try has another.
    if kind == "unique" && name.ends_with("_pkey") {
        return None;
    }
    let rule = format!("is refused by the {kind} constraint {name} of the table {table}");
    Some(refusal(None, rule))
}

fn refusal(column: Option<&str>, rule: impl Into<String>) -> Refusal {
    Refusal { column: column.map(str::to_owned), rule: rule.into() }
}

/// Whether it is that a text is too long, and which is not known.
pub(crate) fn is_of_some_column(refusal: &Refusal) -> bool {
    refusal.column.is_none() && refusal.rule == TOO_LONG
}

/// Names the column of the table of notifications that is too narrow for what is asked, if one is.
pub(crate) async fn name_column(
    connection: &Connection,
    request: &NotifyRequest,
) -> Result<Option<Refusal>, Failure> {
    let widths = rows::all(connection, sql::NOTIFICATIONS_WIDTHS, &[], |row| {
        let name: String = rows::get(row, 0, "pg_attribute.attname")?;
        Ok((name, rows::get::<i32>(row, 1, "pg_attribute.atttypmod")?))
    });
    let too_narrow = widths.await?.into_iter().find(|(name, width)| {
        let length = length(request, name);
        i32::try_from(length).map_or(true, |length| length > *width)
    });
    Ok(too_narrow.map(|(name, width)| {
        let rule = format!(
            "must be at most {width} characters: the column {name} of the application's table notifications takes no more"
        );
        refusal(Some(&name), rule)
    }))
}

/// How many characters the request puts into the column at most; none into one that is not Grelot's.
fn length(request: &NotifyRequest, column: &str) -> usize {
    let content = &request.content;
    let text = match column {
        "userId" => {
            let users = request.recipients.users().iter();
            return users.map(|user| user.as_str().chars().count()).max().unwrap_or_default();
        }
        "title" => Some(content.title.as_str()),
        "body" => content.body.as_ref().map(Body::as_str),
        "link" => content.link.as_ref().map(Link::as_str),
        "category" => content.category.as_ref().map(CategoryKey::as_str),
        _ => None,
    };
    text.map_or(0, |text| text.chars().count())
}
