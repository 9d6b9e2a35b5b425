//! API keys: what each may do; sessions: whether one is over. Not here: hashing and comparing, which belong to `http`.

use crate::text::Violation;
use crate::time::Timestamp;

/// What an API key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Send notifications.
    Notify,
    /// Read notifications and what became of them.
    Read,
    /// Manage categories.
    Categories,
    /// Manage contacts, sessions, exports and erasure.
    Users,
    /// Mint tokens for users.
    Tokens,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] =
        [Self::Notify, Self::Read, Self::Categories, Self::Users, Self::Tokens];

    /// The name as the command line and the database write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Read => "read",
            Self::Categories => "categories",
            Self::Users => "users",
            Self::Tokens => "tokens",
        }
    }

    /// Parses the name.
    ///
    /// # Errors
    /// A [`Violation`] that lists the names.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.name() == text)
            .ok_or(Violation::new("must be one of notify, read, categories, users, tokens"))
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Notify => 1,
            Self::Read => 2,
            Self::Categories => 4,
            Self::Users => 8,
            Self::Tokens => 16,
        }
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope: what a key has that was made without naming any.
    pub const ALL: Self = Self(31);

    /// The scopes of a list; an empty list is every scope.
    pub fn of(scopes: &[Scope]) -> Self {
        if scopes.is_empty() {
            return Self::ALL;
        }
        Self(scopes.iter().fold(0, |bits, scope| bits | scope.bit()))
    }

    /// Whether `scope` is in the set.
    pub const fn allows(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// The scopes in the set.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.allows(*scope))
    }
}

/// A SHA-256 digest. API keys are 256 random bits, so a slow hash would protect nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

/// An API key as it is stored: without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public id, which is the first part of the key itself.
    pub id: String,
    /// What the operator called it.
    pub name: String,
    /// The digest of the whole key.
    pub digest: Fingerprint,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// When a session began: the `iat` of its token, in whole seconds (RFC 7519, 4.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionStart(Option<i64>);

impl SessionStart {
    /// A session that began in this second of the Unix epoch; `None` where its token does not say.
    pub const fn at_second(second: Option<i64>) -> Self {
        Self(second)
    }

    /// Whether a revocation ended the session. A token that does not say when it was issued is older than any; one of
    /// the same second counts as before, since nobody can tell.
    pub fn is_ended_by(self, revoked_at: Timestamp) -> bool {
        self.0.is_none_or(|second| second <= revoked_at.seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(None, true)]
    #[case(Some(1_799_999_999), true)]
    #[case(Some(1_800_000_000), true)]
    #[case(Some(1_800_000_001), false)]
    #[case(Some(i64::MIN), true)]
    #[case(Some(i64::MAX), false)]
    fn the_second_of_the_revocation_counts_as_before(
        #[case] issued: Option<i64>,
        #[case] ended: bool,
    ) {
        for millis in [1_800_000_000_000, 1_800_000_000_999] {
            let start = SessionStart::at_second(issued);
            assert_eq!(start.is_ended_by(Timestamp::from_millis(millis)), ended);
        }
    }
}
