//! axe-core over a page in the browser: WCAG 2.2 AA as far as a machine can tell.

use super::browser::Browser;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// A rule that the page breaks, and where.
#[derive(Deserialize, Debug)]
pub struct Violation {
    /// axe's name of the rule.
    pub id: String,
    impact: Option<String>,
    help: String,
    nodes: Vec<Node>,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Node {
    html: String,
    failure_summary: Option<String>,
}

impl Violation {
    /// Serious or critical: shuts somebody out.
    pub fn is_grave(&self) -> bool {
        matches!(self.impact.as_deref(), Some("serious" | "critical"))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({}): {}", self.id, self.impact.as_deref().unwrap_or("unrated"), self.help)?;
        for node in &self.nodes {
            writeln!(f, "    {}", node.html)?;
            for line in node.failure_summary.iter().flat_map(|summary| summary.lines().skip(1)) {
                writeln!(f, "      {}", line.trim())?;
            }
        }
        Ok(())
    }
}

/// Where npm puts its script.
pub fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/axe-core/axe.min.js")
}

/// Fails if the page that the browser shows has a serious or critical fault; lesser ones are printed.
pub async fn check(browser: &Browser, page: &str) {
    let (grave, lesser): (Vec<_>, Vec<_>) = violations(browser).await.into_iter().partition(Violation::is_grave);
    for violation in &lesser {
        eprintln!("{page}: {violation}");
    }
    let list: String = grave.iter().map(Violation::to_string).collect();
    assert!(grave.is_empty(), "{page} shuts people out:\n{list}");
}

/// All that axe finds on the page that the browser shows.
pub async fn violations(browser: &Browser) -> Vec<Violation> {
    const RUN: &str = "const done = arguments[arguments.length - 1];
        axe.run(document, {
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
            resultTypes: ['violations'],
        }).then(({ violations }) => done(violations), error => done(String(error)));";
    let axe = std::fs::read_to_string(file()).unwrap();
    browser.execute(axe, vec![]).await.unwrap();
    let found = browser.execute_async(RUN, vec![]).await.unwrap();
    serde_json::from_value(found.json().clone()).unwrap_or_else(|error| panic!("axe: {error}: {:?}", found.json()))
}
