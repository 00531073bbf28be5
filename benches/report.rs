//! Report of the results.

use anyhow::Result;
use std::fmt::Write;
use std::process::Command;

/// The rows so far.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
}

struct Row {
    what: String,
    figure: String,
    aim: String,
}

impl Report {
    /// Returns an empty report.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a figure without an aim.
    pub fn add(&mut self, what: &str, figure: impl Into<String>) {
        self.push(what, figure.into(), String::new());
    }

    /// Adds a figure with an aim, and whether it is met.
    pub fn aim(&mut self, what: &str, figure: impl Into<String>, aim: &str, met: bool) {
        self.push(what, figure.into(), format!("{aim}: {}", if met { "met" } else { "**missed**" }));
    }

    fn push(&mut self, what: &str, figure: String, aim: String) {
        eprintln!("{what}: {figure} {aim}");
        self.rows.push(Row { what: what.to_owned(), figure, aim });
    }

    /// Writes BENCHMARKS.md.
    pub fn write(&self) -> Result<()> {
        let mut text = String::from(
            "# Benchmarks\n\nWritten by `make bench`; do not edit. The load comes from the same machine, on the same cores: \
             64 connections\nthat each wait for an answer before they ask again, unless a rate is named.\n\n",
        );
        writeln!(text, "{}\n", machine()?)?;
        writeln!(text, "| Measured | Figure | Aim |\n|---|---|---|")?;
        for row in &self.rows {
            writeln!(text, "| {} | {} | {} |", row.what, row.figure, row.aim)?;
        }
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/BENCHMARKS.md"), text)?;
        eprintln!("BENCHMARKS.md is written.");
        Ok(())
    }
}

/// Returns `23 November 2026, commit 1a2b3c4. 2 × Some CPU, 8 GiB, Linux 6.1.`
fn machine() -> Result<String> {
    let value = |file: &str, name: &str| -> Result<String> {
        let text = std::fs::read_to_string(file)?;
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        Ok(line.split_once(':').map_or("unknown", |(_, value)| value.trim()).to_owned())
    };
    #[expect(clippy::disallowed_methods, reason = "a report of today")]
    let day = jiff::Zoned::now().strftime("%-d %B %Y").to_string();
    let commit = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output()?;
    let memory = value("/proc/meminfo", "MemTotal")?;
    let kilobytes: f64 = memory.trim_end_matches(" kB").parse()?;
    Ok(format!(
        "{day}, commit {}. {} × {}, {:.0} GiB, Linux {}.",
        String::from_utf8_lossy(&commit.stdout).trim(),
        std::thread::available_parallelism()?,
        value("/proc/cpuinfo", "model name")?,
        kilobytes / 1024.0 / 1024.0,
        std::fs::read_to_string("/proc/sys/kernel/osrelease")?.trim(),
    ))
}
