//! One keep-alive HTTP/1.1 connection, requests as bytes. Not here: event streams (`sse`), waiting on many (`poller`).

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use memchr::memmem;

/// How long any one answer may take before the run is given up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Response {
    /// The status code.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).context("the answer is not JSON")
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    /// Connects, for calls that wait for their answer.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { socket, received: Vec::with_capacity(4_096) })
    }

    /// From now on [`advance`](Self::advance) never waits.
    pub(crate) fn never_wait(&self) -> io::Result<()> {
        self.socket.set_nonblocking(true)
    }

    /// Writes a whole request.
    pub(crate) fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.socket.write_all(request)
    }

    /// Takes what has arrived; returns the answer once it is whole.
    pub(crate) fn advance(&mut self) -> Result<Option<Response>> {
        let mut chunk = [0; 16_384];
        loop {
            match (&self.socket).read(&mut chunk) {
                Ok(0) => bail!("the server closed the connection"),
                Ok(n) => {
                    self.received.extend_from_slice(&chunk[..n]);
                    if let Some(response) = take_response(&mut self.received)? {
                        return Ok(Some(response));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn call(&mut self, request: &[u8]) -> Result<Response> {
        self.send(request)?;
        self.answer()
    }

    /// Waits for the answer to what was sent.
    pub(crate) fn answer(&mut self) -> Result<Response> {
        self.advance()?.context("no answer in time")
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Takes one answer off the front of `received`, if it is all there.
fn take_response(received: &mut Vec<u8>) -> Result<Option<Response>> {
    let Some(end) = memmem::find(received, b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&received[..end]).context("the answer's head is not text")?;
    let status: u16 = head.get(9..12).context("no status line")?.parse()?;
    let mut length = None;
    for line in head.split("\r\n").skip(1) {
        let (name, value) = line.split_once(':').context("a header without a colon")?;
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse::<usize>()?);
        }
    }
    let length = match length {
        Some(length) => length,
        None if matches!(status, 204 | 304) => 0,
        None => bail!("an answer of {status} without a content-length"),
    };
    let whole = end + 4 + length;
    if received.len() < whole {
        return Ok(None);
    }
    let body = received[end + 4..whole].to_vec();
    received.drain(..whole);
    Ok(Some(Response { status, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_an_answer_only_when_it_is_whole_and_leaves_the_next() {
        let text =
            b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 204 No Content\r\n\r\n";
        let mut received = text[..42].to_vec();
        assert!(take_response(&mut received).unwrap().is_none());
        received = text.to_vec();
        let first = take_response(&mut received).unwrap().unwrap();
        assert_eq!((first.status, first.body.as_slice()), (201, b"{}".as_slice()));
        assert_eq!(take_response(&mut received).unwrap().unwrap().status, 204);
        assert!(received.is_empty());
    }
}
