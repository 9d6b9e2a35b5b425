//! The mails of the demo: a relay on this machine that takes everything and passes nothing on, and the last mails it took.
//!
//! Not here: a conversation with a sender (`session`), the routes that show the mails (`mails`).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use grelot_core::{Clock, Timestamp};
use mail_parser::{Message, MessageParser};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::session;
use crate::instant;

/// The mails that are kept; the oldest gives way.
const KEPT: usize = 50;
/// The senders that are connected at a time; more wait in the listener's queue.
const CONNECTIONS: usize = 8;
/// Between two attempts to accept when the system has no descriptor to give.
const BACK_OFF: Duration = Duration::from_millis(100);

/// A mail as the page shows it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Mail {
    pub(super) id: String,
    to: Vec<String>,
    subject: String,
    pub(super) html: String,
    text: String,
    source: String,
    at: String,
}

#[derive(Default)]
struct Taken {
    count: u64,
    /// The newest first.
    mails: VecDeque<Mail>,
}

/// Takes mails and keeps the last of them. Clones are one.
#[derive(Clone)]
pub(crate) struct Mailbox {
    taken: Arc<Mutex<Taken>>,
    clock: Arc<dyn Clock>,
    /// Tells what one run of the demo took from what the next does.
    opened: Timestamp,
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").finish_non_exhaustive()
    }
}

impl Mailbox {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let opened = clock.now();
        Self { taken: Arc::default(), clock, opened }
    }

    /// Takes mails on `listener` for as long as this is polled; connections end with it.
    pub(crate) async fn run(self, listener: TcpListener) -> Infallible {
        let mut sessions = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept(), if sessions.len() < CONNECTIONS => match accepted {
                    Ok((socket, _peer)) => {
                        let mailbox = self.clone();
                        sessions.spawn(async move {
                            // A sender that hangs up sends again; there is nobody to tell.
                            let _ended = session::hold(socket, &mailbox).await;
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the mailbox of the demo cannot accept a connection");
                        tokio::time::sleep(BACK_OFF).await;
                    }
                },
                Some(_ended) = sessions.join_next() => {}
            }
        }
    }

    /// Keeps a mail that was sent to these addresses.
    pub(super) fn keep(&self, to: Vec<String>, source: &[u8]) {
        let message = MessageParser::default().parse(source);
        // What is no mail at all has none of these; an empty `Message` must not be asked.
        let message = message.as_ref();
        let mut mail = Mail {
            id: String::new(),
            to,
            subject: message.and_then(Message::subject).unwrap_or_default().to_owned(),
            html: message.and_then(|message| message.body_html(0)).unwrap_or_default().into_owned(),
            text: message.and_then(|message| message.body_text(0)).unwrap_or_default().into_owned(),
            source: String::from_utf8_lossy(source).into_owned(),
            at: instant::display(self.clock.now()),
        };
        let mut taken = self.taken();
        taken.count += 1;
        mail.id = taken.count.to_string();
        taken.mails.push_front(mail);
        taken.mails.truncate(KEPT);
    }

    /// The mails, the newest first.
    pub(super) fn mails(&self) -> Vec<Mail> {
        self.taken().mails.iter().cloned().collect()
    }

    pub(super) fn find(&self, id: &str) -> Option<Mail> {
        self.taken().mails.iter().find(|mail| mail.id == id).cloned()
    }

    /// Another one after each mail.
    pub(super) fn version(&self) -> String {
        format!("\"{}-{}\"", self.opened.millis(), self.taken().count)
    }

    /// A panic leaves the list whole: it is changed by single steps.
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn the_newest_come_first_and_the_oldest_give_way() {
        let mailbox = Mailbox::new(Arc::new(SystemClock));
        let mut versions = vec![mailbox.version()];
        for number in 1..=KEPT + 1 {
            let source = format!("Subject: {number}\r\n\r\nHello\r\n");
            mailbox.keep(vec!["ada@demo.example".to_owned()], source.as_bytes());
            versions.push(mailbox.version());
        }
        let mails = mailbox.mails();
        assert_eq!(mails.len(), KEPT);
        assert_eq!(mails[0].subject, (KEPT + 1).to_string());
        assert!(mailbox.find("1").is_none() && mailbox.find("2").is_some());
        versions.dedup();
        assert_eq!(versions.len(), KEPT + 2);
    }

    #[test]
    fn a_mail_is_taken_apart() {
        let mailbox = Mailbox::new(Arc::new(SystemClock));
        let source = "Subject: =?utf-8?Q?Pr=C3=AAt?=\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/alternative; boundary=b\r\n\r\n\
            --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nplain\r\n\
            --b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            <p>caf=C3=A9</p>\r\n--b--\r\n";
        mailbox.keep(Vec::new(), source.as_bytes());
        let mail = mailbox.find("1").unwrap();
        assert_eq!((mail.subject.as_str(), mail.text.trim()), ("Prêt", "plain"));
        assert_eq!(mail.html.trim(), "<p>café</p>");
        assert_eq!(mail.source, source);
    }

    #[test]
    fn what_is_no_mail_is_kept_as_it_came() {
        let mailbox = Mailbox::new(Arc::new(SystemClock));
        mailbox.keep(Vec::new(), b"\xff\0");
        mailbox.keep(Vec::new(), b"");
        assert_eq!(mailbox.mails().len(), 2);
    }
}
