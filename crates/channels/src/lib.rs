//! The ways out of the application. So far one: email.
//!
//! Reading order: [`message`] (what one mail is made of), [`mailroom`] (a letter becomes a subject, an HTML and a text part,
//! and bytes), [`template`] (the templates of hosts, and ours), [`smtp`] (the conversation with a relay), [`email`] (both
//! together: deliver a letter, and say what became of it).
//!
//! Invariants:
//! - What a host or a user wrote never becomes markup, a header, a recipient or an SMTP command.
//! - A letter that is tried again, with the same date, is the same mail to the last byte.
//! - Every wait has a time limit; what is in progress when a future is dropped is a closed connection, and nothing else.
//! - No credential is in a message of an error, in an answer or in a `Debug`.
//!
//! Not here: when a letter is due and how often it is tried (the worker), who wants it (`core`), and any database.

mod compose;
mod language;
mod link;
mod text;
mod when;

pub mod address;
pub mod email;
pub mod mailroom;
pub mod message;
pub mod outcome;
pub mod smtp;
pub mod template;

pub use address::{AddressError, Mailbox};
pub use compose::{ComposeError, Mail};
pub use email::Email;
pub use mailroom::{MailSettings, Mailroom, Rendered};
pub use message::{Group, Item, Letter, Matter};
pub use outcome::{Fault, Outcome};
pub use smtp::{RelayError, SmtpSettings, SmtpUrlError, Stage, TlsError};
pub use template::{Part, TemplateProblem};
