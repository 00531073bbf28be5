//! Commands `afterword transcribe` and `afterword models …`. Results are written to a writer, progress and notes to
//! standard error.

use super::models::{
    FetchEvent, FetchOptions, Health, ImportRequest, ModelFolders, Source, Trial, catalogue, entry, fetch, import,
    megabytes, try_here,
};
use super::{Engine, EngineConfig, Format, Speaker, TranscribeError, TranscriptionRequest};
use crate::audio::AudioError;
use anyhow::{anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Arguments of `afterword transcribe`.
#[derive(Clone, Debug, Default)]
pub struct TranscribeArgs {
    /// Path of the recording.
    pub file: PathBuf,
    /// `--channels agent,customer`
    pub channels: Vec<Speaker>,
    /// `--format text|vtt|srt|json`
    pub format: Format,
    /// `--language en`
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
        // These errors name the file already.
        TranscribeError::Model(_) | TranscribeError::Audio(AudioError::Io { .. }) => anyhow!("{error}"),
        other => anyhow!("{}: {other}", args.file.display()),
    })?;
    for note in &transcript.notes {
        bar.suspend(|| hint(note.text()))?;
    }
    if engine.model().is_ok_and(|model| model.name == super::models::TEST_MODEL) {
        hint(
            "the test model knows the synthetic voices of the tests and the demo only; for real calls: afterword models fetch base",
        )?;
    }
    if transcript.segments.is_empty() {
        hint("no speech was found")?;
    }
    out.write_all(args.format.write(&transcript).as_bytes())?;
    Ok(out.flush()?)
}

/// Lists the catalogue, the imported models, and the model in use.
pub fn models_list(folders: &ModelFolders, used: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "{:<22} {:>8}  {:<9} {:<16} about", "name", "size", "language", "installed")?;
    for (entry, source) in folders.list() {
        let language = if entry.languages.iter().any(|code| code == "*") { "many" } else { "English" };
        let place = match &source {
            Some(Source::BuiltIn) => "built in",
            Some(Source::File(_)) => "yes",
            None => "-",
        };
        let installed = if entry.name == used { format!("{place}, selected") } else { place.to_owned() };
        let size = megabytes(entry.size);
        writeln!(out, "{:<22} {size:>8}  {language:<9} {installed:<16} {}", entry.name, entry.notes)?;
    }
    for name in folders.imported() {
        let installed = if name == used { "yes, selected" } else { "yes" };
        writeln!(out, "{name:<22} {:>8}  {:<9} {installed:<16} Imported.", "", "")?;
    }
    writeln!(out, "\nafterword models fetch NAME puts one into {}", folders.own().display())?;
    match folders.find(used) {
        Ok(_) => writeln!(out, "Recordings are transcribed with {used}.")?,
        Err(missing) => writeln!(out, "Recordings wait: {missing}.")?,
    }
    Ok(())
}

/// Returns a token that Ctrl-C cancels.
fn cancelled_by_interrupt() -> CancellationToken {
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    cancel
}

/// Fetches a model into the data folder. Shows each source and the progress.
pub async fn models_fetch(folders: &ModelFolders, name: &str, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let Some(entry) = entry(name) else {
        let names: Vec<_> = catalogue().iter().map(|entry| entry.name.as_str()).collect();
        bail!("no speech model is called {name:?}; there are: {}", names.join(", "));
    };
    let options = FetchOptions { cancel: cancelled_by_interrupt(), ..FetchOptions::default() };
    let bar = ProgressBar::new(entry.size);
    let shown = bar.clone();
    let result = fetch(entry, folders.own(), &options, &mut move |event| show(&event, &shown)).await;
    bar.finish_and_clear();
    // Not as a chain: the text names the reason already.
    let fetched = result.map_err(|error| anyhow!("{error}"))?;
    let path = fetched.path.display();
    match fetched.source {
        None => writeln!(out, "{} was installed already, at {path}; its SHA-256 is right.", entry.name)?,
        Some(source) => writeln!(out, "{} came from {source} and is at {path}; its SHA-256 is right.", entry.name)?,
    }
    writeln!(out, "To use it, set transcription.model = \"{}\".", entry.name)?;
    Ok(())
}

/// Shows one line for each source, a bar for bytes and tensors, and a spinner with pip's last line.
fn show(event: &FetchEvent<'_>, bar: &ProgressBar) {
    let say = |text: String| {
        // A closed standard error is not a failure.
        bar.suspend(|| drop(writeln!(std::io::stderr(), "{text}")));
    };
    match event {
        FetchEvent::Trying(source) => say(format!("Trying {source}.")),
        FetchEvent::Failed(source, error) => say(format!("It did not come from {source}: {error}.")),
        FetchEvent::Bytes(done, size) => {
            bar.set_style(style("{spinner} {wide_bar} {bytes}/{total_bytes}  {bytes_per_sec}  {eta}"));
            bar.set_length(*size);
            bar.set_position(*done);
        }
        FetchEvent::Output(line) => {
            bar.set_style(style("{spinner} pip: {wide_msg}"));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar.set_message((*line).to_owned());
        }
        FetchEvent::Tensors(done, all) => {
            bar.set_style(style("{spinner} importing {wide_bar} {pos}/{len} tensors"));
            bar.set_length(*all as u64);
            bar.set_position(*done as u64);
        }
    }
}

/// Converts a model into the data folder.
pub async fn models_import(request: ImportRequest, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let request = ImportRequest { cancel: cancelled_by_interrupt(), ..request };
    let bar = bar("{spinner} {wide_bar} {pos}/{len} tensors  {eta}", 0);
    let shown = bar.clone();
    let result = tokio::task::spawn_blocking(move || {
        import(&request, &Trial::default(), &mut |done, all| {
            shown.set_length(all as u64);
            shown.set_position(done as u64);
        })
    });
    let result = result.await?;
    bar.finish_and_clear();
    // Not as a chain: the text names the reason already.
    let imported = result.map_err(|error| anyhow!("{error}"))?;
    let (path, size) = (imported.path.display(), megabytes(imported.bytes));
    writeln!(out, "{} is at {path} ({size}); it was loaded once.", imported.name)?;
    writeln!(out, "SHA-256 {}", imported.sha256)?;
    writeln!(out, "To use it, set transcription.model = \"{}\".", imported.name)?;
    Ok(())
}

/// Compares every installed model with the catalogue. Returns an error if one differs.
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

/// `afterword models try FILE`, the child process of a trial: loads a model that is not in the catalogue. An invalid
/// one can abort the process.
pub fn models_try(file: &Path) -> anyhow::Result<()> {
    Ok(try_here(file)?)
}

/// Writes a note to standard error: standard output holds only the transcript.
fn hint(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stderr(), "note: {text}")
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Returns a bar that draws nothing where standard error is not a terminal.
fn bar(template: &str, length: u64) -> ProgressBar {
    ProgressBar::new(length).with_style(style(template))
}
