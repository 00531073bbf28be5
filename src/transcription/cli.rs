//! `afterword transcribe` and `afterword models …`. Arguments come in as plain values, words go out to a writer, progress to
//! the terminal's error output.

use super::models::{Health, ImportRequest, ModelFolders, Source, Trial, catalogue, entry, fetch, import, try_here};
use super::{Engine, EngineConfig, Format, Speaker, TranscribeError, TranscriptionRequest};
use crate::audio::AudioError;
use anyhow::{anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// What `afterword transcribe` was told.
#[derive(Clone, Debug, Default)]
pub struct TranscribeArgs {
    /// The recording.
    pub file: PathBuf,
    /// `--channels agent,customer`.
    pub channels: Vec<Speaker>,
    /// `--format text|vtt|srt|json`.
    pub format: Format,
    /// `--language en`.
    pub language: Option<String>,
}

/// Transcribes one file, without a database. Ctrl-C stops it.
pub async fn transcribe(
    config: EngineConfig,
    args: TranscribeArgs,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let bar = bar("{spinner} {wide_bar} {percent}%  {elapsed}", 1000);
    let (path, speakers, language) = (args.file.clone(), args.channels, args.language);
    let request = TranscriptionRequest { path, speakers, language, ..TranscriptionRequest::default() };
    let (engine, cancel, shown) = (Engine::new(config), CancellationToken::new(), bar.clone());
    let stop = cancel.clone();
    let interrupted = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    let result =
        engine.transcribe(request, move |step| shown.set_position((step.progress * 1000.0) as u64), cancel).await;
    interrupted.abort();
    bar.finish_and_clear();
    let transcript = result.map_err(|error| match error {
        // These name their file themselves.
        TranscribeError::Model(_) | TranscribeError::Audio(AudioError::Io { .. }) => anyhow!("{error}"),
        other => anyhow!("{}: {other}", args.file.display()),
    })?;
    for note in &transcript.notes {
        bar.suspend(|| hint(note.text()))?;
    }
    if engine.model().is_ok_and(|model| model.name == super::models::SHIPPED) {
        hint(
            "the built-in model knows the words of the demo calls only; for real calls: afterword models fetch base.en-q5_1",
        )?;
    }
    if transcript.segments.is_empty() {
        hint("no speech was found")?;
    }
    out.write_all(args.format.write(&transcript).as_bytes())?;
    Ok(out.flush()?)
}

/// The catalogue, and what of it is installed.
pub fn models_list(folders: &ModelFolders, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "{:<22} {:>8}  {:<9} {:<10} about", "name", "size", "language", "installed")?;
    for (entry, source) in folders.list() {
        let language = if entry.languages.iter().any(|code| code == "*") { "many" } else { "English" };
        let installed = match &source {
            Some(Source::BuiltIn) => "built in",
            Some(Source::File(_)) => "yes",
            None => "-",
        };
        let size = format!("{} MB", entry.size.div_ceil(1_000_000));
        writeln!(out, "{:<22} {size:>8}  {language:<9} {installed:<10} {}", entry.name, entry.notes)?;
    }
    writeln!(out, "\nafterword models fetch NAME puts one into {}", folders.own().display())?;
    Ok(())
}

/// Fetches a model into the data folder.
pub async fn models_fetch(folders: &ModelFolders, name: &str, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let Some(entry) = entry(name) else {
        let names: Vec<_> = catalogue().iter().map(|entry| entry.name.as_str()).collect();
        bail!("no speech model is called {name:?}; there are: {}", names.join(", "));
    };
    let bar = bar("{spinner} {wide_bar} {bytes}/{total_bytes}  {bytes_per_sec}  {eta}", entry.size);
    let shown = bar.clone();
    let result = fetch(entry, folders.own(), &mut move |done, _| shown.set_position(done)).await;
    bar.finish_and_clear();
    // Not as a chain: the reason is in its words already.
    let path = result.map_err(|error| anyhow!("{error}"))?;
    writeln!(out, "{} is at {}; its SHA-256 is right.", entry.name, path.display())?;
    writeln!(out, "To use it, set transcription.model = \"{}\".", entry.name)?;
    Ok(())
}

/// Converts a model into the data folder.
pub fn models_import(request: &ImportRequest, out: &mut dyn Write) -> anyhow::Result<()> {
    let bar = bar("{spinner} {wide_bar} {pos}/{len} tensors  {eta}", 0);
    let result = import(request, &Trial::default(), &mut |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    // Not as a chain: the reason is in its words already.
    let imported = result.map_err(|error| anyhow!("{error}"))?;
    let megabytes = imported.bytes.div_ceil(1_000_000);
    writeln!(out, "{} is at {} ({megabytes} MB); it was loaded once.", imported.name, imported.path.display())?;
    writeln!(out, "SHA-256 {}", imported.sha256)?;
    writeln!(out, "To use it, set transcription.model = \"{}\".", imported.name)?;
    Ok(())
}

/// Compares every installed model with the catalogue; an error if one is not as it should be.
pub fn models_verify(folders: &ModelFolders, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut bad = 0;
    for (entry, health) in folders.verify() {
        match health {
            Health::Good(source) => writeln!(out, "{:<22} good      {source}", entry.name)?,
            Health::Bad(source, why) => {
                bad += 1;
                writeln!(out, "{:<22} DAMAGED   {source}: {why}", entry.name)?;
            }
            Health::NotInstalled => {}
        }
    }
    if bad > 0 {
        bail!("{bad} of the models are damaged; fetch them again");
    }
    Ok(())
}

/// `afterword models try FILE`, which is not for people: loads a model that nobody vouches for, and may die of it.
pub fn models_try(file: &Path) -> anyhow::Result<()> {
    Ok(try_here(file)?)
}

/// To the terminal's error output, so that the transcript itself can go into a file.
fn hint(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stderr(), "note: {text}")
}

fn bar(template: &str, length: u64) -> ProgressBar {
    // Draws nothing where the error output is no terminal.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}
