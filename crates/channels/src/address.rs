//! Mail addresses: what may be one, and in which form it goes to the relay. Not here: what a contact may hold (`http`).

use std::fmt;

use lettre::Address;

use crate::text::one_line;

/// The most characters of a name in a header.
const MAX_NAME: usize = 100;

/// Why an address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is none.
    #[error("{0:?} is no mail address: write name@example.com")]
    Invalid(String),
    /// It is none, or not in the form of a mailbox.
    #[error("{0:?} is no mailbox: write name@example.com, or \"Example <name@example.com>\"")]
    NoMailbox(String),
}

/// An address with a name, as it stands in `From`.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox {
    pub(crate) name: Option<String>,
    pub(crate) address: Address,
}

impl Mailbox {
    /// Parses `name@example.com` or `Example <name@example.com>`; the name may be in double quotes.
    ///
    /// # Errors
    /// An [`AddressError`] that shows what was given.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let refused = || AddressError::NoMailbox(one_line(text, MAX_NAME));
        let text = text.trim();
        let Some(inside) = text.strip_suffix('>') else {
            return Ok(Self { name: None, address: parse(text).map_err(|_invalid| refused())? });
        };
        let (name, address) = inside.rsplit_once('<').ok_or_else(refused)?;
        let name = name.trim();
        let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
        if name.contains(['<', '>']) || name.chars().any(char::is_control) {
            return Err(refused());
        }
        Self::new(Some(name), address).map_err(|_invalid| refused())
    }

    /// `address`, with `name` made one clean line.
    pub(crate) fn new(name: Option<&str>, address: &str) -> Result<Self, AddressError> {
        let name = name.map(|name| one_line(name, MAX_NAME)).filter(|name| !name.is_empty());
        Ok(Self { name, address: parse(address)? })
    }

    /// The domain of the address.
    pub fn domain(&self) -> &str {
        self.address.domain()
    }

    pub(crate) fn header(&self) -> lettre::message::Mailbox {
        lettre::message::Mailbox::new(self.name.clone(), self.address.clone())
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => write!(f, "{}", self.address),
        }
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailbox({self})")
    }
}

/// Parses an address as mail systems really take it: no quoting, no comment, no domain literal, no white space. So nothing in
/// it can become a second recipient or an SMTP command. The domain is put into its ASCII form, which every relay knows; a local part
/// beyond ASCII stays, and needs a relay with SMTPUTF8.
pub(crate) fn parse(text: &str) -> Result<Address, AddressError> {
    let refused = || AddressError::Invalid(one_line(text, MAX_NAME));
    let (local, domain) = text.split_once('@').ok_or_else(refused)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    let letter = |c: char| !c.is_ascii() && c.is_alphanumeric();
    let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    let fits = (1..=64).contains(&local.len()) && dots && text.len() <= 254;
    if !fits
        || !local.chars().all(|c| plain(c) || letter(c))
        || !domain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-') || letter(c))
    {
        return Err(refused());
    }
    let url::Host::Domain(domain) = url::Host::parse(domain).map_err(|_invalid| refused())? else {
        return Err(refused());
    };
    let labels = domain.split('.').all(|label| {
        (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    });
    if !labels {
        return Err(refused());
    }
    Address::new(local, domain).map_err(|_invalid| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("ada@example.com", "ada@example.com")]
    #[case("a.b+c_d@sub.example.co", "a.b+c_d@sub.example.co")]
    #[case("o'hara@localhost", "o'hara@localhost")]
    #[case("ada@exämple.fr", "ada@xn--exmple-cua.fr")]
    #[case("zoé@exämple.fr", "zoé@xn--exmple-cua.fr")]
    fn an_address_has_its_domain_in_ascii(#[case] text: &str, #[case] address: &str) {
        assert_eq!(parse(text).unwrap().to_string(), address);
    }

    #[rstest::rstest]
    #[case("")]
    #[case("ada")]
    #[case("@example.com")]
    #[case("ada@")]
    #[case("a@b@example.com")]
    #[case("ada @example.com")]
    #[case("ada@example.com\r\nRCPT TO:<eve@example.com>")]
    #[case("ada@example.com> SIZE=1")]
    #[case("\"ada lovelace\"@example.com")]
    #[case("ada@[127.0.0.1]")]
    #[case("ada@127.0.0.1")]
    #[case("ada@example..com")]
    #[case("ada@-example.com")]
    #[case(".ada@example.com")]
    #[case("ada@example.com,eve@example.com")]
    #[case("ada\0@example.com")]
    #[case("\u{202e}ada@example.com")]
    fn what_could_be_two_or_a_command_is_no_address(#[case] text: &str) {
        assert!(parse(text).is_err(), "{text:?}");
    }

    #[rstest::rstest]
    #[case("no-reply@example.com", "no-reply@example.com")]
    #[case("Grelot <no-reply@example.com>", "Grelot <no-reply@example.com>")]
    #[case("\"Ada, Inc.\" <a@example.com>", "Ada, Inc. <a@example.com>")]
    #[case("<a@example.com>", "a@example.com")]
    fn a_mailbox_has_a_name_or_none(#[case] text: &str, #[case] mailbox: &str) {
        assert_eq!(Mailbox::parse(text).unwrap().to_string(), mailbox);
    }

    #[rstest::rstest]
    #[case("Grelot")]
    #[case("Grelot <>")]
    #[case("Grelot no-reply@example.com>")]
    #[case("A <a@example.com>, B <b@example.com>")]
    #[case("A\r\nBcc: b@example.com <a@example.com>")]
    fn what_is_no_mailbox_is_refused_and_shown(#[case] text: &str) {
        let error = Mailbox::parse(text).unwrap_err();
        assert!(matches!(error, AddressError::NoMailbox(_)));
        assert!(!error.to_string().contains('\r'), "{error}");
    }
}
