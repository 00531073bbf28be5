//! Connection to a mail server: connecting, encryption, authentication.

use super::connection::Connection;
use super::framing::{Broken, Framing, Stream};
use super::reply::Reply;
use super::tls::{self, Trust};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

/// Maximum time for connecting; less where replies may take less.
const CONNECT: Duration = Duration::from_secs(20);
/// Default ports: for mail servers, and for `smtps`.
const PORT: u16 = 25;
const PORT_ENCRYPTED: u16 = 465;

/// Time at which a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    Off,
    /// By STARTTLS where it is offered, with any certificate.
    Offered,
    /// By STARTTLS, with a trusted certificate.
    Required,
    /// From the first byte.
    Implicit,
}

/// Address of the mail server, and our credentials.
pub(super) struct Address {
    host: String,
    port: u16,
    tls: Tls,
    /// Configuration of TLS; an error is the reason why there is none, reported at each attempt.
    config: Result<Arc<ClientConfig>, String>,
    user: String,
    password: String,
    limit: Duration,
}

impl Address {
    /// Returns the address of `mail.url`. A password is never sent unencrypted, unless `?tls=off` allows it.
    pub fn new(url: &Url, ca_file: Option<&Path>, limit: Duration) -> Self {
        let asked = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = decoded(url.username());
        let tls = match (url.scheme(), asked.as_deref()) {
            ("smtps", _) => Tls::Implicit,
            (_, Some("off")) => Tls::Off,
            (_, Some("required")) => Tls::Required,
            _ if user.is_empty() => Tls::Offered,
            _ => Tls::Required,
        };
        let trust = match (tls, ca_file) {
            (Tls::Off | Tls::Offered, _) => Trust::Any,
            (_, Some(path)) => Trust::File(path),
            (_, None) => Trust::System,
        };
        let host = url.host_str().unwrap_or("localhost").trim_matches(['[', ']']).to_owned();
        let port = url.port().unwrap_or(if tls == Tls::Implicit { PORT_ENCRYPTED } else { PORT });
        let password = decoded(url.password().unwrap_or_default());
        Self { host, port, tls, config: tls::config(trust), user, password, limit }
    }

    /// Returns a connection that is ready to accept mail. Errors: the reason in words, without addresses and secrets.
    pub async fn connect(&self) -> Result<Connection, String> {
        self.open().await.map_err(|why| {
            let why = format!("{}: {why}", self.host);
            if self.password.is_empty() { why } else { why.replace(&self.password, "***") }
        })
    }

    async fn open(&self) -> Result<Connection, String> {
        let connecting = timeout(CONNECT.min(self.limit), TcpStream::connect((self.host.as_str(), self.port)));
        let stream = match connecting.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(format!("no connection: {error}")),
            Err(_) => return Err("no connection: it does not answer".into()),
        };
        stream.set_nodelay(true).map_err(|e| format!("no connection: {e}"))?;
        let name = hello_name(&stream);
        let mut stream: Box<dyn Stream> = Box::new(stream);
        if self.tls == Tls::Implicit {
            stream = self.encrypt(stream).await?;
        }
        let mut wire = Framing::new(stream, self.limit);
        let greeting = wire.read().await.map_err(words)?;
        good(&greeting, "it does not want to talk to us")?;
        let mut said = hello(&mut wire, &name).await?;
        let offered = said.lines.iter().any(|line| line.trim().eq_ignore_ascii_case("STARTTLS"));
        if self.tls == Tls::Required && !offered {
            let hint = if self.user.is_empty() {
                ""
            } else {
                ", and a password does not leave without; ?tls=off would send it in the clear"
            };
            return Err(format!("it offers no encryption (STARTTLS){hint}"));
        }
        if offered && matches!(self.tls, Tls::Offered | Tls::Required) {
            let answer = wire.ask("STARTTLS\r\n").await.map_err(words)?;
            good(&answer, "encryption failed")?;
            let plain =
                wire.into_inner().ok_or("it spoke out of turn before encryption began: somebody may be in between")?;
            wire = Framing::new(self.encrypt(plain).await?, self.limit);
            said = hello(&mut wire, &name).await?;
        }
        if !self.user.is_empty() {
            self.sign_in(&mut wire, &said).await?;
        }
        Ok(Connection::new(wire, &said))
    }

    async fn encrypt(&self, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, String> {
        let config = self.config.clone()?;
        let name =
            ServerName::try_from(self.host.clone()).map_err(|_| "its name can't be in a certificate".to_owned())?;
        let shaking = TlsConnector::from(config).connect(name, stream);
        match timeout(CONNECT.min(self.limit), shaking).await {
            Ok(Ok(stream)) => Ok(Box::new(stream)),
            Ok(Err(error)) => Err(tls::told(&self.host, &error)),
            Err(_) => Err("encryption failed: it does not answer".into()),
        }
    }

    /// Authenticates by PLAIN where it is offered, else LOGIN.
    async fn sign_in(&self, wire: &mut Framing, said: &Reply) -> Result<(), String> {
        let offers = |mechanism: &str| {
            said.lines.iter().any(|line| {
                let mut words = line.split([' ', '=']);
                words.next().is_some_and(|word| word.eq_ignore_ascii_case("AUTH"))
                    && words.any(|word| word.eq_ignore_ascii_case(mechanism))
            })
        };
        let answer = if offers("PLAIN") {
            let secret = BASE64.encode(format!("\0{}\0{}", self.user, self.password));
            wire.ask(&format!("AUTH PLAIN {secret}\r\n")).await.map_err(words)?
        } else if offers("LOGIN") {
            let mut answer = wire.ask("AUTH LOGIN\r\n").await.map_err(words)?;
            for word in [&self.user, &self.password] {
                if answer.code != 334 {
                    break;
                }
                answer = wire.ask(&format!("{}\r\n", BASE64.encode(word))).await.map_err(words)?;
            }
            answer
        } else {
            return Err("it offers no sign-in that we know (PLAIN, LOGIN)".into());
        };
        if answer.code == 235 {
            Ok(())
        } else {
            Err(format!("sign-in failed, look at user and password in mail.url: {}", answer.told()))
        }
    }
}

fn words(broken: Broken) -> String {
    broken.0
}

fn good(reply: &Reply, what: &str) -> Result<(), String> {
    if reply.is_good() { Ok(()) } else { Err(format!("{what}: {}", reply.told())) }
}

async fn hello(wire: &mut Framing, name: &str) -> Result<Reply, String> {
    let answer = wire.ask(&format!("EHLO {name}\r\n")).await.map_err(words)?;
    good(&answer, "it does not take our greeting")?;
    Ok(answer)
}

/// Returns this machine's host name, or its IP address where the name is not valid in EHLO.
fn hello_name(stream: &TcpStream) -> String {
    let name = hostname::get().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
    let sayable = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    match stream.local_addr().map(|address| address.ip()) {
        _ if sayable => name,
        Ok(std::net::IpAddr::V4(address)) => format!("[{address}]"),
        Ok(std::net::IpAddr::V6(address)) => format!("[IPv6:{address}]"),
        Err(_) => "[127.0.0.1]".into(),
    }
}
