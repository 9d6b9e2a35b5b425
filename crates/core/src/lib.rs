//! The domain of Grelot: pure types and rules.
//!
//! Reading order: [`id`] and [`text`] (what a value may be), [`notification`], [`category`] and [`preference`]
//! (who wants what), [`mod@resolve`] (the decision, and the rule that made it), [`mail`] and [`calendar`] (when an
//! email goes out), [`delivery`] (what becomes of it), [`inbox`] (the counter and the sequence),
//! [`change`] (what an inbox went through), [`listing`] (how an inbox is walked), [`contact`], [`language`], [`access`], [`time`].
//!
//! Invariants:
//! - Nothing here does I/O, reads a clock or makes randomness: time and random numbers are parameters.
//! - Nothing here is serialisable. `http` and each store own their own wire forms.
//! - A value of one of these types is valid: it can only be made by a `parse` or `new` that refuses the rest.

pub mod access;
pub mod calendar;
pub mod category;
pub mod change;
pub mod contact;
pub mod delivery;
pub mod id;
pub mod inbox;
pub mod language;
pub mod listing;
pub mod mail;
pub mod notification;
pub mod preference;
pub mod resolve;
pub mod text;
pub mod time;

pub use access::{ApiKey, Fingerprint, Scope, Scopes, SessionStart};
pub use calendar::{DigestChoice, DigestRhythm, QuietHours, TimeOfDay, Zone};
pub use category::{Category, Localized};
pub use change::{Change, ChangeKind, Recorded, count_each};
pub use contact::Contact;
pub use delivery::{AttemptOutcome, DeliveryId, DeliveryState, SkipReason};
pub use id::{CategoryKey, CuidGenerator, NotificationId, UserId};
pub use inbox::{Inbox, Resume, Seq};
pub use language::Language;
pub use listing::{Cursor, ListFilter, ReadStatus, Section};
pub use mail::{CategoryMail, DelayMinutes, MailMode, Template, TemplatePart, Templates};
pub use notification::{Content, Notification, NotificationType, Recipients};
pub use preference::{Choice, Preferences, PreferencesUpdate};
pub use resolve::{Channel, ChannelSet, Decision, Rule, resolve};
pub use text::{Body, Data, Link, Title, Violation};
pub use time::{Clock, Timestamp};
