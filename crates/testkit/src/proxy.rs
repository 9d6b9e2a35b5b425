//! A wire that a test may cut: a TCP proxy before one server. Its address stays. Not here: a balancer before several
//! (`balancer`).

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What one direction of a connection takes at once, in bytes.
const PIECE: usize = 16 * 1024;

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    /// They arrive.
    Whole,
    /// They go nowhere.
    Cut,
    /// There are no connections.
    Refusing,
}

/// A proxy at work; it ends, and so do its connections, when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    wire: watch::Sender<Wire>,
    /// Whether it takes connections.
    listens: watch::Receiver<bool>,
    _task: JoinSet<Result<()>>,
}

impl Proxy {
    /// A proxy before the server at this port of this machine.
    pub async fn start(port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (wire, state) = watch::channel(Wire::Whole);
        let (listening, listens) = watch::channel(true);
        let mut task = JoinSet::new();
        let server = (Ipv4Addr::LOCALHOST, port).into();
        task.spawn(serve(listener, server, state, listening));
        Ok(Self { address, wire, listens, _task: task })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on bytes are taken and go nowhere: connections stay open, and new ones get nothing.
    pub fn cut(&self) {
        self.wire.send_replace(Wire::Cut);
    }

    /// Closes every connection, and takes none.
    pub async fn refuse(&mut self) -> Result<()> {
        self.wire.send_replace(Wire::Refusing);
        self.listens.wait_for(|listens| !listens).await.map(|_now| ()).context("it has ended")
    }

    /// Bytes arrive again. A connection that has lost some is closed, as nothing after them would make sense.
    pub async fn mend(&mut self) -> Result<()> {
        self.wire.send_replace(Wire::Whole);
        self.listens.wait_for(|listens| *listens).await.map(|_now| ()).context("it has ended")
    }
}

async fn serve(
    listener: TcpListener,
    server: SocketAddr,
    wire: watch::Receiver<Wire>,
    listening: watch::Sender<bool>,
) -> Result<()> {
    let address = listener.local_addr()?;
    let mut listener = Some(listener);
    loop {
        let taking = match listener.take() {
            Some(first) => first,
            None => TcpListener::bind(address).await?,
        };
        listening.send_replace(true);
        // Of clients that a test has made, so that they are as few as those.
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                refusing = until(wire.clone(), |wire| *wire == Wire::Refusing) => {
                    refusing?;
                    break;
                }
                accepted = taking.accept() => {
                    connections.spawn(carry(accepted?.0, server, wire.clone()));
                }
                Some(_ended) = connections.join_next() => {}
            }
        }
        drop(taking);
        connections.shutdown().await;
        listening.send_replace(false);
        until(wire.clone(), |wire| *wire != Wire::Refusing).await?;
    }
}

/// One connection, to its end.
async fn carry(
    mut client: TcpStream,
    server: SocketAddr,
    wire: watch::Receiver<Wire>,
) -> Result<()> {
    if *wire.borrow() == Wire::Cut {
        // What it says goes nowhere, whether it is read or not.
        return until(wire, |wire| *wire != Wire::Cut).await;
    }
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let there = copy(from_client, to_server, wire.clone());
    // Either one that fails ends both.
    tokio::try_join!(there, copy(from_server, to_client, wire)).map(|_both| ())
}

/// One direction. Fails when the wire is mended after it has lost something.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    wire: watch::Receiver<Wire>,
) -> Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        // A connection that was reset has ended like any other.
        let read = from.read(&mut piece).await.unwrap_or(0);
        if *wire.borrow() == Wire::Cut {
            // The end of a connection does not arrive either. What else comes is as lost as this.
            let swallowing = async {
                let _ended = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
                std::future::pending::<()>().await;
            };
            tokio::select! {
                mended = until(wire, |wire| *wire != Wire::Cut) => mended?,
                () = swallowing => {}
            }
            bail!("it has lost something");
        }
        if read == 0 {
            to.shutdown().await?;
            return Ok(());
        }
        to.write_all(&piece[..read]).await?;
    }
}

async fn until(mut wire: watch::Receiver<Wire>, state: impl FnMut(&Wire) -> bool) -> Result<()> {
    Ok(wire.wait_for(state).await.map(|_state| ())?)
}
