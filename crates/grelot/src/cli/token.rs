//! `grelot token`: makes tokens for users with the HS256 secret, as a host would.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use grelot_core::{Clock as _, UserId};
use grelot_http::auth;

use super::args::TokenArguments;
use super::failure::Failure;
use super::output;
use crate::clock::SystemClock;
use crate::settings::{self, Environment, Flags, Purpose};

/// Prints a token.
pub(crate) fn run(arguments: TokenArguments, environment: &Environment) -> Result<(), Failure> {
    let mut minter = Minter::load(&arguments.flags.given, environment, arguments.user)?;
    minter.ttl = arguments.ttl;
    output::line(minter.mint()?)
}

/// Makes tokens for one user.
pub(crate) struct Minter {
    signer: auth::Minter,
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
        let signer = auth::Minter::new(&loaded.settings.auth())
            .context("there is no secret to sign tokens with")?;
        Ok(Self { signer, user, ttl: Duration::from_hours(1) })
    }

    /// A token that begins now.
    pub(crate) fn mint(&self) -> Result<String, Failure> {
        let minted = self.signer.mint(&self.user, SystemClock.now(), self.ttl);
        let (token, _end) = minted.context("no token was made")?;
        Ok(token)
    }
}
