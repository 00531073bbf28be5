//! Download of a published file. An interrupted one is resumed.

use super::{FetchEvent, OnFetchEvent, sync_folder, verify};
use crate::transcription::models::{Entry, ModelError};
use futures_util::StreamExt as _;
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::fs::{self, OpenOptions};
use tokio::io::AsyncWriteExt as _;

/// Maximum number of consecutive connections that break before the first byte.
const MAX_FRUITLESS: u32 = 2;

/// A download of one file. The partial file is kept next to the target as `.part`.
pub(super) struct Download<'a> {
    entry: &'a Entry,
    url: &'a str,
    target: &'a Path,
    part: PathBuf,
    client: Client,
}

impl<'a> Download<'a> {
    pub(super) fn new(entry: &'a Entry, url: &'a str, target: &'a Path) -> Result<Self, ModelError> {
        let client = Client::builder()
            .user_agent(concat!("afterword/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(20))
            .read_timeout(Duration::from_secs(60))
            .build()
            .map_err(|error| network(url, &root(&error)))?;
        Ok(Self { entry, url, target, part: target.with_file_name(format!("{}.part", entry.file)), client })
    }

    /// Downloads the file, verifies it and renames it to its target. A broken connection is retried; one that can't be
    /// established is not, as there may be another source.
    pub(super) async fn run(&self, on_event: &mut OnFetchEvent<'_>) -> Result<(), ModelError> {
        let begun_with = self.there().await;
        let (mut fruitless, mut there) = (0, begun_with);
        while let Err(error) = self.connect(on_event).await {
            let now = self.there().await;
            fruitless = if now > there { 0 } else { fruitless + 1 };
            there = now;
            let unreachable = now == begun_with;
            if unreachable || fruitless > MAX_FRUITLESS || !matches!(error, ModelError::Network { .. }) {
                return Err(error);
            }
            tracing::info!(%error, "the connection broke; going on");
            tokio::time::sleep(Duration::from_secs(1 << fruitless)).await;
        }
        if let Err(error) = verify(self.entry, &self.part).await {
            // A resumed download would keep the wrong bytes.
            let _ = fs::remove_file(&self.part).await;
            return Err(error);
        }
        fs::rename(&self.part, self.target).await.map_err(ModelError::io(self.target))?;
        sync_folder(self.target.parent().unwrap_or(Path::new("."))).await
    }

    /// Returns the number of bytes already downloaded.
    async fn there(&self) -> u64 {
        fs::metadata(&self.part).await.map_or(0, |meta| meta.len())
    }

    /// Makes one connection and appends the missing bytes to the partial file.
    async fn connect(&self, on_event: &mut OnFetchEvent<'_>) -> Result<(), ModelError> {
        let io = ModelError::io(&self.part);
        let size = self.entry.size;
        let there = self.there().await;
        if there == size {
            return Ok(());
        }
        let from = if there < size { there } else { 0 };
        let (response, from) = self.request(from).await?;
        let mut file = OpenOptions::new().create(true).append(true).open(&self.part).await.map_err(&io)?;
        file.set_len(from).await.map_err(&io)?;
        let (mut body, mut done) = (response.bytes_stream(), from);
        while let Some(chunk) = body.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => {
                    file.sync_all().await.map_err(&io)?;
                    return Err(network(self.url, &root(&error)));
                }
            };
            done += chunk.len() as u64;
            if done > size {
                break;
            }
            file.write_all(&chunk).await.map_err(&io)?;
            on_event(FetchEvent::Bytes(done, size));
        }
        file.flush().await.map_err(&io)?;
        file.sync_all().await.map_err(&io)?;
        match done.cmp(&size) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Less => Err(network(self.url, "the server stopped in the middle")),
            std::cmp::Ordering::Greater => {
                let _ = fs::remove_file(&self.part).await;
                Err(ModelError::WrongContent {
                    what: self.url.to_owned(),
                    wanted: self.entry.sha256.clone(),
                    found: "of a larger file".to_owned(),
                })
            }
        }
    }

    /// Requests the missing bytes. Returns the response and the offset at which it begins.
    async fn request(&self, from: u64) -> Result<(Response, u64), ModelError> {
        let mut request = self.client.get(self.url);
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        let response = request.send().await.map_err(|error| network(self.url, &root(&error)))?;
        match response.status() {
            StatusCode::OK => Ok((response, 0)),
            StatusCode::PARTIAL_CONTENT => {
                let told = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
                let begins: Option<u64> =
                    told.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.parse().ok());
                match begins {
                    Some(begins) if begins == from => Ok((response, from)),
                    _ => Err(network(self.url, "the server sends another part than asked for")),
                }
            }
            status => Err(ModelError::Refused { url: self.url.to_owned(), status: status.as_u16() }),
        }
    }
}

/// Returns the text of the innermost cause: that of the outer error is "error sending request".
fn root(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().unwrap_or(error).to_string()
}

fn network(url: &str, cause: &str) -> ModelError {
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    ModelError::Network { host: host.unwrap_or_else(|| "the server".to_owned()), cause: cause.to_owned() }
}
