//! Framing of a connection to a mail server: commands and replies, each within its time limit.

use super::reply::Reply;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::timeout;

/// Maximum size of a reply, in bytes.
const MAX_REPLY_BYTES: u64 = 64 * 1024;

/// Plain or encrypted stream.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// The connection is lost; the reason.
pub(super) struct Broken(pub String);

/// Connection with its read buffer.
pub(super) struct Framing {
    stream: BufReader<Box<dyn Stream>>,
    limit: Duration,
    line: Vec<u8>,
}

impl Framing {
    /// Returns a framing of the stream. `limit`: maximum time for a reply.
    pub fn new(stream: Box<dyn Stream>, limit: Duration) -> Self {
        Self { stream: BufReader::with_capacity(4096, stream), limit, line: Vec::new() }
    }

    /// Returns the stream, to be encrypted; `None` where the server has sent unsolicited bytes, which may have been
    /// injected in transit.
    pub fn into_inner(self) -> Option<Box<dyn Stream>> {
        self.stream.buffer().is_empty().then(|| self.stream.into_inner())
    }

    /// Sends the bytes in one write.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let stream = self.stream.get_mut();
        let sent = timeout(self.limit, async {
            stream.write_all(bytes).await?;
            stream.flush().await
        });
        match sent.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Broken(format!("the connection broke: {error}"))),
            Err(_) => Err(Broken("it stopped reading".into())),
        }
    }

    /// Reads the next reply.
    pub async fn read(&mut self) -> Result<Reply, Broken> {
        self.read_within(1).await
    }

    /// Reads the next reply, with `times` the time limit.
    pub async fn read_within(&mut self, times: u32) -> Result<Reply, Broken> {
        let limit = self.limit * times;
        match timeout(limit, self.read_reply()).await {
            Ok(reply) => reply,
            Err(_) => Err(Broken(format!("it has not answered for {} s", limit.as_secs_f32().ceil()))),
        }
    }

    async fn read_reply(&mut self) -> Result<Reply, Broken> {
        let mut reply = Reply { code: 0, lines: Vec::new() };
        let mut left = MAX_REPLY_BYTES;
        loop {
            self.line.clear();
            let read = (&mut self.stream).take(left).read_until(b'\n', &mut self.line).await;
            let read = read.map_err(|e| Broken(format!("the connection broke: {e}")))? as u64;
            if read == 0 {
                return Err(Broken(if left == 0 { "its answer has no end" } else { "it hung up" }.into()));
            }
            left = left.saturating_sub(read);
            // The text after the code may be in any encoding; only the code counts.
            match reply.take(&String::from_utf8_lossy(&self.line)) {
                Some(true) => return Ok(reply),
                Some(false) => {}
                None => return Err(Broken("what it says is not SMTP".into())),
            }
        }
    }

    /// Sends one command and reads its reply.
    pub async fn ask(&mut self, command: &str) -> Result<Reply, Broken> {
        self.write(command.as_bytes()).await?;
        self.read().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the reply read where the server sends this and disconnects.
    async fn read(said: &[u8]) -> Result<Reply, String> {
        let (ours, mut theirs) = tokio::io::duplex(MAX_REPLY_BYTES as usize * 2);
        theirs.write_all(said).await.unwrap();
        drop(theirs);
        Framing::new(Box::new(ours), Duration::from_secs(60)).read().await.map_err(|Broken(why)| why)
    }

    #[tokio::test]
    async fn an_answer_counts_in_whatever_encoding_its_words_are() {
        let refused = read(b"550-5.1.1 Empf\xe4nger\r\n550 5.1.1 unbekannt: \xfc\xff\xfe\r\n").await.unwrap();
        assert_eq!((refused.code, refused.status().as_deref(), refused.lines.len()), (550, Some("5.1.1"), 2));
        assert_eq!(refused.lines[0], "5.1.1 Empf\u{fffd}nger");
        assert_eq!(read(b"250 angenommen, danke sch\xf6n\r\n").await.unwrap().code, 250);
        assert!(read(b"\xe4\xe4\xe4 OK\r\n").await.unwrap_err().contains("not SMTP"));
    }

    #[tokio::test]
    async fn an_answer_without_an_end_is_not_waited_for() {
        let line = b"250-again and again\r\n".repeat(MAX_REPLY_BYTES as usize / 20);
        assert!(read(&line).await.unwrap_err().contains("no end"));
        assert!(read(b"250-more follows\r\n").await.unwrap_err().contains("hung up"));
    }
}
