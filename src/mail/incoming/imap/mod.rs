//! Returned mail in a mailbox that is read by IMAP: `imaps://user:password@host/INBOX`.
//!
//! The account is for this alone. Unseen messages are read; once their consequences are stored they are marked as seen
//! (and moved, with `?done=FOLDER`), so that after a crash in between they are read again, which is idempotent.
//! Messages that are not mail are marked as seen and flagged, and so are messages that could not be read in several
//! runs. Nothing is ever deleted.
//!
//! `imaps://` is encrypted from the first byte, `imap://` by STARTTLS, which the server must offer; `?tls=off` disables
//! encryption, for a server on the same machine. `?ca=FILE` trusts the certificates of that file (PEM) instead of the
//! system's.

mod connect;

use super::Handed;
use super::unreadable::Unreadable;
use crate::mail::reader::MAX_MAIL_BYTES;
use crate::mail::{Mail, scrubbed};
use async_imap::Session;
use async_imap::error::Error;
use async_imap::types::Fetch;
use connect::{Account, BoxedStream, open};
use futures_util::TryStreamExt;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Maximum time for connecting and authenticating.
const CONNECT: Duration = Duration::from_secs(20);
/// Maximum time for any later reply.
const ANSWER: Duration = Duration::from_secs(60);
/// Maximum time for the logout.
const GOODBYE: Duration = Duration::from_secs(5);
/// Flags of a message that was read.
const READ: &str = "+FLAGS (\\Seen)";
/// Flags of a message that cannot be read.
const UNREADABLE: &str = "+FLAGS (\\Seen \\Flagged)";
/// Maximum number of messages read in one run; the next comes within a minute.
const MAX_MAILS_PER_RUN: usize = 2_000;

/// Reason why a message was not read.
enum Trouble {
    /// The message; the connection can read the next one.
    Message(String),
    /// The connection is broken or silent, perhaps because of this message: it is not used any more.
    BoxedStream(String),
    /// An internal failure, whatever the message.
    Ours(String),
}

/// Reads the unseen messages; returns their number.
pub(super) async fn fetch(
    mail: &Mail,
    url: &Url,
    unreadable: &Unreadable,
    stop: &CancellationToken,
) -> Result<usize, String> {
    let account = Account::new(url);
    let said = |why: String| format!("the mailbox of returned mail at {} can't be read: {why}", account.host);
    let opened = tokio::time::timeout(CONNECT, open(&account)).await;
    let mut session = opened.map_err(|_| said("no answer in time".into()))?.map_err(said)?;
    let read = read(mail, &account, &mut session, unreadable, stop).await;
    // Read messages are marked already; a failed logout does not matter.
    let _ = tokio::time::timeout(GOODBYE, session.logout()).await;
    read.map_err(said)
}

fn broken(error: Error) -> String {
    scrubbed(&error.to_string())
}

/// Waits for a reply of the server within a time.
async fn within<T>(limit: Duration, what: &str, answer: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => answer.map_err(broken),
        Err(_) => Err(format!("{what} got no answer in {} s", limit.as_secs_f32().ceil())),
    }
}

/// Waits for a reply about one message: a refusal of the server concerns the message, all other failures the
/// connection.
async fn about_one<T>(what: &str, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
    match tokio::time::timeout(ANSWER, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error @ (Error::No(_) | Error::Bad(_)))) => Err(Trouble::Message(broken(error))),
        Ok(Err(error)) => Err(Trouble::BoxedStream(broken(error))),
        Err(_) => Err(Trouble::BoxedStream(format!("{what} got no answer in {} s", ANSWER.as_secs()))),
    }
}

async fn read(
    mail: &Mail,
    account: &Account,
    session: &mut Session<BoxedStream>,
    unreadable: &Unreadable,
    stop: &CancellationToken,
) -> Result<usize, String> {
    let (validity, unseen) = unseen(session, &account.folder, ANSWER).await?;
    let mut plan = unreadable.plan(validity, unseen);
    if !plan.pass_over.is_empty() {
        pass_over(session, &plan.pass_over).await?;
    }
    plan.read.truncate(MAX_MAILS_PER_RUN);
    let (mut all, mut trouble) = (0, None);
    for uid in plan.read {
        if stop.is_cancelled() {
            break;
        }
        match one(mail, account, session, uid).await {
            Ok(()) => all += 1,
            Err(Trouble::Ours(why)) => return Err(why),
            Err(Trouble::Message(why)) => {
                unreadable.failed(uid);
                trouble.get_or_insert(format!("the message with the UID {uid}: {why}"));
            }
            Err(Trouble::BoxedStream(why)) => {
                unreadable.failed(uid);
                return Err(format!("at the message with the UID {uid}, which comes last the next time: {why}"));
            }
        }
    }
    trouble.map_or(Ok(all), Err)
}

/// Returns the mailbox's UIDVALIDITY, and its unseen messages.
async fn unseen(
    session: &mut Session<BoxedStream>,
    folder: &str,
    limit: Duration,
) -> Result<(Option<u32>, Vec<u32>), String> {
    let mailbox = within(limit, "SELECT", session.select(folder)).await?;
    let found = within(limit, "SEARCH", session.uid_search("UNSEEN UNDELETED")).await?;
    Ok((mailbox.uid_validity, found.into_iter().collect()))
}

/// Flags unreadable messages like those that are not mail, for the administrator to check.
async fn pass_over(session: &mut Session<BoxedStream>, uids: &[u32]) -> Result<(), String> {
    let all = uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    within(ANSWER, "STORE", mark(session, &all, UNREADABLE)).await?;
    tracing::error!(
        uids = all,
        "messages of returned mail could not be read again and again: they are flagged, and passed over"
    );
    Ok(())
}

async fn mark(session: &mut Session<BoxedStream>, uids: &str, flags: &str) -> Result<(), Error> {
    session.uid_store(uids, flags).await?.try_collect::<Vec<Fetch>>().await.map(drop)
}

/// Reads one message, applies its consequences, and marks it.
async fn one(mail: &Mail, account: &Account, session: &mut Session<BoxedStream>, uid: u32) -> Result<(), Trouble> {
    let wanted = format!("(UID BODY.PEEK[]<0.{MAX_MAIL_BYTES}>)");
    let fetched = async { session.uid_fetch(uid.to_string(), wanted).await?.try_collect::<Vec<Fetch>>().await };
    let found = about_one("FETCH", fetched).await?;
    let Some(bytes) = found.iter().filter(|one| one.uid == Some(uid)).find_map(Fetch::body) else {
        return Err(Trouble::Message("the server did not hand it out, or somebody took it away".into()));
    };
    let handed = mail.take_mail(bytes.to_vec(), "imap").await.map_err(|error| Trouble::Ours(error.to_string()))?;
    let flags = if handed == Handed::Unreadable { UNREADABLE } else { READ };
    about_one("STORE", mark(session, &uid.to_string(), flags)).await?;
    if let Some(done) = account.done.as_deref().filter(|_| handed != Handed::Unreadable) {
        about_one("MOVE", session.uid_mv(uid.to_string(), done)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_imap::Client;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

    /// Returns a session at a server that answers these commands, one after the other, and then keeps the connection
    /// open without a reply.
    async fn session(answers: Vec<(&'static str, &'static str)>) -> Session<BoxedStream> {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        tokio::spawn(async move {
            let (said, mut to_say) = tokio::io::split(theirs);
            let mut said = BufReader::new(said).lines();
            for (command, answer) in [("LOGIN", "")].into_iter().chain(answers) {
                let line = said.next_line().await.unwrap().unwrap();
                let (tag, rest) = line.split_once(' ').unwrap();
                assert!(rest.starts_with(command), "{line}");
                to_say.write_all(format!("{answer}{tag} OK done\r\n").as_bytes()).await.unwrap();
            }
            while said.next_line().await.is_ok_and(|line| line.is_some()) {}
        });
        Client::new(Box::new(ours) as BoxedStream).login("u", "p").await.map_err(|(error, _)| error).unwrap()
    }

    #[tokio::test]
    async fn a_server_that_falls_silent_is_not_waited_for() {
        let select = ("SELECT", "* OK [UIDVALIDITY 9] it is\r\n");
        let at_once = Duration::from_millis(1);
        for (mut session, silent) in [(session(vec![]).await, "SELECT"), (session(vec![select]).await, "SEARCH")] {
            let limit = if silent == "SELECT" { at_once } else { Duration::from_secs(1) };
            let why = unseen(&mut session, "INBOX", limit).await.unwrap_err();
            assert!(why.starts_with(silent) && why.contains("no answer"), "{why}");
        }
        let mut session = session(vec![select, ("UID SEARCH", "* SEARCH 4 2\r\n")]).await;
        let (validity, mut found) = unseen(&mut session, "INBOX", ANSWER).await.unwrap();
        found.sort_unstable();
        assert_eq!((validity, found), (Some(9), vec![2, 4]));
    }
}
