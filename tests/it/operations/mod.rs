//! Operation of the service: stopping, limits, metrics, and configuration checks.

mod checks;
mod connections;
mod docs;
mod methods;
mod metrics;
mod stopping;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Returns a connection on which these bytes were sent.
async fn connection(address: &str, sent: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent).await.unwrap();
    stream
}

/// Reads until the other side closes or breaks the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}
