//! How a user is reached outside the application. Not here: whether they want it (`preference`).

/// A user's contact, replaced as a whole; the host gives what it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Email address.
    pub email: Option<String>,
    /// Name, as a mail greets it.
    pub name: Option<String>,
    /// BCP 47 language tag.
    pub locale: Option<String>,
    /// IANA time zone, such as `Europe/Paris`.
    pub timezone: Option<String>,
}
