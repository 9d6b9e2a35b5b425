//! One conversation in SMTP with a sender: as much of RFC 5321 as it takes to be handed a mail, within bounds.
//!
//! Not here: connections, and what becomes of a mail (`mailbox`).

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _};
use tokio::io::{AsyncWrite, AsyncWriteExt as _, BufReader};

use super::mailbox::Mailbox;

/// The longest mail.
const MAIL: usize = 1024 * 1024;
/// The longest line: twice what RFC 5321 allows.
const LINE: u64 = 2_048;
/// The recipients of one mail.
const RECIPIENTS: usize = 100;
/// How long a sender may say nothing, or leave an answer unread.
const IDLE: Duration = Duration::from_secs(30);

const OK: &str = "250 OK";
const TOO_LONG: &str = "552 a mail has at most 1 MiB here";

/// Speaks with a sender until it leaves, falls silent or breaks a bound.
pub(super) async fn hold<S>(stream: S, mailbox: &Mailbox) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = BufReader::new(stream);
    let mut envelope = Envelope::default();
    say(&mut stream, "220 demo.example takes every mail and passes none on").await?;
    loop {
        let line = line(&mut stream).await?;
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                envelope = Envelope::default();
                "250-demo.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 1048576"
            }
            "HELO" | "RSET" => {
                envelope = Envelope::default();
                OK
            }
            "MAIL" => envelope.from(rest),
            "RCPT" => envelope.to(rest),
            "DATA" if envelope.to.is_empty() => "503 name a recipient first",
            "DATA" => {
                say(&mut stream, "354 end with a dot on a line of its own").await?;
                let Some(mail) = mail(&mut stream).await? else {
                    return say(&mut stream, TOO_LONG).await;
                };
                mailbox.keep(std::mem::take(&mut envelope).to, &mail);
                OK
            }
            "NOOP" => OK,
            "QUIT" => return say(&mut stream, "221 goodbye").await,
            _ => "502 this is not spoken here",
        };
        say(&mut stream, answer).await?;
    }
}

/// Who sends, and to whom.
#[derive(Default)]
struct Envelope {
    begun: bool,
    to: Vec<String>,
}

impl Envelope {
    fn from(&mut self, rest: &str) -> &'static str {
        if address(rest, "FROM:").is_none() {
            return "501 write MAIL FROM:<address>";
        }
        *self = Self { begun: true, to: Vec::new() };
        OK
    }

    fn to(&mut self, rest: &str) -> &'static str {
        let Some(address) = address(rest, "TO:") else { return "501 write RCPT TO:<address>" };
        if !self.begun {
            return "503 say MAIL first";
        }
        if self.to.len() == RECIPIENTS {
            return "452 a mail has at most 100 recipients here";
        }
        self.to.push(address.to_owned());
        OK
    }
}

/// What stands between the brackets, behind `keyword`.
fn address<'a>(rest: &'a str, keyword: &str) -> Option<&'a str> {
    let (word, rest) = rest.split_at_checked(keyword.len())?;
    let rest = rest.trim_start().strip_prefix('<')?;
    word.eq_ignore_ascii_case(keyword).then(|| rest.split_once('>'))?.map(|(address, _)| address)
}

/// The mail that follows `DATA`, without the dots that were put before its own; `None` when it is too long.
async fn mail(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut mail = Vec::new();
    loop {
        let line = line(stream).await?;
        if line == b".\r\n" {
            return Ok(Some(mail));
        }
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        if mail.len() > MAIL {
            return Ok(None);
        }
    }
}

/// The next line with its end. A longer one than is allowed, or none, is an error.
async fn line(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut bounded = stream.take(LINE);
    tokio::time::timeout(IDLE, bounded.read_until(b'\n', &mut line)).await??;
    if line.ends_with(b"\n") { Ok(line) } else { Err(io::ErrorKind::InvalidData.into()) }
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), answer: &str) -> io::Result<()> {
    let line = format!("{answer}\r\n");
    tokio::time::timeout(IDLE, stream.write_all(line.as_bytes())).await??;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::SystemClock;

    /// What is answered to a whole conversation, and what the mailbox has then.
    async fn conversation(said: &[u8]) -> (Vec<String>, serde_json::Value) {
        let mailbox = Mailbox::new(Arc::new(SystemClock));
        let (mut sender, relay) = tokio::io::duplex(4 * MAIL);
        sender.write_all(said).await.unwrap();
        sender.shutdown().await.unwrap();
        let _ended = hold(relay, &mailbox).await;
        let mut answers = String::new();
        sender.read_to_string(&mut answers).await.unwrap();
        let codes = answers.lines().filter(|line| line.as_bytes().get(3) == Some(&b' '));
        let codes = codes.map(|line| line[..3].to_owned()).collect();
        (codes, serde_json::to_value(mailbox.mails()).unwrap())
    }

    #[tokio::test]
    async fn a_mail_is_taken_with_its_recipients_and_its_own_dots() {
        let (codes, mails) = conversation(
            b"EHLO here\r\nNOOP\r\nMAIL FROM:<bell@demo.example> BODY=8BITMIME\r\n\
            rcpt to:<ada@demo.example>\r\nDATA\r\nSubject: Hi\r\n\r\n..\r\n..a\r\n.\r\nQUIT\r\n",
        )
        .await;
        assert_eq!(codes, ["220", "250", "250", "250", "250", "354", "250", "221"]);
        assert_eq!(mails[0]["to"], serde_json::json!(["ada@demo.example"]));
        assert_eq!(mails[0]["source"], "Subject: Hi\r\n\r\n.\r\n.a\r\n");
    }

    #[tokio::test]
    async fn what_comes_out_of_turn_is_refused_and_a_reset_forgets() {
        let (codes, mails) = conversation(
            b"DATA\r\nRCPT TO:<a@b.c>\r\nMAIL a@b.c\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.c>\r\nRSET\r\nDATA\r\nVRFY a\r\n",
        )
        .await;
        assert_eq!(codes, ["220", "503", "503", "501", "250", "250", "250", "503", "502"]);
        assert_eq!(mails, serde_json::json!([]));
    }

    #[tokio::test]
    async fn a_mail_or_a_line_that_is_too_long_ends_the_conversation() {
        let mut said = b"MAIL FROM:<>\r\nRCPT TO:<a@b.c>\r\nDATA\r\n".to_vec();
        said.extend(b"0123456789abcd\r\n".repeat(MAIL / 16 + 1));
        said.extend(b".\r\nNOOP\r\n");
        let (codes, mails) = conversation(&said).await;
        assert_eq!(codes, ["220", "250", "250", "354", "552"]);
        assert_eq!(mails, serde_json::json!([]));
        let (codes, _) = conversation(&[&b"N".repeat(3_000)[..], b"\r\nNOOP\r\n"].concat()).await;
        assert_eq!(codes, ["220"]);
    }

    #[tokio::test]
    async fn a_mail_that_breaks_off_is_not_kept() {
        let (_, mails) =
            conversation(b"MAIL FROM:<>\r\nRCPT TO:<a@b.c>\r\nDATA\r\nSubject: Hi\r\n").await;
        assert_eq!(mails, serde_json::json!([]));
    }
}
