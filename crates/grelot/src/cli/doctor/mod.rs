//! `grelot doctor URL`: checks a running service from where this runs, through whatever stands before it, and says what
//! to do about each thing that is wrong. Not here: the checks (`service`, `stream`, `database`, `bus`, `relay`).

mod bus;
mod database;
mod finding;
mod relay;
mod service;
mod stream;

use super::args::DoctorArguments;
use super::client::Service;
use super::failure::Failure;
use super::output;
use crate::settings::Environment;
use finding::{Finding, Level};

/// Runs every check; fails when one does.
pub(crate) async fn run(
    arguments: DoctorArguments,
    environment: &Environment,
) -> Result<(), Failure> {
    let service = Service::at(&arguments.url)?;
    let token = arguments.token.as_deref().or_else(|| environment.text("GRELOT_TOKEN"));
    let key = environment.text("GRELOT_API_KEY");
    let mut worst = Level::Ok;
    let mut report = |finding: Finding| {
        worst = worst.max(finding.level);
        output::line(finding)
    };
    report(service::time_zones())?;
    database::check(environment).await.into_iter().try_for_each(&mut report)?;
    bus::check(environment).await.into_iter().try_for_each(&mut report)?;
    relay::check(environment).await.into_iter().try_for_each(&mut report)?;
    let health = service::health(&service).await;
    let reached = health.iter().all(|finding| finding.level != Level::Fail);
    health.into_iter().try_for_each(&mut report)?;
    if reached {
        report(service::readiness(&service).await)?;
        report(service::version(&service).await)?;
        report(service::metrics(&service).await)?;
        report(service::api_key(&service, key).await)?;
        stream::check(&service, token).await.into_iter().try_for_each(&mut report)?;
    }
    if worst == Level::Fail { Err(Failure::Reported) } else { Ok(()) }
}
