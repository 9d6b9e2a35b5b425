//! A socket that knows whether hyper still has something to write on it. Not here: what that decides (`connection`).

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What has become of the bytes that hyper was given to write. Only the connection's own task touches it.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    unflushed: AtomicBool,
    writes: AtomicU64,
}

impl Outgoing {
    /// Whether bytes wait in hyper's buffer. Hyper writes as much as it can whenever it is polled, and flushes the socket
    /// only once its buffer is empty; so after a poll, a write without a flush behind it means that some are left.
    pub(super) fn is_waiting(&self) -> bool {
        self.unflushed.load(Ordering::Relaxed)
    }

    /// How many writes the socket took: when this moves, the client reads.
    pub(super) fn progress(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    fn wrote(&self, result: &Poll<io::Result<usize>>) {
        self.unflushed.store(true, Ordering::Relaxed);
        if matches!(result, Poll::Ready(Ok(1..))) {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The socket.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    outgoing: Arc<Outgoing>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, outgoing: Arc<Outgoing>) -> Self {
        Self { stream, outgoing }
    }

    pub(super) fn into_inner(self) -> TcpStream {
        self.stream
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.outgoing.wrote(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.outgoing.wrote(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = ready!(Pin::new(&mut self.stream).poll_flush(context));
        self.outgoing.unflushed.store(false, Ordering::Relaxed);
        Poll::Ready(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
