//! The pipeline compared with plain Whisper: the same file, the same model, one thread, each in a separate process.
//!
//! Plain is one call of whisper.cpp for each whole channel. Real recordings are transcribed with tiny.en, the demo's
//! calls with the test model.

use crate::bare_whisper::{self, Outcome};
use crate::report::Report;
use crate::sounds;
use afterword::transcription::TEST_MODEL;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

const TEST_MODEL_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/test-voices.en-q5_0.bin");

/// Runs a measurement as a child: `load child HOW MODEL FILE`.
pub fn child(arguments: &[String]) -> Result<()> {
    let [how, model, file] = arguments else { bail!("child HOW MODEL FILE") };
    let outcome = match how.as_str() {
        "plain" => bare_whisper::plain(Path::new(model), Path::new(file))?,
        _ => bare_whisper::ours(model, Path::new(file))?,
    };
    #[expect(clippy::print_stdout, reason = "the parent reads it")]
    {
        println!("{}", serde_json::to_string(&outcome)?);
    }
    Ok(())
}

/// Returns the quickest of some runs of plain and ours, alternating, so that other load on the machine affects both.
fn compare(model: &str, file: &Path, rounds: usize) -> Result<[Outcome; 2]> {
    let mut best: [Option<Outcome>; 2] = [const { None }; 2];
    for _ in 0..rounds {
        for (how, best) in ["plain", "ours"].iter().zip(&mut best) {
            let now = run(how, model, file)?;
            if best.as_ref().is_none_or(|best| now.cpu_s < best.cpu_s) {
                *best = Some(now);
            }
        }
    }
    Ok(best.map(Option::unwrap_or_default))
}

fn run(how: &str, model: &str, file: &Path) -> Result<Outcome> {
    let output = Command::new(std::env::current_exe()?).args(["child", how, model]).arg(file).output()?;
    if !output.status.success() {
        bail!("{how} {}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("what the child said")
}

/// Runs all measurements.
pub fn measure(report: &mut Report) -> Result<()> {
    let folder = crate::program::folder()?;
    match (sounds::shared(), sounds::real_model()) {
        (Some(shared), Some(model)) => {
            real_calls(report, &model, &shared)?;
            let file = folder.path().join("without-pauses.wav");
            sounds::without_pauses(&shared, &file)?;
            let [plain, ours] = compare(&model, &file, 3)?;
            ratio(report, "Speech without pauses, tiny.en", &plain, &ours, 1.05);
        }
        _ => {
            eprintln!("SKIPPED: ../shared/samples/audio and ../shared/models with real calls and tiny.en are not there")
        }
    }
    let file = folder.path().join("hour.wav");
    sounds::hour(&file)?;
    // Plain takes half an hour for it.
    let ours = run("ours", TEST_MODEL, &file)?;
    report.add("A stereo call of 1 h, test model, one thread", format!("{:.0} s", ours.wall_s));
    report.aim("Peak memory for it", format!("{:.0} MiB", ours.peak_mib), "under 400", ours.peak_mib < 400.0);
    errors(report, folder.path())
}

fn real_calls(report: &mut Report, model: &str, shared: &Path) -> Result<()> {
    let mut sums = [Outcome::default(), Outcome::default()];
    for call in sounds::calls(shared)? {
        for (sum, one) in sums.iter_mut().zip(compare(model, &call, 3)?) {
            sum.wall_s += one.wall_s;
            sum.cpu_s += one.cpu_s;
            sum.peak_mib = sum.peak_mib.max(one.peak_mib);
            sum.audio_s += one.audio_s;
            sum.speech_s += one.speech_s;
        }
    }
    let [plain, ours] = &sums;
    ratio(report, "Four real calls, tiny.en", plain, ours, 0.6);
    report.aim("Peak memory for them", format!("{:.0} MiB", ours.peak_mib), "under 250", ours.peak_mib < 250.0);
    report
        .add("Speech in them", format!("{:.0} s found of {:.0} s on two channels", ours.speech_s, 2.0 * ours.audio_s));
    Ok(())
}

fn ratio(report: &mut Report, what: &str, plain: &Outcome, ours: &Outcome, most: f64) {
    let ratio = ours.cpu_s / plain.cpu_s;
    let figure = format!("{ratio:.2} of plain's processor time ({:.2} s for {:.2} s)", ours.cpu_s, plain.cpu_s);
    report.aim(what, figure, &format!("at most {most}"), ratio <= most);
}

/// Measures the word error rate, in percent, of the demo calls in the codecs of telephones.
fn errors(report: &mut Report, folder: &Path) -> Result<()> {
    for coding in sounds::CODINGS {
        let mut wrong = [0, 0];
        let mut all = 0;
        for call in ["call-good", "call-bad"] {
            let Some(file) = sounds::coded(call, coding, folder)? else {
                eprintln!("SKIPPED: {coding}, for which sox is wanted");
                return Ok(());
            };
            let said = sounds::said(call)?;
            for (wrong, how) in wrong.iter_mut().zip(["plain", "ours"]) {
                let model = if how == "plain" { TEST_MODEL_FILE } else { TEST_MODEL };
                *wrong += said
                    .iter()
                    .zip(&run(how, model, &file)?.words)
                    .map(|(said, heard)| sounds::changes(said, heard))
                    .sum::<usize>();
            }
            all += said.iter().map(Vec::len).sum::<usize>();
        }
        let percent = |wrong: usize| 100.0 * wrong as f64 / all as f64;
        let figure = format!("{:.1} % (plain {:.1} %)", percent(wrong[1]), percent(wrong[0]));
        report.aim(&format!("Word errors, demo calls, {coding}"), figure, "no worse than plain", wrong[1] <= wrong[0]);
    }
    Ok(())
}
