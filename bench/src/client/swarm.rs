//! Many open streams in one thread: reads them all, counts, and notices what is lost. The same swarm reads the floor
//! and Grelot. Not here: who publishes, and what the figures mean.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::net::sockopt::set_socket_linger;

use super::http::{Connection, PATIENCE};
use super::poller::Poller;
use super::sse::Reader;

/// How many streams are being opened at a time: below every listen backlog.
const OPENING: usize = 64;
/// Tokens from here on are publishers.
const PUBLISHER: u64 = 1 << 32;

struct Stream {
    socket: TcpStream,
    reader: Reader,
}

/// Open streams, and the connections of those who publish to them.
pub(crate) struct Swarm {
    streams: Vec<Stream>,
    poller: Poller,
    ready: Vec<u64>,
    buffer: Vec<u8>,
    live: usize,
    created: u64,
    gaps: u64,
}

impl Swarm {
    /// A swarm without streams.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            streams: Vec::new(),
            poller: Poller::new()?,
            ready: Vec::new(),
            buffer: vec![0; 65_536],
            live: 0,
            created: 0,
            gaps: 0,
        })
    }

    /// Opens a stream for each request and waits until every one has its `ready` event.
    pub(crate) fn open(
        &mut self,
        address: SocketAddr,
        requests: impl Iterator<Item = Vec<u8>>,
    ) -> Result<()> {
        for request in requests {
            let mut socket = TcpStream::connect(address).context("cannot open a stream")?;
            socket.set_nodelay(true)?;
            // A reset at the end leaves no TIME_WAIT behind, so that ten thousand streams can be opened again.
            set_socket_linger(&socket, Some(Duration::ZERO))?;
            socket.write_all(&request)?;
            socket.set_nonblocking(true)?;
            self.poller.add(&socket, self.streams.len() as u64)?;
            self.streams.push(Stream { socket, reader: Reader::default() });
            self.wait_for_live(self.streams.len().saturating_sub(OPENING))?;
        }
        self.wait_for_live(self.streams.len())
    }

    fn wait_for_live(&mut self, live: usize) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.live < live {
            ensure!(Instant::now() < deadline, "{} streams of {live} are ready", self.live);
            self.turn(PATIENCE, &mut |_| Ok(()))?;
        }
        Ok(())
    }

    /// Watches a publisher's connection: [`turn`](Self::turn) hands its number to `answered`.
    pub(crate) fn watch(&self, number: usize, connection: &Connection) -> io::Result<()> {
        connection.never_wait()?;
        self.poller.add(connection, PUBLISHER + number as u64)
    }

    /// Waits for bytes and reads them: those of streams here, those of publishers in `answered`.
    pub(crate) fn turn(
        &mut self,
        timeout: Duration,
        answered: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<()> {
        let mut ready = std::mem::take(&mut self.ready);
        self.poller.wait(&mut ready, Some(timeout))?;
        for &token in &ready {
            if token >= PUBLISHER {
                answered(usize::try_from(token - PUBLISHER)?)?;
            } else {
                self.read(usize::try_from(token)?)?;
            }
        }
        self.ready = ready;
        Ok(())
    }

    fn read(&mut self, number: usize) -> Result<()> {
        let Stream { socket, reader } = &mut self.streams[number];
        let (created, gaps, live) = (reader.created, reader.gaps, reader.live);
        loop {
            match (&*socket).read(&mut self.buffer) {
                Ok(0) => bail!("the server closed stream {number}, status {}", reader.status),
                Ok(n) => {
                    reader.feed(&self.buffer[..n]);
                    // Edge-triggered: what comes after a short read is reported again.
                    if n < self.buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("cannot read a stream"),
            }
        }
        ensure!(matches!(reader.status, 0 | 200), "stream {number} got {}", reader.status);
        self.created += reader.created - created;
        self.gaps += reader.gaps - gaps;
        self.live += usize::from(reader.live && !live);
        Ok(())
    }

    /// How many created events arrived on all streams together.
    pub(crate) fn created(&self) -> u64 {
        self.created
    }

    /// How many created events arrived on one stream.
    pub(crate) fn created_on(&self, number: usize) -> u64 {
        self.streams.get(number).map_or(0, |stream| stream.reader.created)
    }

    /// How many streams are open.
    pub(crate) fn len(&self) -> usize {
        self.streams.len()
    }

    /// Fails unless every stream has had exactly `each` created events, in order and without a hole.
    pub(crate) fn check_each(&self, each: u64) -> Result<()> {
        ensure!(self.gaps == 0, "{} events were lost, doubled or out of order", self.gaps);
        let wrong = self.streams.iter().filter(|s| s.reader.created != each).count();
        ensure!(wrong == 0, "{wrong} streams did not get {each} events");
        Ok(())
    }

    /// Fails unless all streams together have had exactly `all` created events, each in order and without a hole.
    pub(crate) fn check_all(&self, all: u64) -> Result<()> {
        ensure!(self.gaps == 0, "{} events were lost, doubled or out of order", self.gaps);
        ensure!(self.created == all, "{} events arrived of {all}", self.created);
        Ok(())
    }
}
