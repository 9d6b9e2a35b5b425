//! `grelot tail`: follows a user's stream, and takes it up again where it broke off.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::anyhow;
use rand::Rng as _;
use reqwest::{Response, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::args::TailArguments;
use super::client::{self, Service};
use super::events::{Event, Parser, Said};
use super::failure::Failure;
use super::token::Minter;
use super::{output, tail_line};
use crate::settings::Environment;

/// The longest wait between two attempts.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// The wait when the service did not name one.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Where the token of each connection comes from.
enum Tokens {
    /// The one that was given.
    Given(String),
    /// A fresh one for each connection.
    Minted(Minter),
}

/// Follows the stream until the process is told to end, or its credentials are refused.
pub(crate) async fn run(
    arguments: TailArguments,
    environment: &Environment,
) -> Result<(), Failure> {
    let service = Service::find(arguments.service.url.as_deref(), environment)?;
    let tokens = match (arguments.token, arguments.user, environment.text("GRELOT_TOKEN")) {
        (Some(token), _, _) => Tokens::Given(token),
        (None, Some(user), _) => {
            Tokens::Minted(Minter::load(&arguments.flags.given, environment, user)?)
        }
        (None, None, Some(token)) => Tokens::Given(token.to_owned()),
        (None, None, None) => {
            return Err(Failure::Usage("name a --user, or give a --token".to_owned()));
        }
    };
    let mut follower = Follower {
        service,
        tokens,
        cursor: arguments.since.map(|seq| seq.to_string()),
        json: arguments.json,
        wait: FIRST_WAIT,
        failures: 0,
    };
    loop {
        match follower.connect().await {
            Ok(response) => follower.follow(response).await?,
            Err(Attempt::Refused(failure)) => return Err(failure),
            Err(Attempt::Failed(error)) => {
                follower.failures += 1;
                output::note(format!("{error:#}; trying again"));
            }
        }
        tokio::time::sleep(follower.pause()).await;
    }
}

/// Why a connection did not come about.
enum Attempt {
    /// Another attempt would end in the same way.
    Refused(Failure),
    /// Another attempt may succeed.
    Failed(anyhow::Error),
}

struct Follower {
    service: Service,
    tokens: Tokens,
    cursor: Option<String>,
    json: bool,
    /// What the service asks to wait between connections.
    wait: Duration,
    /// Attempts since the last one that succeeded.
    failures: u32,
}

impl Follower {
    async fn connect(&self) -> Result<Response, Attempt> {
        let token = match &self.tokens {
            Tokens::Given(token) => token.clone(),
            Tokens::Minted(minter) => minter.mint().map_err(Attempt::Refused)?,
        };
        let mut request = self
            .service
            .http
            .get(self.service.url("/api/notifications/stream"))
            .bearer_auth(token)
            .header(header::ACCEPT, "text/event-stream");
        if let Some(cursor) = &self.cursor {
            request = request.header("last-event-id", cursor);
        }
        let response = request
            .send()
            .await
            .map_err(|error| Attempt::Failed(self.service.unreachable(error)))?;
        match response.status() {
            StatusCode::OK => Ok(response),
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Err(Attempt::Failed(anyhow!("the service answered {status}")))
            }
            _ => Err(Attempt::Refused(client::refusal(response).await.into())),
        }
    }

    /// Prints events until the connection ends. Without any sign of life for two and a half pings it is dead, whatever
    /// the kernel says.
    async fn follow(&mut self, mut response: Response) -> Result<(), Failure> {
        let ping = response.headers().get("grelot-ping").and_then(|value| value.to_str().ok());
        let ping = ping.and_then(|text| text.parse::<u32>().ok()).unwrap_or(30);
        let patience = Duration::from_secs(u64::from(ping)).mul_f64(2.5);
        let mut parser = Parser::default();
        loop {
            let Ok(Ok(Some(bytes))) = tokio::time::timeout(patience, response.chunk()).await else {
                return Ok(());
            };
            let Ok(said) = parser.feed(&bytes) else {
                return Err(Failure::runtime("this is no stream of a grelot: a line has no end"));
            };
            for item in said {
                self.take(item)?;
            }
        }
    }

    fn take(&mut self, said: Said) -> Result<(), Failure> {
        let event = match said {
            Said::Retry(millis) => {
                self.wait = Duration::from_millis(millis);
                return Ok(());
            }
            Said::Event(event) => event,
        };
        self.failures = 0;
        if event.id.is_some() {
            self.cursor.clone_from(&event.id);
        }
        self.print(&event)
    }

    fn print(&self, event: &Event) -> Result<(), Failure> {
        if event.name == "ping" {
            return Ok(());
        }
        let refuse = |error| Failure::Runtime(anyhow!("the stream sent what is no JSON: {error}"));
        if self.json {
            // As it came: numbers may be larger than any type of ours.
            let data: &RawValue = serde_json::from_str(&event.data).map_err(refuse)?;
            let line = Line { event: &event.name, id: event.id.as_deref(), data };
            return output::line(serde_json::to_string(&line).map_err(refuse)?);
        }
        let data = without_data(&event.data).map_err(refuse)?;
        output::line(tail_line::pretty(&event.name, &data, output::is_terminal()))
    }

    /// What the service asked for after a stream that ended; after failures longer and longer, and spread, so that many
    /// followers do not come back at one moment.
    fn pause(&self) -> Duration {
        if self.failures == 0 {
            return self.wait;
        }
        let longest = FIRST_WAIT.saturating_mul(1 << self.failures.min(6)).min(MAX_WAIT);
        longest.mul_f64(rand::rng().random_range(0.5..=1.0))
    }
}

/// A line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    event: &'a str,
    id: Option<&'a str>,
    data: &'a RawValue,
}

/// What an event says, without a notification's own `data`: no line shows it, and its numbers may be larger than any
/// type of ours.
fn without_data(text: &str) -> serde_json::Result<Value> {
    let mut members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
    let mut shown = serde_json::Map::new();
    if let Some(notification) = members.remove("notification") {
        let mut inner: BTreeMap<String, &RawValue> = serde_json::from_str(notification.get())?;
        inner.remove("data");
        shown.insert("notification".to_owned(), serde_json::to_value(inner)?);
    }
    for (name, value) in members {
        shown.insert(name, serde_json::from_str(value.get())?);
    }
    Ok(Value::Object(shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_any_type_do_not_hide_an_event() {
        let text = r#"{"notification":{"title":"Hi","data":{"a":1e400}},"unreadCount":1,"seq":7}"#;
        let shown = without_data(text).unwrap();
        assert_eq!(shown["notification"]["title"], "Hi");
        assert_eq!(shown["seq"], 7);
    }
}
