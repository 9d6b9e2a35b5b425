//! The notification centre that any application drops in.
//!
//! A Rust application embeds it:
//!
//! ```no_run
//! use grelot::{Grelot, NewNotification};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let grelot = Grelot::builder()
//!     .database("sqlite:grelot.db")
//!     .jwt_secret(std::fs::read("jwt.secret")?)
//!     .build()
//!     .await?;
//!
//! // The inbox, the stream and the internal API, beside your own routes:
//! let app = axum::Router::new().merge(grelot.router());
//!
//! // From anywhere in your application; durable when it returns:
//! grelot.notify(NewNotification::to("u_1").title("Invoice ready").link("/invoices/42")).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Everybody else runs the binary `grelot`, which is [`cli`] over the same parts.
//!
//! Reading order: [`Grelot`] and [`Builder`], [`NewNotification`], `compose` (how the parts are put together), then
//! `cli` and `settings` (the binary), and `demo`.
//!
//! Invariants:
//! - This is the only place that reads the environment, files and arguments, and that knows which database there is.
//! - A notification takes one path, whether it comes from here or over HTTP: `Store::notify`.

mod background;
mod builder;
#[cfg(feature = "cli")]
pub mod cli;
mod clock;
mod compose;
mod database;
#[cfg(feature = "cli")]
mod demo;
mod error;
mod grelot;
#[cfg(feature = "cli")]
mod instant;
mod keep_alive;
#[cfg(feature = "cli")]
mod listen;
mod mail;
mod new_notification;
mod nodes;
#[cfg(feature = "cli")]
mod process;
#[cfg(feature = "cli")]
mod settings;
#[cfg(feature = "cli")]
mod telemetry;

pub use builder::Builder;
pub use error::{BuildError, InvalidField, NotifyError, RunError};
pub use grelot::{Grelot, Sent};
pub use grelot_core::category::{Category, Localized};
pub use grelot_core::{
    CategoryKey, Channel, ChannelSet, NotificationType, Scope, UserId, Violation,
};
pub use new_notification::NewNotification;
