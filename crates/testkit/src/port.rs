//! Ports of servers that are ended and started again. Not here: servers that keep theirs until the end, and let the system choose.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

use anyhow::{Context as _, Result};

/// How many are tried.
const TRIES: usize = 100;
/// The first that programs of the system do not ask for.
const FIRST: u16 = 10_000;
/// The first that the system gives to whoever connects, where it does not say.
const EPHEMERAL: u16 = 32_768;

/// A port of this machine that nobody listens on, below those that the system gives to whoever connects: while the server is
/// away one of these may go to a client, even to one that is about to connect to that very port, and so to itself.
pub(crate) fn free() -> Result<u16> {
    let ports = ports();
    (0..TRIES)
        .map(|_| rand::random_range(ports.clone()))
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .context("no port is free")
}

fn ports() -> Range<u16> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let first = range.split_whitespace().next().and_then(|first| first.parse().ok());
    FIRST..first.filter(|first| *first > 2 * FIRST).unwrap_or(EPHEMERAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_none_that_a_client_may_get() {
        let port = free().unwrap();
        assert!(ports().contains(&port));
        let client = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!ports().contains(&client.local_addr().unwrap().port()));
    }
}
