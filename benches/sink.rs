//! Mail server with STARTTLS that accepts and discards everything; in a separate process.

use anyhow::{Context, Result};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Listens until it is killed; `certificate.pem` and `key.pem` are in the working directory.
pub fn run(port: u16) -> Result<()> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let certificates = CertificateDer::pem_file_iter("certificate.pem")?.collect::<Result<Vec<_>, _>>()?;
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, PrivateKeyDer::from_pem_file("key.pem")?)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async move {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let acceptor = acceptor.clone();
            // A client that disconnects is done.
            tokio::spawn(async move { serve(stream, acceptor).await.ok() });
        }
    })
}

async fn serve(mut stream: TcpStream, acceptor: TlsAcceptor) -> Result<()> {
    stream.write_all(b"220 sink ESMTP\r\n").await?;
    let mut plain = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        if plain.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        if line.to_ascii_uppercase().starts_with(b"STARTTLS") {
            plain.write_all(b"220 go on\r\n").await?;
            break;
        }
        plain.write_all(b"250-sink\r\n250-PIPELINING\r\n250 STARTTLS\r\n").await?;
    }
    let stream = acceptor.accept(plain.into_inner()).await.context("the handshake")?;
    talk(BufReader::with_capacity(32 * 1024, stream)).await
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(mut stream: BufReader<S>) -> Result<()> {
    let (mut line, mut answers) = (Vec::new(), Vec::new());
    let mut in_mail = false;
    loop {
        // Replies are sent together, when no more input is buffered.
        if stream.buffer().is_empty() && !answers.is_empty() {
            stream.write_all(&answers).await?;
            stream.flush().await?;
            answers.clear();
        }
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match (in_mail, word.as_slice()) {
            (true, _) if line != b".\r\n" => continue,
            (true, _) => {
                in_mail = false;
                b"250 taken\r\n"
            }
            (false, b"DATA") => {
                in_mail = true;
                b"354 go on\r\n"
            }
            (false, b"EHLO") => b"250-sink\r\n250 PIPELINING\r\n",
            (false, _) => b"250 yes\r\n",
        };
        answers.extend_from_slice(answer);
    }
}
