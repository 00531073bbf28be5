//! The pipeline beside plain Whisper: the same file, the same model, one thread, each in a process of its own.
//!
//! Plain is one call of whisper.cpp for each whole channel. Two ways of using the shipped model are measured: as the catalogue
//! says (short windows, an encoder that sees no more than it needs), and as any fetched model is used (windows of up to 28 s,
//! an encoder that sees all of its thirty seconds). Its words are rubbish for real people; what they cost is not.

use crate::bare_whisper::{self, Outcome};
use crate::report::Report;
use crate::sounds;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Runs a measurement as a child: `load child HOW FILE`.
pub fn child(arguments: &[String]) -> Result<()> {
    let [how, file] = arguments else { bail!("child HOW FILE") };
    let outcome = match how.as_str() {
        "plain" => bare_whisper::plain(Path::new(file))?,
        how => bare_whisper::ours(Path::new(file), how == "shipped")?,
    };
    #[expect(clippy::print_stdout, reason = "the parent reads it")]
    {
        println!("{}", serde_json::to_string(&outcome)?);
    }
    Ok(())
}

/// The quickest of some runs, in turn, so that other load on the machine hits all alike.
fn compare<const N: usize>(hows: [&str; N], file: &Path, rounds: usize) -> Result<[Outcome; N]> {
    let mut best: [Option<Outcome>; N] = [const { None }; N];
    for _ in 0..rounds {
        for (how, best) in hows.iter().zip(&mut best) {
            let now = run(how, file)?;
            if best.as_ref().is_none_or(|best| now.wall_s < best.wall_s) {
                *best = Some(now);
            }
        }
    }
    Ok(best.map(Option::unwrap_or_default))
}

fn run(how: &str, file: &Path) -> Result<Outcome> {
    let output = Command::new(std::env::current_exe()?).args(["child", how]).arg(file).output()?;
    if !output.status.success() {
        bail!("{how} {}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("what the child said")
}

/// All of it.
pub fn measure(report: &mut Report) -> Result<()> {
    let folder = crate::program::folder()?;
    match sounds::shared() {
        Some(shared) => {
            real_calls(report, &shared)?;
            let file = folder.path().join("without-pauses.wav");
            sounds::without_pauses(&shared, &file)?;
            let [plain, fetched, shipped] = compare(["plain", "fetched", "shipped"], &file, 2)?;
            ratio(report, "Speech without pauses, a model of no catalogue", &plain, &fetched, 1.05);
            ratio(report, "Speech without pauses, shipped model", &plain, &shipped, 1.05);
        }
        None => eprintln!("SKIPPED: the real calls lie in ../shared/samples/audio, which is not there"),
    }
    let file = folder.path().join("hour.wav");
    sounds::hour(&file)?;
    // Plain takes half an hour for it.
    let ours = run("shipped", &file)?;
    report.add("A stereo call of 1 h, shipped model, one thread", format!("{:.0} s", ours.wall_s));
    report.aim("Peak memory for it", format!("{:.0} MiB", ours.peak_mib), "under 400", ours.peak_mib < 400.0);
    errors(report, folder.path())
}

fn real_calls(report: &mut Report, shared: &Path) -> Result<()> {
    let mut sums = [Outcome::default(), Outcome::default(), Outcome::default()];
    for call in sounds::calls(shared)? {
        for (sum, one) in sums.iter_mut().zip(compare(["plain", "fetched", "shipped"], &call, 1)?) {
            sum.wall_s += one.wall_s;
            sum.cpu_s += one.cpu_s;
            sum.peak_mib = sum.peak_mib.max(one.peak_mib);
            sum.audio_s += one.audio_s;
            sum.speech_s += one.speech_s;
        }
    }
    let [plain, fetched, shipped] = &sums;
    ratio(report, "Four real calls, a model of no catalogue", plain, fetched, 0.5);
    ratio(report, "Four real calls, shipped model", plain, shipped, 0.5);
    report.add(
        "Speech in them",
        format!("{:.0} s found of {:.0} s on two channels", fetched.speech_s, 2.0 * fetched.audio_s),
    );
    Ok(())
}

fn ratio(report: &mut Report, what: &str, plain: &Outcome, ours: &Outcome, most: f64) {
    let ratio = ours.wall_s / plain.wall_s;
    let figure = format!(
        "{ratio:.2} of plain ({:.2} s for {:.2} s; processor {:.2} s for {:.2} s)",
        ours.wall_s, plain.wall_s, ours.cpu_s, plain.cpu_s
    );
    report.aim(what, figure, &format!("at most {most}"), ratio <= most);
}

/// Words to change in a hundred, of the demo calls in the codings of telephones.
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
            for (wrong, how) in wrong.iter_mut().zip(["plain", "shipped"]) {
                *wrong += said
                    .iter()
                    .zip(&run(how, &file)?.words)
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
