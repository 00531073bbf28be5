//! A line to a mail server: commands out, answers in, each within its time.

use super::reply::Reply;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::timeout;

/// The longest answer that is read, in bytes.
const MOST_REPLY: u64 = 64 * 1024;

/// Plain or encrypted.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// The line does not carry any more; why.
pub(super) struct Broken(pub String);

/// A line.
pub(super) struct Wire {
    stream: BufReader<Box<dyn Stream>>,
    limit: Duration,
    line: String,
}

impl Wire {
    /// `limit`: how long an answer may take.
    pub fn new(stream: Box<dyn Stream>, limit: Duration) -> Self {
        Self { stream: BufReader::with_capacity(4096, stream), limit, line: String::new() }
    }

    /// The stream again, to be encrypted; `None` where the server has said something that nobody asked for, which could
    /// have been put in by somebody on the way.
    pub fn into_inner(self) -> Option<Box<dyn Stream>> {
        self.stream.buffer().is_empty().then(|| self.stream.into_inner())
    }

    /// Sends, in one go.
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

    /// The next answer.
    pub async fn read(&mut self) -> Result<Reply, Broken> {
        self.read_within(1).await
    }

    /// The next answer, which may take so many times as long.
    pub async fn read_within(&mut self, times: u32) -> Result<Reply, Broken> {
        let limit = self.limit * times;
        match timeout(limit, self.read_reply()).await {
            Ok(reply) => reply,
            Err(_) => Err(Broken(format!("it has not answered for {} s", limit.as_secs_f32().ceil()))),
        }
    }

    async fn read_reply(&mut self) -> Result<Reply, Broken> {
        let mut reply = Reply { code: 0, lines: Vec::new() };
        let mut left = MOST_REPLY;
        loop {
            self.line.clear();
            let read = (&mut self.stream).take(left).read_line(&mut self.line).await;
            let read = read.map_err(|e| Broken(format!("the connection broke: {e}")))? as u64;
            if read == 0 {
                return Err(Broken(if left == 0 { "its answer has no end" } else { "it hung up" }.into()));
            }
            left = left.saturating_sub(read);
            match reply.take(&self.line) {
                Some(true) => return Ok(reply),
                Some(false) => {}
                None => return Err(Broken("what it says is not SMTP".into())),
            }
        }
    }

    /// One command, one answer.
    pub async fn ask(&mut self, command: &str) -> Result<Reply, Broken> {
        self.write(command.as_bytes()).await?;
        self.read().await
    }
}
