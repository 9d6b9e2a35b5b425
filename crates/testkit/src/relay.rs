//! A relay that a test plays: answers by a script, and keeps what it was sent. It reads strictly, by CRLF alone, and bounds what it keeps. Not
//! here: what the answers have to lead to.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The longest line and the longest message that it takes.
const MAX_LINE: usize = 4_096;
const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// What it does when a command comes.
#[derive(Clone, Debug)]
pub enum Act {
    /// Answers this line, or these.
    Say(String),
    /// Hangs up without a word.
    Cut,
    /// Answers, then hangs up.
    SayAndCut(String),
    /// Never answers.
    Silence,
    /// Answers this once a permit lets it.
    SayLater(Arc<Semaphore>, String),
}

impl Act {
    /// Whether what it answers to is done.
    fn agrees(&self) -> bool {
        match self {
            Self::Say(text) | Self::SayAndCut(text) | Self::SayLater(_, text) => {
                text.starts_with('2')
            }
            Self::Cut | Self::Silence => false,
        }
    }
}

/// Says a line.
pub fn say(line: &str) -> Act {
    Act::Say(line.to_owned())
}

/// A mail that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The command that named the sender.
    pub from: String,
    /// The commands that named the recipients.
    pub to: Vec<String>,
    /// As it was meant: dot-stuffing undone.
    pub message: Vec<u8>,
    /// As it came over the wire, the final dot included.
    pub wire: Vec<u8>,
}

/// How it behaves. What is not scripted goes well.
#[derive(Clone, Default)]
pub struct Script {
    /// For each verb (`CONNECT` is the greeting, `.` the end of a message): what to do, in turn; afterwards all goes well.
    turns: Vec<(&'static str, VecDeque<Act>)>,
    /// What to do each time that no turn says.
    always: Vec<(&'static str, Act)>,
    extensions: Vec<&'static str>,
    tls: Option<TlsAcceptor>,
    implicit: bool,
    /// Bytes that somebody in between puts behind the answer to `STARTTLS`.
    injected: &'static [u8],
}

impl Script {
    /// All goes well.
    pub fn new() -> Self {
        Self::default()
    }

    /// At `verb`, does this once; called again, the next time that.
    #[must_use]
    pub fn at(mut self, verb: &'static str, act: Act) -> Self {
        match self.turns.iter_mut().find(|(known, _)| *known == verb) {
            Some((_, acts)) => acts.push_back(act),
            None => self.turns.push((verb, VecDeque::from([act]))),
        }
        self
    }

    /// At `verb`, does this each time.
    #[must_use]
    pub fn always(mut self, verb: &'static str, act: Act) -> Self {
        self.always.push((verb, act));
        self
    }

    /// Offers an extension.
    #[must_use]
    pub fn with(mut self, extension: &'static str) -> Self {
        self.extensions.push(extension);
        self
    }

    /// Can speak TLS: after `STARTTLS`, or from the first byte.
    #[must_use]
    pub fn tls(mut self, acceptor: TlsAcceptor, implicit: bool) -> Self {
        self.tls = Some(acceptor);
        self.implicit = implicit;
        self
    }

    /// Somebody in between puts these bytes behind the answer to `STARTTLS`.
    #[must_use]
    pub fn injecting(mut self, bytes: &'static [u8]) -> Self {
        self.injected = bytes;
        self
    }

    fn next(&mut self, verb: &str) -> Option<Act> {
        let turns = self.turns.iter_mut().find(|(known, _)| *known == verb);
        turns.and_then(|(_, acts)| acts.pop_front()).or_else(|| self.constant(verb).cloned())
    }

    fn peek(&self, verb: &str) -> Option<&Act> {
        let turns = self.turns.iter().find(|(known, _)| *known == verb);
        turns.and_then(|(_, acts)| acts.front()).or_else(|| self.constant(verb))
    }

    fn constant(&self, verb: &str) -> Option<&Act> {
        self.always.iter().find(|(known, _)| *known == verb).map(|(_, act)| act)
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("turns", &self.turns)
            .field("always", &self.always)
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Seen {
    taken: Vec<Taken>,
    commands: Vec<String>,
    connections: usize,
}

/// The relay. It ends when it is dropped.
pub struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    _accepting: JoinSet<()>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Server {
    /// Starts one.
    ///
    /// # Errors
    /// When no port is to be had.
    pub async fn start(script: Script) -> io::Result<Self> {
        Self::start_at(0, script).await
    }

    /// Starts one at a port: where another was before it, for instance.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start_at(port: u16, script: Script) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = (Arc::clone(&seen), Arc::new(Mutex::new(script)));
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                shared.0.lock().connections += 1;
                let (seen, script) = (Arc::clone(&shared.0), Arc::clone(&shared.1));
                connections.spawn(async move {
                    // A client that hangs up is no failure of the server.
                    let _ = connection(socket, &seen, &script).await;
                });
            }
        });
        Ok(Self { address, seen, _accepting: accepting })
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every mail that it took.
    pub fn taken(&self) -> Vec<Taken> {
        self.seen.lock().taken.clone()
    }

    /// Every command that came, on whatever connection.
    pub fn commands(&self) -> Vec<String> {
        self.seen.lock().commands.clone()
    }

    /// How many connections there ever were.
    pub fn connections(&self) -> usize {
        self.seen.lock().connections
    }
}

async fn connection(
    socket: TcpStream,
    seen: &Mutex<Seen>,
    script: &Mutex<Script>,
) -> io::Result<()> {
    let (tls, implicit) = {
        let script = script.lock();
        (script.tls.clone(), script.implicit)
    };
    match tls {
        Some(tls) if implicit => {
            let stream = tls.accept(socket).await?;
            conversation(BufReader::new(stream), seen, script, true).await?;
        }
        Some(tls) => {
            if let Some(plain) = conversation(BufReader::new(socket), seen, script, true).await? {
                let stream = BufReader::new(tls.accept(plain).await?);
                conversation(stream, seen, script, false).await?;
            }
        }
        None => {
            conversation(BufReader::new(socket), seen, script, true).await?;
        }
    }
    Ok(())
}

/// Talks until somebody hangs up, or until TLS has to begin: then it gives the connection back.
async fn conversation<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    seen: &Mutex<Seen>,
    script: &Mutex<Script>,
    greets: bool,
) -> io::Result<Option<S>> {
    if greets && !act(&mut stream, script, "CONNECT", "220 relay.test ESMTP").await? {
        return Ok(None);
    }
    let mut from = String::new();
    let mut to = Vec::new();
    while let Some(line) = line(&mut stream, MAX_LINE).await? {
        let command = String::from_utf8_lossy(&line).trim_end().to_owned();
        let verb = command.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        seen.lock().commands.push(command.clone());
        let well = match verb.as_str() {
            "EHLO" => hello(script),
            "STARTTLS" => "220 go ahead".to_owned(),
            "AUTH" => "235 welcome".to_owned(),
            "DATA" => "354 go ahead".to_owned(),
            "QUIT" => "221 bye".to_owned(),
            "MAIL" | "RCPT" | "RSET" | "NOOP" => "250 ok".to_owned(),
            _ => "500 what?".to_owned(),
        };
        let scripted = script.lock().peek(&verb).is_some();
        if !act(&mut stream, script, &verb, &well).await? || verb == "QUIT" {
            return Ok(None);
        }
        match verb.as_str() {
            "MAIL" => (from, to) = (command.clone(), Vec::new()),
            "RCPT" => to.push(command.clone()),
            "STARTTLS" if !scripted => {
                let injected = script.lock().injected;
                stream.write_all(injected).await?;
                return Ok(Some(stream.into_inner()));
            }
            "DATA" if !scripted => {
                let Some((message, wire)) = message(&mut stream).await? else { return Ok(None) };
                let taken = Taken { from: from.clone(), to: to.clone(), message, wire };
                if script.lock().peek(".").is_none_or(Act::agrees) {
                    seen.lock().taken.push(taken);
                }
                if !act(&mut stream, script, ".", "250 2.0.0 queued as 4711").await? {
                    return Ok(None);
                }
            }
            _ => {}
        }
    }
    Ok(None)
}

fn hello(script: &Mutex<Script>) -> String {
    let script = script.lock();
    let mut lines = vec!["relay.test"];
    lines.extend(&script.extensions);
    let last = lines.len() - 1;
    let mark =
        |(at, line): (usize, &&str)| format!("250{}{line}", if at == last { ' ' } else { '-' });
    lines.iter().enumerate().map(mark).collect::<Vec<_>>().join("\r\n")
}

/// Does what the script says, or answers that all is well; whether the conversation goes on.
async fn act<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    script: &Mutex<Script>,
    verb: &str,
    well: &str,
) -> io::Result<bool> {
    let scripted = script.lock().next(verb);
    let (text, goes_on) = match scripted.unwrap_or_else(|| say(well)) {
        Act::Say(text) => (text, true),
        Act::SayAndCut(text) => (text, false),
        Act::Cut => return Ok(false),
        Act::SayLater(gate, text) => {
            // A gate that is closed for good says nothing.
            let Ok(permit) = gate.acquire().await else { return Ok(false) };
            permit.forget();
            (text, true)
        }
        Act::Silence => {
            // Until the client hangs up.
            while line(stream, MAX_MESSAGE).await?.is_some() {}
            return Ok(false);
        }
    };
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    stream.flush().await?;
    Ok(goes_on)
}

/// A message up to the dot alone on its line, without and with its stuffing.
async fn message<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let (mut message, mut wire) = (Vec::new(), Vec::new());
    loop {
        let Some(line) = line(stream, MAX_MESSAGE).await? else { return Ok(None) };
        wire.extend_from_slice(&line);
        if line == b".\r\n" {
            return Ok(Some((message, wire)));
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        if message.len() > MAX_MESSAGE {
            return Err(io::Error::other("the message has no end"));
        }
    }
}

/// A line with its CRLF; a CR or LF alone is part of it.
async fn line<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    max: usize,
) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        if line.ends_with(b"\r\n") {
            return Ok(Some(line));
        }
        if line.len() > max {
            return Err(io::Error::other("the line has no end"));
        }
    }
}
