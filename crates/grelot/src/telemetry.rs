//! The log of the service: on standard error, for people on a terminal, else one JSON object a line.

use std::io::{self, IsTerminal, Write};

use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Settings};

/// Says what every operator has to see, whatever the filter, in the format of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announcer(LogFormat);

/// Starts the log. A subscriber that was set before stays.
pub(crate) fn start(settings: &Settings) -> Announcer {
    let terminal = io::stderr().is_terminal();
    let usual = if terminal { LogFormat::Text } else { LogFormat::Json };
    let format = settings.log_format.unwrap_or(usual);
    let log = tracing_subscriber::fmt()
        // The bus says once what its library says again and again. Who names it in the filter hears it all the same.
        .with_env_filter(EnvFilter::new(format!("async_nats=off,{}", settings.log)))
        .with_writer(io::stderr)
        .with_ansi(terminal)
        .with_target(false);
    let _stays = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    Announcer(format)
}

impl Announcer {
    /// Says something that is as it should be.
    pub(crate) fn say(self, text: &str) {
        self.write("INFO", text);
    }

    /// Says something that may not be as it should be.
    pub(crate) fn warn(self, text: &str) {
        self.write("WARN", text);
    }

    fn write(self, level: &str, text: &str) {
        let line = match self.0 {
            LogFormat::Json => json!({"level": level, "message": text}).to_string(),
            LogFormat::Text if level == "WARN" => format!("warning: {text}"),
            LogFormat::Text => text.to_owned(),
        };
        // When nobody can read it, there is nobody left to tell.
        let _unread = writeln!(io::stderr().lock(), "{line}");
    }
}
