//! A stream client on the crate eventsource-stream, for the tests of foreign clients in `e2e`: it takes the stream's URL
//! and a token, follows from the beginning, and prints one JSON object an event. Not here: any parsing of its own.

#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::time::Duration;

use anyhow::{Context as _, Result};
use eventsource_stream::Eventsource as _;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().context("no URL")?;
    let token = arguments.next().context("no token")?;
    let client = reqwest::Client::new();
    let mut last = "0".to_owned();
    let mut wait = Duration::from_secs(1);
    loop {
        let request = client.get(&url).bearer_auth(&token).header("last-event-id", &last);
        if let Ok(answer) = request.send().await {
            let mut events = answer.error_for_status()?.bytes_stream().eventsource();
            while let Some(Ok(event)) = events.next().await {
                wait = event.retry.unwrap_or(wait);
                if event.data.is_empty() {
                    continue;
                }
                let data: Value = serde_json::from_str(&event.data)?;
                println!("{}", json!({"event": event.event, "id": event.id, "data": data}));
                last = event.id;
            }
        }
        tokio::time::sleep(wait).await;
    }
}
