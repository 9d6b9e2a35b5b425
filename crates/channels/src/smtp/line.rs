//! A connection that gives its reader one line at a time, and not without end. Not here: what the lines mean.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The most bytes between two writes: an answer to a command, or what a TLS handshake sends.
const MAX_ANSWER: usize = 128 * 1024;
const BUFFER: usize = 8 * 1024;

/// A connection of which no read goes past the end of a line.
///
/// The reader above keeps what it has read when TLS begins. If it could read ahead, what somebody in between put behind the
/// answer to `STARTTLS` would count as said under TLS (CVE-2011-0411 and its kin). So it stays in here, where the handshake finds
/// and refuses it.
#[derive(Debug)]
pub(super) struct LineStream {
    socket: TcpStream,
    peer: SocketAddr,
    buffer: Vec<u8>,
    at: usize,
    since_write: usize,
}

impl LineStream {
    pub(super) fn new(socket: TcpStream) -> io::Result<Self> {
        let peer = socket.peer_addr()?;
        Ok(Self { socket, peer, buffer: Vec::new(), at: 0, since_write: 0 })
    }

    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut space = vec![0; BUFFER];
        let mut read = ReadBuf::new(&mut space);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut read))?;
        let length = read.filled().len();
        space.truncate(length);
        self.since_write += length;
        if self.since_write > MAX_ANSWER {
            return Poll::Ready(Err(io::Error::other("the answer has no end")));
        }
        (self.buffer, self.at) = (space, 0);
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for LineStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.at == this.buffer.len() {
            ready!(this.fill(cx))?;
        }
        let left = &this.buffer[this.at..];
        let line = left.iter().position(|&byte| byte == b'\n').map_or(left.len(), |end| end + 1);
        let length = line.min(out.remaining());
        out.put_slice(&left[..length]);
        this.at += length;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.since_write = 0;
        Pin::new(&mut this.socket).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for LineStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}
