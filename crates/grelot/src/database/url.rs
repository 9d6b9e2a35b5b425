//! The address of a database, as settings and hosts write it.

use std::fmt;
use std::path::PathBuf;

use grelot_store_postgres::{OpenError, PostgresOptions};

/// Which database, and where.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum DatabaseUrl {
    /// A file on this machine.
    Sqlite(PathBuf),
    /// A PostgreSQL server. The URL may hold a password.
    Postgres(String),
}

impl DatabaseUrl {
    /// Parses `sqlite:PATH` or `postgres://...`, with all that the latter says.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
        match scheme {
            "sqlite" => Self::sqlite(rest),
            "postgres" | "postgresql" if rest.starts_with("//") => {
                match PostgresOptions::new(text).check() {
                    Ok(()) => Ok(Self::Postgres(text.to_owned())),
                    Err(OpenError::Url(why)) => Err(format!("cannot be used: {why}")),
                    Err(error) => Err(error.to_string()),
                }
            }
            _ => Err(
                "must be sqlite:PATH, such as sqlite:grelot.db, or postgres://USER@HOST/DATABASE"
                    .to_owned(),
            ),
        }
    }

    fn sqlite(rest: &str) -> Result<Self, String> {
        // Both `sqlite:///srv/grelot.db` and `sqlite://grelot.db` are common spellings.
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path == ":memory:" {
            return Err("a database in memory keeps nothing; name a file".to_owned());
        }
        if path.is_empty() || path.ends_with('/') || path.contains(['?', '#', '\0']) {
            return Err("must name a file after sqlite:, without ? or #".to_owned());
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }

    /// The whole of it, its password included, for whoever opens it.
    pub(crate) fn reveal(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => url.clone(),
        }
    }
}

/// What may be shown of it.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(_) => f.write_str("the PostgreSQL database"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_be_relative_or_absolute() {
        for (text, path) in [
            ("sqlite:grelot.db", "grelot.db"),
            ("sqlite:data/grelot.db", "data/grelot.db"),
            ("sqlite:/srv/grelot.db", "/srv/grelot.db"),
            ("sqlite:///srv/grelot.db", "/srv/grelot.db"),
            ("sqlite://grelot.db", "grelot.db"),
        ] {
            assert_eq!(DatabaseUrl::parse(text), Ok(DatabaseUrl::Sqlite(path.into())), "{text}");
        }
    }

    #[test]
    fn what_is_no_file_is_refused() {
        for text in [
            "",
            "grelot.db",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:a?mode=ro",
            "mysql:a",
            "postgres:a",
            "postgres://h/d?sslmode=maybe",
            "postgres://h/d?nonsense=1",
            "postgres://h:port/d",
            "postgres://h/d?sslmode=require&sslrootcert=/nowhere",
        ] {
            assert!(DatabaseUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_in_no_message() {
        for text in ["postgres://u:secret@h/db", "postgresql://u:secret@h/db"] {
            let url = DatabaseUrl::parse(text).unwrap();
            assert_eq!(url.reveal(), text);
            assert!(!format!("{url} {url:?}").contains("secret"));
        }
        let message = DatabaseUrl::parse("mysql://u:secret@h/db").unwrap_err();
        assert!(!message.contains("secret"), "{message}");
    }
}
