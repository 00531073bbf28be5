//! A mail server. Each worker has a connection of its own, kept for the next mail.
//!
//! lettre's pool sends some twenty mails a second per connection for want of TCP_NODELAY, so connections are made here.
//! Encryption: `smtps://` from the first byte, `smtp://` by STARTTLS where it is offered. Certificates are checked
//! wherever a password goes over the line, with `smtps`, and with `?tls=required`; without, STARTTLS is opportunistic as
//! between mail servers. `?tls=off` does without.

use super::message::scrubbed;
use super::transport::{Outgoing, SendError};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::{Error, SMTP_PORT, SUBMISSIONS_PORT};
use percent_encoding::percent_decode_str;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;
use url::Url;

/// Mails over one connection before it is closed: servers count.
const MOST_MAILS: u32 = 200;
/// A connection that was silent for longer is not used again.
const STALE: Duration = Duration::from_secs(20);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);
/// The server wants (other) credentials: wrong configuration, not a wrong mail.
const SIGN_IN_CODES: [u16; 6] = [432, 454, 530, 534, 535, 538];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tls {
    Off,
    Offered,
    Required,
    Implicit,
}

pub(super) struct Smtp {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    hello: ClientId,
    time_limit: Duration,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    mails: u32,
    since: Instant,
}

impl Smtp {
    pub(super) fn new(url: &Url, time_limit: Duration) -> Self {
        let asked = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
        let tls = match (url.scheme(), asked.as_deref()) {
            ("smtps", _) => Tls::Implicit,
            (_, Some("required")) => Tls::Required,
            (_, Some("off")) => Tls::Off,
            _ => Tls::Offered,
        };
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = decoded(url.username());
        let credentials =
            (!user.is_empty()).then(|| Credentials::new(user, decoded(url.password().unwrap_or_default())));
        let host = url.host_str().unwrap_or("localhost").trim_matches(['[', ']']).to_owned();
        let port = url.port().unwrap_or(if tls == Tls::Implicit { SUBMISSIONS_PORT } else { SMTP_PORT });
        Self { host, port, tls, credentials, hello: ClientId::default(), time_limit, idle: Mutex::default() }
    }

    pub(super) async fn send(&self, mail: &Outgoing) -> Result<(), SendError> {
        if let Some(mut kept) = self.take_idle() {
            match self.hand_over(&mut kept.connection, mail).await {
                // It may just have grown old: once more, over a new one.
                Err(SendError::NotNow(_)) if kept.connection.has_broken() => {}
                outcome => return self.settle(kept, outcome).await,
            }
        }
        let connection =
            self.within(self.connect()).await.map_err(|why| SendError::NotNow(format!("{}: {why}", self.host)))?;
        let mut fresh = Idle { connection, mails: 0, since: Instant::now() };
        let outcome = self.hand_over(&mut fresh.connection, mail).await;
        self.settle(fresh, outcome).await
    }

    fn take_idle(&self) -> Option<Idle> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(kept) = idle.pop() {
            if kept.since.elapsed() < STALE {
                return Some(kept);
            }
        }
        None
    }

    /// Keeps a connection that can be used again, says goodbye on others.
    async fn settle(&self, mut used: Idle, outcome: Result<(), SendError>) -> Result<(), SendError> {
        used.mails += 1;
        if outcome.is_ok() && used.mails < MOST_MAILS {
            used.since = Instant::now();
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(used);
        } else if !used.connection.has_broken() {
            // The mail is settled either way; a server that does not answer goodbye changes nothing.
            let _ = tokio::time::timeout(Duration::from_secs(1), used.connection.quit()).await;
        }
        outcome
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        let limit = CONNECT.min(self.time_limit);
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err("it does not answer".into()))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let address = (self.host.as_str(), self.port);
        let mut connection = if self.tls == Tls::Implicit {
            let tls = self.tls_parameters(true)?;
            AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT), &self.hello, Some(tls), None)
                .await
                .map_err(|e| told(&e))?
        } else {
            let stream = TcpStream::connect(address).await.map_err(|e| format!("no connection: {e}"))?;
            stream.set_nodelay(true).map_err(|e| format!("no connection: {e}"))?;
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello).await.map_err(|e| told(&e))?
        };
        let wanted = self.tls == Tls::Required || (self.tls == Tls::Offered && connection.can_starttls());
        if wanted {
            let checked = self.tls == Tls::Required || self.credentials.is_some();
            connection.starttls(self.tls_parameters(checked)?, &self.hello).await.map_err(|e| told(&e))?;
        }
        if let Some(credentials) = &self.credentials {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, credentials).await.map_err(|e| format!("sign-in failed: {}", told(&e)))?;
        }
        Ok(connection)
    }

    fn tls_parameters(&self, checked: bool) -> Result<TlsParameters, String> {
        let builder = TlsParameters::builder(self.host.clone());
        let builder = if checked { builder } else { builder.dangerous_accept_invalid_certs(true) };
        builder.build().map_err(|e| told(&e))
    }

    /// One mail over one connection. A connection that did not end with an answer is closed.
    async fn hand_over(&self, connection: &mut AsyncSmtpConnection, mail: &Outgoing) -> Result<(), SendError> {
        let mut handed_over = false;
        let said = tokio::time::timeout(self.time_limit, dialogue(connection, mail, &mut handed_over)).await;
        let why = match said {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(Stopped::Answered(error))) => return Err(error),
            Ok(Err(Stopped::Broken(why))) => why,
            Err(_) => format!("{} stopped answering", self.host),
        };
        // It may still be waiting in the middle of a mail: it is not asked to say goodbye for long.
        let _ = tokio::time::timeout(Duration::from_secs(1), connection.abort()).await;
        Err(if handed_over { SendError::Unsure(why) } else { SendError::NotNow(why) })
    }
}

/// How a dialogue stopped short.
enum Stopped {
    /// The server said no.
    Answered(SendError),
    /// The line broke.
    Broken(String),
}

async fn dialogue(
    connection: &mut AsyncSmtpConnection,
    mail: &Outgoing,
    handed_over: &mut bool,
) -> Result<(), Stopped> {
    let mut parameters = Vec::new();
    let addresses = mail.envelope.to().iter().chain(mail.envelope.from());
    if addresses.into_iter().any(|address| !AsRef::<str>::as_ref(address).is_ascii()) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            let why = "the mail server takes no addresses with letters beyond ASCII".to_owned();
            return Err(Stopped::Answered(SendError::Refused(why)));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    connection.command(Mail::new(mail.envelope.from().cloned(), parameters)).await.map_err(judged)?;
    for recipient in mail.envelope.to() {
        connection.command(Rcpt::new(recipient.clone(), vec![])).await.map_err(judged)?;
    }
    connection.command(Data).await.map_err(judged)?;
    *handed_over = true;
    connection.message(&mail.bytes).await.map(drop).map_err(judged)
}

/// What an error means for the mail.
fn judged(error: Error) -> Stopped {
    let text = told(&error);
    match error.status().map(u16::from) {
        None => Stopped::Broken(text),
        Some(code) if error.is_permanent() && !SIGN_IN_CODES.contains(&code) => {
            Stopped::Answered(SendError::Refused(text))
        }
        Some(_) => Stopped::Answered(SendError::NotNow(text)),
    }
}

/// An error in one line, without addresses; a server's answer as it gave it, code first.
fn told(error: &Error) -> String {
    use std::error::Error as _;
    let words = error.source().map(ToString::to_string);
    let text = match (error.status().map(u16::from), words) {
        (Some(code), words) => format!("{code} {}", words.unwrap_or_default()),
        (None, words) => words.map_or_else(|| error.to_string(), |words| format!("{error}: {words}")),
    };
    scrubbed(text.trim())
}
