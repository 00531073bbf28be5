//! For those who run the service: how it stops, what it lets in, what it tells about itself, and what it refuses to start with.

mod checks;
mod connections;
mod docs;
mod methods;
mod metrics;
mod stopping;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection on which so much was sent.
async fn connection(address: &str, sent: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent).await.unwrap();
    stream
}

/// Everything that comes until the other side closes the connection, or breaks it.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}
