//! A relay that takes every mail and keeps none: one thread, one epoll, what RFC 5321 asks for at least, pipelining
//! included. It remembers which `Message-ID`s it was given. Not here: TLS, logins, and any refusal of a mail.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use memchr::memmem;
use parking_lot::Mutex;

use crate::client::poller::Poller;

const LISTENER: u64 = u64::MAX;
/// How often the thread looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);
/// The most bytes of a command with its end (RFC 5321, 4.5.3.1), and of a mail.
const MAX_LINE: usize = 512;
const MAX_MAIL: usize = 1 << 20;

/// What was taken so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Every mail.
    pub(crate) mails: u64,
    /// Those whose `Message-ID` had come before, or that had none.
    pub(crate) doubled: u64,
    /// Connections, closed ones included.
    pub(crate) connections: u64,
    /// Bytes of mails.
    pub(crate) bytes: u64,
}

#[derive(Default)]
struct Seen {
    taken: Taken,
    ids: HashSet<Vec<u8>>,
}

impl Seen {
    fn take(&mut self, mail: &[u8]) {
        self.taken.mails += 1;
        self.taken.bytes += mail.len() as u64;
        let known = message_id(mail).is_none_or(|id| !self.ids.insert(id.to_vec()));
        self.taken.doubled += u64::from(known);
    }
}

/// A running sink. It ends when it is dropped.
pub(crate) struct Sink {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Sink {
    /// Starts one.
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (seen, ended) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        let relay = Relay { listener, connections: Vec::new(), seen: Arc::clone(&seen) };
        let over = Arc::clone(&ended);
        let thread = thread::Builder::new().name("sink".to_owned());
        let thread = thread.spawn(move || relay.serve(&over))?;
        Ok(Self { address, seen, ended, thread: Some(thread) })
    }

    /// What it took so far.
    pub(crate) fn taken(&self) -> Taken {
        self.seen.lock().taken
    }

    /// Ends it; fails if it could not do its work.
    pub(crate) fn end(mut self) -> Result<Taken> {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok().context("the sink panicked")?.context("the sink")?;
        }
        Ok(self.taken())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // What went wrong matters to `end` alone.
            drop(thread.join());
        }
    }
}

struct Relay {
    listener: TcpListener,
    /// Every connection ever accepted, by token.
    connections: Vec<Option<(TcpStream, Conversation)>>,
    seen: Arc<Mutex<Seen>>,
}

impl Relay {
    fn serve(mut self, ended: &AtomicBool) -> Result<()> {
        let mut poller = Poller::new()?;
        poller.add(&self.listener, LISTENER)?;
        let (mut ready, mut buffer) = (Vec::new(), vec![0; 65_536]);
        while !ended.load(Ordering::Relaxed) {
            poller.wait(&mut ready, Some(LOOK))?;
            for &token in &ready {
                if token == LISTENER {
                    self.accept(&poller)?;
                } else {
                    self.hear(usize::try_from(token)?, &mut buffer)?;
                }
            }
        }
        Ok(())
    }

    fn accept(&mut self, poller: &Poller) -> Result<()> {
        loop {
            match self.listener.accept() {
                Ok((mut socket, _)) => {
                    socket.set_nonblocking(true)?;
                    socket.set_nodelay(true)?;
                    socket.write_all(b"220 sink.test ESMTP\r\n")?;
                    poller.add(&socket, self.connections.len() as u64)?;
                    self.connections.push(Some((socket, Conversation::default())));
                    self.seen.lock().taken.connections += 1;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn hear(&mut self, token: usize, buffer: &mut [u8]) -> Result<()> {
        let slot = self.connections.get_mut(token).context("an unknown token")?;
        let Some((socket, conversation)) = slot else { return Ok(()) };
        let goes_on = loop {
            match socket.read(buffer) {
                Ok(0) => break false,
                Ok(n) => {
                    conversation.hear(&buffer[..n], &mut |mail| self.seen.lock().take(mail))?;
                    // All that was said at once is answered at once.
                    socket.write_all(&std::mem::take(&mut conversation.replies))?;
                    if conversation.over {
                        break false;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break true,
                // A client that left.
                Err(_) => break false,
            }
        };
        if !goes_on {
            *slot = None;
        }
        Ok(())
    }
}

/// What is being said on one connection.
#[derive(Default)]
struct Conversation {
    heard: Vec<u8>,
    /// Up to where the end of the mail was looked for.
    searched: usize,
    sender: bool,
    recipients: usize,
    in_mail: bool,
    replies: Vec<u8>,
    over: bool,
}

impl Conversation {
    /// Takes the next bytes, and answers to each whole command or mail in them.
    fn hear(&mut self, bytes: &[u8], take: &mut dyn FnMut(&[u8])) -> Result<()> {
        self.heard.extend_from_slice(bytes);
        while !self.over {
            let went_on = if self.in_mail { self.mail(take)? } else { self.command()? };
            if !went_on {
                break;
            }
        }
        Ok(())
    }

    /// Takes a command off the front, if one is all there.
    fn command(&mut self) -> Result<bool> {
        let Some(end) = memmem::find(&self.heard, b"\r\n") else {
            if self.heard.len() > MAX_LINE {
                bail!("a command without an end");
            }
            return Ok(false);
        };
        let line: Vec<u8> = self.heard.drain(..end + 2).collect();
        let verb = line[..end].split(|byte| *byte == b' ').next().unwrap_or_default();
        let reply = match verb.to_ascii_uppercase().as_slice() {
            b"EHLO" => "250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8",
            b"HELO" => "250 sink.test",
            b"MAIL" if !self.sender => {
                self.sender = true;
                "250 2.1.0 fine"
            }
            b"RCPT" if self.sender => {
                self.recipients += 1;
                "250 2.1.5 fine"
            }
            b"DATA" if self.recipients > 0 => {
                self.in_mail = true;
                "354 go on"
            }
            b"MAIL" | b"RCPT" | b"DATA" => "503 5.5.1 not now",
            b"RSET" => {
                self.reset();
                "250 2.0.0 fine"
            }
            b"NOOP" => "250 2.0.0 fine",
            b"QUIT" => {
                self.over = true;
                "221 2.0.0 bye"
            }
            _ => "500 5.5.2 what?",
        };
        self.reply(reply);
        Ok(true)
    }

    /// Takes a mail off the front, if it is all there: up to a dot alone on its line.
    fn mail(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<bool> {
        let empty = self.heard.starts_with(b".\r\n");
        let found = memmem::find(&self.heard[self.searched..], b"\r\n.\r\n");
        let (length, whole) = match found.map(|at| at + self.searched) {
            _ if empty => (0, 3),
            Some(at) => (at + 2, at + 5),
            None => {
                if self.heard.len() > MAX_MAIL {
                    bail!("a mail without an end");
                }
                self.searched = self.heard.len().saturating_sub(4);
                return Ok(false);
            }
        };
        take(&self.heard[..length]);
        self.heard.drain(..whole);
        self.reset();
        self.reply("250 2.0.0 taken");
        Ok(true)
    }

    fn reset(&mut self) {
        (self.sender, self.recipients, self.in_mail, self.searched) = (false, 0, false, 0);
    }

    fn reply(&mut self, line: &str) {
        self.replies.extend_from_slice(line.as_bytes());
        self.replies.extend_from_slice(b"\r\n");
    }
}

/// The value of the header that names the mail.
fn message_id(mail: &[u8]) -> Option<&[u8]> {
    let head = &mail[..memmem::find(mail, b"\r\n\r\n")?];
    let name = b"message-id:";
    let mut lines = head.split(|byte| *byte == b'\n');
    let line = lines
        .find(|line| line.get(..name.len()).is_some_and(|at| at.eq_ignore_ascii_case(name)))?;
    Some(line[name.len()..].trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(said: &[u8], step: usize) -> (String, Vec<Vec<u8>>) {
        let (mut conversation, mut mails) = (Conversation::default(), Vec::new());
        for chunk in said.chunks(step) {
            conversation.hear(chunk, &mut |mail| mails.push(mail.to_vec())).unwrap();
        }
        (String::from_utf8(conversation.replies).unwrap(), mails)
    }

    fn codes(replies: &str) -> Vec<&str> {
        replies.lines().filter(|line| line.as_bytes()[3] == b' ').map(|line| &line[..3]).collect()
    }

    const SAID: &[u8] = b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n\
        Subject: x\r\nMessage-Id: <1@b>\r\n\r\n..dot\r\n.\r\nRSET\r\nmail from:<a@b>\r\nrcpt to:<c@d>\r\ndata\r\n\
        .\r\nNOOP\r\nQUIT\r\nNOOP\r\n";

    #[test]
    fn takes_mail_after_mail_however_they_are_cut() {
        for step in 1..SAID.len() {
            let (replies, mails) = talk(SAID, step);
            let expected = "250 250 250 354 250 250 250 250 354 250 250 221";
            assert_eq!(codes(&replies).join(" "), expected, "{step}");
            assert_eq!(mails.len(), 2);
            assert!(mails[0].ends_with(b"\r\n..dot\r\n") && mails[1].is_empty());
        }
    }

    #[test]
    fn a_mail_needs_a_sender_and_a_recipient() {
        let said =
            b"DATA\r\nRCPT TO:<c@d>\r\nMAIL FROM:<a@b>\r\nDATA\r\nMAIL FROM:<a@b>\r\nWHAT\r\n";
        assert_eq!(codes(&talk(said, 9).0), ["503", "503", "250", "503", "503", "500"]);
    }

    #[test]
    fn a_mail_that_comes_twice_is_noticed() {
        let mut seen = Seen::default();
        for mail in ["Message-ID: <1@b>\r\n\r\nx", "Message-ID: <2@b>\r\n\r\nx"] {
            seen.take(mail.as_bytes());
        }
        assert_eq!((seen.taken.mails, seen.taken.doubled), (2, 0));
        seen.take(b"message-id:  <1@b> \r\n\r\ny");
        seen.take(b"Subject: none\r\n\r\nMessage-ID: <3@b>\r\n");
        assert_eq!((seen.taken.mails, seen.taken.doubled), (4, 2));
    }

    #[test]
    fn a_connection_is_kept_and_the_end_is_clean() {
        let sink = Sink::start().unwrap();
        let mut socket = TcpStream::connect(sink.address).unwrap();
        socket.write_all(SAID).unwrap();
        let mut replies = String::new();
        socket.read_to_string(&mut replies).unwrap();
        assert!(replies.starts_with("220 ") && replies.ends_with("bye\r\n"), "{replies}");
        let taken = sink.end().unwrap();
        assert_eq!((taken.mails, taken.doubled, taken.connections), (2, 1, 1));
    }
}
