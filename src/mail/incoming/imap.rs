//! Mail that came back, in a mailbox that is read by IMAP: `imaps://user:password@host/INBOX`.
//!
//! The account is for this alone. What has not been seen is read; once its consequences are written down it is marked as
//! seen (and moved, with `?done=FOLDER`), so a crash in between reads it again, which changes nothing. What is no mail is
//! marked as seen and flagged. Nothing is ever deleted.
//!
//! `imaps://` is encrypted from the first byte, `imap://` by STARTTLS, which must be there; `?tls=off` does without, for a
//! server on the same machine. `?ca=FILE` trusts the certificates of that file (PEM) instead of the system's.

use super::Handed;
use crate::mail::reader::MOST_BYTES;
use crate::mail::{Mail, scrubbed};
use async_imap::types::Fetch;
use async_imap::{Client, Session};
use futures_util::TryStreamExt;
use percent_encoding::percent_decode_str;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use tokio_util::sync::CancellationToken;
use url::Url;

/// How long connecting and signing in may take.
const CONNECT: Duration = Duration::from_secs(20);
/// How long one message may take.
const PER_MAIL: Duration = Duration::from_secs(60);
/// Messages read in one run; the next comes within a minute.
const MOST_MAILS: usize = 2_000;

/// A stream of either sort.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Stream for T {}
type Line = Box<dyn Stream>;

/// Where and how.
struct Account {
    host: String,
    port: u16,
    user: String,
    password: String,
    folder: String,
    done: Option<String>,
    ca: Option<String>,
    implicit: bool,
    plain: bool,
}

impl Account {
    fn new(url: &Url) -> Self {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let asked = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let implicit = url.scheme() == "imaps";
        let folder = decoded(url.path().trim_matches('/'));
        Self {
            host: url.host_str().unwrap_or("localhost").trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(if implicit { 993 } else { 143 }),
            user: decoded(url.username()),
            password: decoded(url.password().unwrap_or_default()),
            folder: if folder.is_empty() { "INBOX".into() } else { folder },
            done: asked("done"),
            ca: asked("ca"),
            implicit,
            plain: asked("tls").as_deref() == Some("off"),
        }
    }
}

/// Reads what has not been seen; how many messages.
pub(super) async fn fetch(mail: &Mail, url: &Url, stop: &CancellationToken) -> Result<usize, String> {
    let account = Account::new(url);
    let said = |why: String| format!("the mailbox of returned mail at {} can't be read: {why}", account.host);
    let opened = tokio::time::timeout(CONNECT, open(&account)).await;
    let mut session = opened.map_err(|_| said("no answer in time".into()))?.map_err(said)?;
    let read = read(mail, &account, &mut session, stop).await;
    // What was read is marked already; whether the goodbye is heard does not matter.
    let _ = tokio::time::timeout(CONNECT, session.logout()).await;
    read.map_err(said)
}

fn broken(error: async_imap::error::Error) -> String {
    scrubbed(&error.to_string())
}

async fn read(
    mail: &Mail,
    account: &Account,
    session: &mut Session<Line>,
    stop: &CancellationToken,
) -> Result<usize, String> {
    session.select(&account.folder).await.map_err(broken)?;
    let mut unseen: Vec<u32> = session.uid_search("UNSEEN UNDELETED").await.map_err(broken)?.into_iter().collect();
    unseen.sort_unstable();
    unseen.truncate(MOST_MAILS);
    let mut all = 0;
    for uid in unseen {
        if stop.is_cancelled() {
            break;
        }
        let one = tokio::time::timeout(PER_MAIL, one(mail, account, session, uid)).await;
        all += one.map_err(|_| "a message did not come in time".to_owned())??;
    }
    Ok(all)
}

/// Reads one message, lets follow what follows, and marks it.
async fn one(mail: &Mail, account: &Account, session: &mut Session<Line>, uid: u32) -> Result<usize, String> {
    let wanted = format!("(UID BODY.PEEK[]<0.{MOST_BYTES}>)");
    let found: Vec<Fetch> =
        session.uid_fetch(uid.to_string(), wanted).await.map_err(broken)?.try_collect().await.map_err(broken)?;
    // Somebody else took it away.
    let Some(bytes) = found.iter().filter(|one| one.uid == Some(uid)).find_map(Fetch::body) else { return Ok(0) };
    let handed = mail.take_mail(bytes, "imap").await.map_err(|error| error.to_string())?;
    let flags = if handed == Handed::Unreadable { "+FLAGS (\\Seen \\Flagged)" } else { "+FLAGS (\\Seen)" };
    let marked = session.uid_store(uid.to_string(), flags).await.map_err(broken)?;
    marked.try_collect::<Vec<Fetch>>().await.map_err(broken)?;
    if let Some(done) = account.done.as_deref().filter(|_| handed != Handed::Unreadable) {
        session.uid_mv(uid.to_string(), done).await.map_err(broken)?;
    }
    Ok(1)
}

async fn open(account: &Account) -> Result<Session<Line>, String> {
    let tcp = TcpStream::connect((account.host.as_str(), account.port)).await.map_err(|error| error.to_string())?;
    tcp.set_nodelay(true).map_err(|error| error.to_string())?;
    let mut client = if account.implicit {
        Client::new(encrypted(account, Box::new(tcp)).await?)
    } else {
        Client::new(Box::new(tcp) as Line)
    };
    let greeting = client.read_response().await.map_err(|error| error.to_string())?;
    greeting.ok_or("it hung up")?;
    if !account.implicit && !account.plain {
        let refused = |error| format!("it offers no encryption ({})", broken(error));
        client.run_command_and_check_ok("STARTTLS", None).await.map_err(refused)?;
        client = Client::new(encrypted(account, client.into_inner()).await?);
    }
    let signed_in = client.login(&account.user, &account.password).await;
    signed_in.map_err(|(error, _)| format!("it does not let us in ({})", broken(error)))
}

async fn encrypted(account: &Account, line: Line) -> Result<Line, String> {
    let roots = roots(account.ca.clone()).await?;
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(account.host.clone()).map_err(|error| error.to_string())?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, line).await.map_err(|error| error.to_string())?;
    Ok(Box::new(stream))
}

/// The certificates to trust: those of the file, or the system's.
async fn roots(ca: Option<String>) -> Result<RootCertStore, String> {
    let load = move || -> Result<RootCertStore, String> {
        let found = match ca {
            Some(file) => {
                let certificates = CertificateDer::pem_file_iter(&file).and_then(|all| all.collect());
                certificates.map_err(|error| format!("the certificates {file} can't be read: {error}"))?
            }
            None => rustls_native_certs::load_native_certs().certs,
        };
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found);
        if roots.is_empty() {
            return Err("there are no certificates to trust on this machine: install ca-certificates".into());
        }
        Ok(roots)
    };
    tokio::task::spawn_blocking(load).await.map_err(|error| error.to_string())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_from_its_url() {
        let account = |url: &str| Account::new(&url.parse().unwrap());
        let one = account("imaps://bounces%40n.example:se%3Acret@mail.n.example/Returned%20mail?done=Read");
        assert_eq!((one.user.as_str(), one.password.as_str()), ("bounces@n.example", "se:cret"));
        assert_eq!((one.port, one.folder.as_str(), one.done.as_deref()), (993, "Returned mail", Some("Read")));
        let plain = account("imap://u:p@localhost:1143?tls=off");
        assert_eq!((plain.port, plain.folder.as_str(), plain.plain), (1143, "INBOX", true));
    }
}
