//! IMAP session: connecting, encryption, authentication.

use super::broken;
use async_imap::{Client, Session};
use percent_encoding::percent_decode_str;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use url::Url;

/// Plain or encrypted stream.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Stream for T {}
/// Stream to the server.
pub(super) type BoxedStream = Box<dyn Stream>;

/// Server, credentials and mailbox.
pub(super) struct Account {
    pub host: String,
    port: u16,
    user: String,
    password: String,
    pub folder: String,
    /// Folder that read messages are moved to.
    pub done: Option<String>,
    ca: Option<String>,
    implicit: bool,
    plain: bool,
}

impl Account {
    pub fn new(url: &Url) -> Self {
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

/// Returns an authenticated session. Errors: the reason in words.
pub(super) async fn open(account: &Account) -> Result<Session<BoxedStream>, String> {
    let tcp = TcpStream::connect((account.host.as_str(), account.port)).await.map_err(|error| error.to_string())?;
    tcp.set_nodelay(true).map_err(|error| error.to_string())?;
    let mut client = if account.implicit {
        Client::new(encrypted(account, Box::new(tcp)).await?)
    } else {
        Client::new(Box::new(tcp) as BoxedStream)
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

async fn encrypted(account: &Account, line: BoxedStream) -> Result<BoxedStream, String> {
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

/// Returns the trusted certificates: those of the file, or the system's.
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
