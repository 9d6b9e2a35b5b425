//! `grelot token`: makes tokens for users with the HS256 secret, as a host would.

use std::path::Path;
use std::time::Duration;

use grelot_core::{Clock as _, UserId};

use super::args::TokenArguments;
use super::failure::Failure;
use super::output;
use crate::clock::SystemClock;
use crate::settings::{self, Environment, Flags, JwtSettings, Purpose};

/// Prints a token.
pub(crate) fn run(arguments: TokenArguments, environment: &Environment) -> Result<(), Failure> {
    let mut minter = Minter::load(&arguments.flags.given, environment, arguments.user)?;
    minter.ttl = arguments.ttl;
    output::line(minter.mint()?)
}

/// Makes tokens for one user.
pub(crate) struct Minter {
    jwt: JwtSettings,
    user: UserId,
    ttl: Duration,
}

impl Minter {
    /// A minter with the secret of the settings, for tokens of an hour.
    pub(crate) fn load(
        flags: &Flags,
        environment: &Environment,
        user: UserId,
    ) -> Result<Self, Failure> {
        let loaded = settings::load(flags, environment, Path::new(""), Purpose::Mint)?;
        Ok(Self { jwt: loaded.settings.jwt, user, ttl: Duration::from_hours(1) })
    }

    /// A token that begins now.
    pub(crate) fn mint(&self) -> Result<String, Failure> {
        crate::jwt::mint(&self.jwt, &self.user, SystemClock.now(), self.ttl).map_err(Failure::from)
    }
}
