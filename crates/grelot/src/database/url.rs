//! The address of a database, as settings and hosts write it.

use std::fmt;
use std::path::{Path, PathBuf};

/// Which database, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DatabaseUrl {
    /// A file on this machine.
    Sqlite(PathBuf),
}

impl DatabaseUrl {
    /// Parses `sqlite:PATH`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
        match scheme {
            "sqlite" => Self::sqlite(rest),
            "postgres" | "postgresql" => {
                Err("PostgreSQL arrives with version 0.3; until then use sqlite:PATH".to_owned())
            }
            _ => Err("must be sqlite:PATH, such as sqlite:grelot.db".to_owned()),
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

    /// The file of the database.
    pub(crate) fn path(&self) -> &Path {
        let Self::Sqlite(path) = self;
        path
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlite:{}", self.path().display())
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
            assert_eq!(DatabaseUrl::parse(text).unwrap().path(), Path::new(path), "{text}");
        }
    }

    #[test]
    fn what_is_no_file_is_refused() {
        for text in ["", "grelot.db", "sqlite:", "sqlite::memory:", "sqlite:a?mode=ro", "mysql:a"] {
            assert!(DatabaseUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn postgres_names_the_version_that_brings_it() {
        for text in ["postgres://u:secret@h/db", "postgresql://h/db"] {
            let message = DatabaseUrl::parse(text).unwrap_err();
            assert!(message.contains("version 0.3") && !message.contains("secret"), "{message}");
        }
    }
}
