//! The two ways out of a stream: the socket that left the HTTP engine, and an ordinary response body.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::net::TcpStream;

use crate::block::Block;
use crate::hub::Shared;
use crate::stream::Stream;

/// Where a stream's bytes go.
#[derive(Debug)]
pub(crate) enum Outlet {
    /// Straight to the socket, each block in its frame.
    Socket {
        /// The socket.
        socket: TcpStream,
        /// What is written behind the last block.
        end: &'static [u8],
    },
    /// To whoever polls the body.
    Body,
}

impl Outlet {
    /// The block as this outlet takes it.
    pub(crate) fn dress(&self, block: &Block) -> Bytes {
        match self {
            Self::Socket { .. } => block.framed().clone(),
            Self::Body => block.content(),
        }
    }

    /// What goes behind the last block.
    pub(crate) fn end(&self) -> &'static [u8] {
        match self {
            Self::Socket { end, .. } => end,
            Self::Body => &[],
        }
    }

    /// Writes what the outlet takes at once; zero when it takes nothing.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Socket { socket, .. } => match socket.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
                result => result,
            },
            Self::Body => Ok(0),
        }
    }
}

/// Serves a socket until its stream ends: notices that the peer left, and writes what waits when the socket drains.
pub(crate) async fn pump(stream: Arc<Stream>, shared: Arc<Shared>) {
    std::future::poll_fn(|cx| {
        let Outlet::Socket { socket, .. } = stream.outlet() else {
            return Poll::Ready(());
        };
        if peer_left(socket, cx) {
            return Poll::Ready(());
        }
        stream.poll_flush(socket, cx)
    })
    .await;
    shared.leave(&stream);
}

/// Whether the peer closed its side. What it sends is read and dropped: a stream has no requests.
fn peer_left(socket: &TcpStream, cx: &mut Context<'_>) -> bool {
    let mut sink = [0_u8; 512];
    while let Poll::Ready(ready) = socket.poll_read_ready(cx) {
        if ready.is_err() {
            return true;
        }
        match socket.try_read(&mut sink) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return true,
        }
    }
    false
}

/// A stream as a response body. Dropping it closes the stream.
#[derive(Debug)]
pub struct EventBody {
    pub(crate) stream: Arc<Stream>,
    pub(crate) shared: Arc<Shared>,
}

impl futures_core::Stream for EventBody {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.poll_next(cx).map(|bytes| bytes.map(Ok))
    }
}

impl Drop for EventBody {
    fn drop(&mut self) {
        self.shared.leave(&self.stream);
    }
}
