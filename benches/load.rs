//! Benchmarks for BENCHMARKS.md: the built program under load from the same machine, compared with a bare database
//! loop.
//!
//! `make bench` runs all parts; `make bench ARGS='pages speech'` some. Each run rewrites the file.

mod bare;
mod bare_whisper;
mod client;
mod company;
mod mail;
mod millions;
mod pages;
mod program;
mod report;
mod sink;
mod sounds;
mod speech;
mod transcription;

use anyhow::{Context, Result};
use report::Report;

/// The same as in the program: survey mails are sent by this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Parts: name and description.
const PARTS: [(&str, &str); 6] = [
    ("answers", "intake, survey pages and answers over HTTP, beside a bare loop of the same inserts"),
    ("ten-million", "the ratings page and the release job with ten million answers on file"),
    ("mail", "survey mails beside postfix's smtp-source into the same sink, with DKIM, with STARTTLS"),
    ("speech", "words, times and cost beside faster-whisper and whisper.cpp, into docs/speech-figures.md"),
    ("transcription", "the pipeline beside plain Whisper: time, memory, word errors"),
    ("rest", "memory at rest, size of the program"),
];

#[tokio::main]
async fn main() -> Result<()> {
    // Cargo adds its own --bench.
    let wanted: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let Some(("child", arguments)) = wanted.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        if let [what, port] = arguments
            && what == "mail-sink"
        {
            let port = port.clone();
            return tokio::task::spawn_blocking(move || mail::child(&port)).await?;
        }
        let arguments = arguments.to_vec();
        // It has its own runtime.
        return tokio::task::spawn_blocking(move || transcription::child(&arguments)).await?;
    }
    if let Some(unknown) = wanted.iter().find(|part| !PARTS.iter().any(|(name, _)| name == part)) {
        let known: Vec<_> = PARTS.iter().map(|(name, what)| format!("  {name:13} {what}")).collect();
        anyhow::bail!("there is no part {unknown}; the parts are\n{}", known.join("\n"));
    }
    let has = |part: &str| wanted.is_empty() || wanted.iter().any(|name| name == part);
    let mut report = Report::new();
    if has("rest") {
        program::measure_rest(&mut report).await.context("at rest")?;
    }
    if has("answers") {
        pages::measure(&mut report).await.context("under load")?;
    }
    if has("ten-million") {
        millions::measure(&mut report).await.context("ten million answers")?;
    }
    if has("mail") {
        mail::measure(&mut report).await.context("mail")?;
    }
    if has("speech") {
        speech::measure().context("speech")?;
        if wanted.len() == 1 {
            return Ok(());
        }
    }
    if has("transcription") {
        transcription::measure(&mut report).context("transcription")?;
    }
    report.write()
}
