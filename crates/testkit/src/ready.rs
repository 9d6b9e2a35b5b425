//! The start of a server that says in its log when it is ready. Not here: how it is called, and how it ends.

use std::io::{BufRead as _, BufReader};
use std::process::ChildStderr;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Error, Result};

/// How long a start may take: there may be a log to replay.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of its log a failure shows, in bytes.
const LOG: usize = 4_096;

/// Waits until the log has a line with `words`. It is read on to its end, so that the server never waits for a reader.
pub(crate) fn wait_for(words: &'static str, log: ChildStderr) -> Result<()> {
    let (ready, is_ready) = mpsc::channel();
    // Ends with the server; nobody has to wait for it.
    let _reader = std::thread::spawn(move || read(words, log, &ready));
    is_ready.recv_timeout(PATIENCE).context("it does not start")?.map_err(Error::msg)
}

/// Says when the server is ready, or else what it said.
fn read(words: &str, log: ChildStderr, ready: &mpsc::Sender<Result<(), String>>) {
    let mut said = String::new();
    for line in BufReader::new(log).lines().map_while(Result::ok) {
        if line.contains(words) {
            // Told once; later nobody listens.
            let _first = ready.send(Ok(()));
        }
        if said.len() < LOG {
            said.push_str(&line);
            said.push('\n');
        }
    }
    let _late = ready.send(Err(format!("it ended: {said}")));
}
