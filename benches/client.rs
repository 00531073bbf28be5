//! A cheap HTTP/1.1 client: it shares the machine with the program under test.

use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Number of connections, as in the aims.
pub const CONNECTIONS: usize = 64;

/// Pace of the requests.
#[derive(Clone, Copy)]
pub enum Pace {
    /// Closed loop: the next request is sent after the response to the last.
    Closed,
    /// Open loop: requests per second over all connections. The wait for a free connection counts.
    PerSecond(f64),
}

/// Results of a run.
pub struct Figures {
    /// Requests per second.
    pub per_second: f64,
    /// 99th percentile of the response time.
    pub p99: Duration,
    median: Duration,
    longest: Duration,
    count: usize,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        write!(
            f,
            "{:.0}/s; median {:.1} ms, p99 {:.1} ms, longest {:.0} ms ({} requests)",
            self.per_second,
            ms(self.median),
            ms(self.p99),
            ms(self.longest),
            self.count
        )
    }
}

/// A response, read completely.
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Status line and headers, unchanged.
    pub head: String,
    /// Body, without chunk framing.
    pub body: Vec<u8>,
}

impl Answer {
    /// Returns the first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

/// Sends `total` requests; the n-th is `make(n)`. Errors: any response but 2xx and 3xx, with its text.
pub async fn run<M>(address: SocketAddr, pace: Pace, total: usize, make: M) -> Result<Figures>
where
    M: Fn(usize) -> Vec<u8> + Send + Sync + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let make = Arc::new(make);
    let begin = Instant::now();
    let workers: Vec<_> = (0..CONNECTIONS)
        .map(|_| tokio::spawn(work(address, pace, total, begin, Arc::clone(&next), Arc::clone(&make))))
        .collect();
    let mut times = Vec::with_capacity(total);
    for worker in workers {
        times.extend(worker.await??);
    }
    let lasted = begin.elapsed();
    times.sort_unstable();
    let at =
        |share: f64| times.get((times.len() as f64 * share) as usize).or(times.last()).copied().unwrap_or_default();
    Ok(Figures {
        per_second: times.len() as f64 / lasted.as_secs_f64(),
        median: at(0.5),
        p99: at(0.99),
        longest: at(1.0),
        count: times.len(),
    })
}

async fn work<M: Fn(usize) -> Vec<u8>>(
    address: SocketAddr,
    pace: Pace,
    total: usize,
    begin: Instant,
    next: Arc<AtomicUsize>,
    make: Arc<M>,
) -> Result<Vec<Duration>> {
    let mut connection = Connection::open(address).await?;
    let mut times = Vec::new();
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= total {
            return Ok(times);
        }
        let request = make(n);
        let due = match pace {
            Pace::Closed => Instant::now(),
            Pace::PerSecond(rate) => {
                let due = begin + Duration::from_secs_f64(n as f64 / rate);
                tokio::time::sleep_until(due.into()).await;
                due
            }
        };
        let answer = connection.ask(&request).await?;
        times.push(due.elapsed());
        answer.or_fail()?;
    }
}

/// Sends one request on a separate connection.
pub async fn ask(address: SocketAddr, request: &[u8]) -> Result<Answer> {
    Connection::open(address).await?.ask(request).await?.or_fail()
}

/// Returns a request's bytes.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { address, stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.buffer[..end].to_vec())?;
        let status = head.get(9..12).and_then(|code| code.parse().ok()).context("a status line")?;
        let body = match header(&head, "content-length") {
            Some(length) => self.sized(end, length.parse()?).await?,
            None if header(&head, "transfer-encoding") == Some("chunked") => self.chunked(end).await?,
            None => Vec::new(),
        };
        if header(&head, "connection") == Some("close") {
            *self = Self::open(self.address).await?;
        }
        Ok(Answer { status, head, body })
    }

    async fn sized(&mut self, from: usize, length: usize) -> Result<Vec<u8>> {
        while self.buffer.len() < from + length {
            self.more().await?;
        }
        Ok(self.buffer[from..from + length].to_vec())
    }

    async fn chunked(&mut self, mut from: usize) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                if let Some(length) = find(&self.buffer[from..], b"\r\n") {
                    break length;
                }
                self.more().await?;
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.buffer[from..from + line])?.trim(), 16)?;
            from += line + 2;
            body.extend(self.sized(from, size + 2).await?.into_iter().take(size));
            from += size + 2;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server hung up in the middle of an answer");
        }
        Ok(())
    }
}

impl Answer {
    fn or_fail(self) -> Result<Self> {
        if (200..400).contains(&self.status) {
            return Ok(self);
        }
        bail!("{}\n{}", self.head.trim(), String::from_utf8_lossy(&self.body[..self.body.len().min(500)]))
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
