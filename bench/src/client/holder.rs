//! A process that opens streams and keeps them open: one process may not hold as many descriptors as two nodes have
//! streams. Not here: what is measured meanwhile (`rows::crowd`).

use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};

use super::http::PATIENCE;
use super::swarm::Swarm;
use crate::process::{Guard, leashed};
use crate::request;

const DONE: u8 = b'\n';

/// The streams of a process of their own, closed when dropped.
pub(crate) struct Holder {
    _process: Guard,
}

impl Holder {
    /// Opens `streams` streams, each of another user, and waits until all are ready.
    pub(crate) fn open(address: SocketAddr, streams: usize) -> Result<Self> {
        let mut command = leashed(&std::env::current_exe()?)?;
        command.arg("hold-streams").arg(address.to_string()).arg(streams.to_string());
        let mut process = Guard(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?);
        let mut said = [0];
        let mut output = process.0.stdout.take().context("no output")?;
        let read = output.read(&mut said)?;
        ensure!(read == 1 && said == [DONE], "the streams could not be opened");
        Ok(Self { _process: process })
    }
}

/// The process itself: says when all are open, then reads until it is killed.
pub(crate) fn hold(address: SocketAddr, streams: usize) -> Result<()> {
    let mut swarm = Swarm::new()?;
    swarm.open(address, (0..streams).map(|n| request::stream(&request::user(n))))?;
    let mut output = io::stdout();
    output.write_all(&[DONE])?;
    output.flush()?;
    loop {
        swarm.turn(PATIENCE, &mut |_| Ok(()))?;
    }
}
