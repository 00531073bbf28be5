//! Getting a model over the network: goes on where it stopped, and nothing that is not whole gets the model's name.

use super::{Entry, ModelError, hash_file};
use futures_util::StreamExt as _;
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::AsyncWriteExt as _;

/// How often in one go a connection is taken up again that brought nothing.
const TRIES: u32 = 2;

/// Fetches a model of the catalogue into a folder. `progress` is called with bytes there and bytes in all.
///
/// What was fetched before an interruption is kept beside it as `.part`, and the next call goes on from there.
pub async fn fetch(
    entry: &Entry,
    folder: &Path,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<PathBuf, ModelError> {
    let url = entry.url.as_deref().ok_or_else(|| ModelError::NothingToFetch { name: entry.name.clone() })?;
    let target = folder.join(&entry.file);
    if fs::metadata(&target).await.is_ok_and(|meta| meta.len() == entry.size) && judge(entry, &target).await.is_ok() {
        progress(entry.size, entry.size);
        return Ok(target);
    }
    fs::create_dir_all(folder).await.map_err(ModelError::io(folder))?;
    let part = folder.join(format!("{}.part", entry.file));
    let download = Download { entry, url, folder, part: &part, client: client(url, folder)? };
    let (mut fruitless, mut there) = (0, 0);
    while let Err(error) = download.go_on(progress).await {
        let now = fs::metadata(&part).await.map_or(0, |meta| meta.len());
        fruitless = if now > there { 0 } else { fruitless + 1 };
        there = now;
        if fruitless > TRIES || !matches!(error, ModelError::Network { .. }) {
            return Err(error);
        }
        tracing::info!(%error, "the connection broke; going on");
        tokio::time::sleep(Duration::from_secs(1 << fruitless)).await;
    }
    if let Err(error) = judge(entry, &part).await {
        // Going on from wrong bytes would never end well.
        let _ = fs::remove_file(&part).await;
        return Err(error);
    }
    fs::rename(&part, &target).await.map_err(ModelError::io(&target))?;
    // The new name is durable once the folder is.
    File::open(folder).await.map_err(ModelError::io(folder))?.sync_all().await.map_err(ModelError::io(folder))?;
    Ok(target)
}

fn client(url: &str, folder: &Path) -> Result<Client, ModelError> {
    Client::builder()
        .user_agent(concat!("afterword/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(20))
        .read_timeout(Duration::from_secs(60))
        .build()
        .map_err(|error| network(url, folder, &root(&error)))
}

struct Download<'a> {
    entry: &'a Entry,
    url: &'a str,
    folder: &'a Path,
    part: &'a Path,
    client: Client,
}

impl Download<'_> {
    /// One connection: appends to the part what is missing.
    async fn go_on(&self, progress: &mut (dyn FnMut(u64, u64) + Send)) -> Result<(), ModelError> {
        let io = ModelError::io(self.part);
        let size = self.entry.size;
        let there = fs::metadata(self.part).await.map_or(0, |meta| meta.len());
        if there == size {
            return Ok(());
        }
        let from = if there < size { there } else { 0 };
        let (response, from) = self.ask(from).await?;
        let mut file = OpenOptions::new().create(true).append(true).open(self.part).await.map_err(&io)?;
        file.set_len(from).await.map_err(&io)?;
        let (mut body, mut done) = (response.bytes_stream(), from);
        while let Some(chunk) = body.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => {
                    file.sync_all().await.map_err(&io)?;
                    return Err(network(self.url, self.folder, &root(&error)));
                }
            };
            done += chunk.len() as u64;
            if done > size {
                break;
            }
            file.write_all(&chunk).await.map_err(&io)?;
            progress(done, size);
        }
        file.flush().await.map_err(&io)?;
        file.sync_all().await.map_err(&io)?;
        match done.cmp(&size) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Less => Err(network(self.url, self.folder, &"the server stopped in the middle")),
            std::cmp::Ordering::Greater => {
                let _ = fs::remove_file(self.part).await;
                Err(ModelError::WrongContent {
                    what: self.url.to_owned(),
                    wanted: self.entry.sha256.clone(),
                    found: "of a larger file".to_owned(),
                })
            }
        }
    }

    /// Asks for the rest; gives the answer and where it really begins.
    async fn ask(&self, from: u64) -> Result<(Response, u64), ModelError> {
        let mut request = self.client.get(self.url);
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        let response = request.send().await.map_err(|error| network(self.url, self.folder, &root(&error)))?;
        match response.status() {
            StatusCode::OK => Ok((response, 0)),
            StatusCode::PARTIAL_CONTENT => {
                let told = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
                let begins: Option<u64> =
                    told.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.parse().ok());
                match begins {
                    Some(begins) if begins == from => Ok((response, from)),
                    _ => Err(network(self.url, self.folder, &"the server sends another part than asked for")),
                }
            }
            status => Err(ModelError::Refused { url: self.url.to_owned(), status: status.as_u16() }),
        }
    }
}

/// What lies at the bottom: "error sending request" alone helps nobody.
fn root(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().unwrap_or(error).to_string()
}

fn network(url: &str, folder: &Path, cause: &dyn std::fmt::Display) -> ModelError {
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    ModelError::Network {
        host: host.unwrap_or_else(|| "the server".to_owned()),
        cause: cause.to_string(),
        url: url.to_owned(),
        folder: folder.to_owned(),
    }
}

/// Compares the file with the catalogue, off the runtime's threads.
async fn judge(entry: &Entry, path: &Path) -> Result<(), ModelError> {
    let (owned, wanted) = (path.to_owned(), entry.sha256.clone());
    let found = tokio::task::spawn_blocking(move || hash_file(&owned))
        .await
        .map_err(|error| ModelError::Io { path: path.to_owned(), source: std::io::Error::other(error) })??;
    if found == wanted {
        return Ok(());
    }
    Err(ModelError::WrongContent { what: path.display().to_string(), wanted, found })
}
