//! Sending over a ready connection: the dialogue of RFC 5321, all commands of a mail at once where the server supports
//! PIPELINING (RFC 2920).

use super::framing::{Broken, Framing};
use super::reply::Reply;
use crate::mail::outcome::{Refusal, SendError, Stage, judge};
use crate::mail::transport::Outgoing;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Factor by which the time limit of a whole mail exceeds that of a command.
const TO_TAKE: u32 = 5;
/// Reply code by which the server closes the connection.
const CLOSING: u16 = 421;

/// A connection that accepts mail.
pub(super) struct Connection {
    wire: Framing,
    pipelining: bool,
    letters_beyond_ascii: bool,
    /// Whether a rejected mail has to be reset before the next.
    dirty: bool,
    /// Number of mails that it was used for.
    pub mails: u32,
    /// Time of the last use.
    pub used: Instant,
}

/// Failure of a mail on a connection.
pub(super) enum Trouble {
    /// The server rejected it; the connection can be used again.
    Answered(SendError),
    /// The connection is lost. `handed_over`: the mail may have been accepted.
    Gone { why: String, handed_over: bool },
}

impl Connection {
    pub fn new(wire: Framing, hello: &Reply) -> Self {
        let offers = |what: &str| {
            let words = hello.lines.iter().skip(1).filter_map(|line| line.split_whitespace().next());
            words.into_iter().any(|word| word.eq_ignore_ascii_case(what))
        };
        let (pipelining, letters_beyond_ascii) = (offers("PIPELINING"), offers("SMTPUTF8"));
        Self { wire, pipelining, letters_beyond_ascii, dirty: false, mails: 0, used: Instant::now() }
    }

    /// Sends one mail.
    pub async fn send(&mut self, mail: &Outgoing) -> Result<(), Trouble> {
        self.mails += 1;
        let ascii = mail.sender.is_ascii() && mail.recipient.is_ascii();
        if !ascii && !self.letters_beyond_ascii {
            let why = "the mail server takes no addresses with letters beyond ASCII".to_owned();
            return Err(Trouble::Answered(SendError::Refused(Refusal {
                why,
                status: Some("5.6.7".into()),
                is_no_mailbox: false,
            })));
        }
        let gone = |Broken(why)| Trouble::Gone { why, handed_over: false };
        let commands = self.commands(mail, ascii);
        self.dirty = true;
        let refused = if self.pipelining {
            self.wire
                .write(commands.iter().map(|(_, text)| text.as_str()).collect::<String>().as_bytes())
                .await
                .map_err(gone)?;
            self.read_all(&commands).await.map_err(gone)?
        } else {
            self.one_by_one(&commands).await.map_err(gone)?
        };
        match refused {
            Some(error) => Err(Trouble::Answered(error)),
            None => self.body(&on_the_wire(&mail.bytes)).await,
        }
    }

    fn commands(&self, mail: &Outgoing, ascii: bool) -> Vec<(Option<Stage>, String)> {
        let parameters = if ascii { "" } else { " SMTPUTF8" };
        let mut commands = Vec::with_capacity(4);
        if self.dirty {
            commands.push((None, "RSET\r\n".to_owned()));
        }
        commands.push((Some(Stage::Mail), format!("MAIL FROM:<{}>{parameters}\r\n", mail.sender)));
        commands.push((Some(Stage::Recipient), format!("RCPT TO:<{}>\r\n", mail.recipient)));
        commands.push((Some(Stage::Data), "DATA\r\n".to_owned()));
        commands
    }

    /// Reads the replies to commands that were sent together: the first rejection counts, those after it are its
    /// consequences.
    async fn read_all(&mut self, commands: &[(Option<Stage>, String)]) -> Result<Option<SendError>, Broken> {
        let mut refused = None;
        let mut waits_for_mail = false;
        for (stage, _) in commands {
            let reply = self.reply().await?;
            waits_for_mail = *stage == Some(Stage::Data) && reply.is_good();
            if let (Some(stage), false, None) = (stage, reply.is_good(), &refused) {
                refused = Some(judge(*stage, &reply));
            }
        }
        if refused.is_some() && waits_for_mail {
            // The server expects the content of the mail that it has just rejected: it gets an empty one.
            self.wire.write(b".\r\n").await?;
            self.reply().await?;
        }
        Ok(refused)
    }

    async fn one_by_one(&mut self, commands: &[(Option<Stage>, String)]) -> Result<Option<SendError>, Broken> {
        for (stage, command) in commands {
            self.wire.write(command.as_bytes()).await?;
            let reply = self.reply().await?;
            if let (Some(stage), false) = (stage, reply.is_good()) {
                return Ok(Some(judge(*stage, &reply)));
            }
        }
        Ok(None)
    }

    /// Reads a reply; one that closes the connection is an error.
    async fn reply(&mut self) -> Result<Reply, Broken> {
        let reply = self.wire.read().await?;
        if reply.code == CLOSING { Err(Broken(reply.told())) } else { Ok(reply) }
    }

    async fn body(&mut self, wire: &[u8]) -> Result<(), Trouble> {
        let unsure = |Broken(why)| Trouble::Gone { why, handed_over: true };
        self.wire.write(wire).await.map_err(unsure)?;
        let reply = self.wire.read_within(TO_TAKE).await.map_err(unsure)?;
        if reply.is_good() {
            self.dirty = false;
            self.used = Instant::now();
            return Ok(());
        }
        match reply.code {
            CLOSING => Err(Trouble::Gone { why: reply.told(), handed_over: false }),
            _ => Err(Trouble::Answered(judge(Stage::Data, &reply))),
        }
    }

    /// Sends QUIT; a missing reply is ignored.
    pub async fn quit(mut self) {
        let _ = timeout(Duration::from_secs(1), self.wire.ask("QUIT\r\n")).await;
    }
}

/// Returns the bytes with dot-stuffing and the final dot line.
fn on_the_wire(bytes: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(bytes.len() + bytes.len() / 64 + 8);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    if !wire.ends_with(b"\r\n") {
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b".\r\n");
    wire
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_mail_ends_it() {
        assert_eq!(on_the_wire(b"a\r\n.\r\n..b\r\nc"), b"a\r\n..\r\n...b\r\nc\r\n.\r\n");
        assert_eq!(on_the_wire(b".\r\n"), b"..\r\n.\r\n");
    }
}
