//! The floor of a fan-out: one thread, one epoll, one `write` a stream. It has no users, no authentication, no
//! database, no queue, and does not notice a reader that leaves. Not here: the client (`client::swarm`).

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::client::poller::Poller;
use crate::process::{Guard, leashed};
use crate::request::CONTENT;

const LISTENER: u64 = u64::MAX;

/// A running floor, in a process of its own.
pub(crate) struct Floor {
    process: Guard,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Floor {
    /// Starts one.
    pub(crate) fn start() -> Result<Self> {
        let mut command = leashed(&std::env::current_exe()?)?;
        command.arg("stream-floor").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Guard(command.spawn()?);
        let mut output = process.0.stdout.take().context("no output")?;
        let mut line = Vec::new();
        let mut byte = [0];
        while output.read(&mut byte)? == 1 && byte[0] != b'\n' {
            line.push(byte[0]);
        }
        let address = String::from_utf8(line)?.parse().context("the floor named no address")?;
        Ok(Self { process, address })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }
}

/// The floor itself: prints its address, then serves until it is killed.
///
/// `GET` opens a stream. `POST` sends one event to all of them.
pub(crate) fn serve() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let mut out = io::stdout();
    writeln!(out, "{}", listener.local_addr()?)?;
    out.flush()?;
    let mut poller = Poller::new()?;
    poller.add(&listener, LISTENER)?;
    let mut server = State { sockets: Vec::new(), subscribers: Vec::new(), seq: 0 };
    let mut ready = Vec::new();
    loop {
        poller.wait(&mut ready, None)?;
        for &token in &ready {
            if token == LISTENER {
                server.accept(&listener, &poller)?;
            } else {
                server.answer(usize::try_from(token)?, &poller)?;
            }
        }
    }
}

struct State {
    /// Every connection ever accepted, by token.
    sockets: Vec<Option<TcpStream>>,
    subscribers: Vec<TcpStream>,
    seq: u64,
}

impl State {
    fn accept(&mut self, listener: &TcpListener, poller: &Poller) -> Result<()> {
        loop {
            match listener.accept() {
                Ok((socket, _)) => {
                    socket.set_nonblocking(true)?;
                    socket.set_nodelay(true)?;
                    poller.add(&socket, self.sockets.len() as u64)?;
                    self.sockets.push(Some(socket));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn answer(&mut self, token: usize, poller: &Poller) -> Result<()> {
        let slot = self.sockets.get_mut(token).context("an unknown token")?;
        let Some(socket) = slot else { return Ok(()) };
        let mut request = [0; 4_096];
        match socket.read(&mut request) {
            Ok(0) => *slot = None,
            Ok(n) if request[..n].starts_with(b"GET ") => {
                poller.remove(&*socket)?;
                socket.write_all(&head(self.seq))?;
                self.subscribers.extend(slot.take());
            }
            Ok(n) if request[..n].starts_with(b"POST ") => {
                socket.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}")?;
                self.broadcast()?;
            }
            Ok(_) => bail!("neither GET nor POST"),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // A client that left.
            Err(_) => *slot = None,
        }
        Ok(())
    }

    /// The work that is measured.
    fn broadcast(&mut self) -> Result<()> {
        self.seq += 1;
        let event = event(self.seq);
        for mut subscriber in &self.subscribers {
            let written = subscriber.write(&event)?;
            if written < event.len() {
                bail!("a reader is too slow for a floor");
            }
        }
        Ok(())
    }
}

/// The head of an answer as Grelot writes it, and the `ready` event.
fn head(seq: u64) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
         cache-control: no-store, no-transform\r\nx-accel-buffering: no\r\n\
         connection: close\r\n\r\nretry: 1000\n\n\
         event: ready\ndata: {{\"unreadCount\":{seq},\"seq\":{seq},\"resumed\":false}}\nid: {seq}\n\n"
    )
    .into_bytes()
}

/// An event of the same length as Grelot's.
fn event(seq: u64) -> Vec<u8> {
    format!(
        "event: notification.created\ndata: {{\"notification\":{{\"id\":\"cm3xk2l9a0000qzrmn831i7rn\",\
         \"userId\":\"u_0\",\"seq\":{seq},{CONTENT},\"readAt\":null,\
         \"createdAt\":\"2026-11-24T10:00:00.000Z\"}},\"unreadCount\":{seq},\"seq\":{seq}}}\nid: {seq}\n\n"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::sse::Reader;

    #[test]
    fn the_client_understands_the_floor() {
        let mut reader = Reader::default();
        reader.feed(&head(4));
        reader.feed(&event(5));
        assert_eq!((reader.status, reader.live, reader.created, reader.gaps), (200, true, 1, 0));
        let text = String::from_utf8(event(5)).unwrap();
        let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["notification"]["title"], "Invoice ready");
    }
}
