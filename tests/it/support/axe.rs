//! axe-core on a page in the browser: WCAG 2.2 AA as far as it can be checked automatically.

use super::browser::Browser;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// A rule that the page violates, and the elements.
#[derive(Deserialize, Debug)]
pub struct Violation {
    /// Name of the rule in axe.
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
    /// Whether it is serious or critical.
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

/// Returns the path of its script from npm.
pub fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/axe-core/axe.min.js")
}

/// Fails if the page in the browser has a serious or critical violation; lesser ones are printed.
pub async fn check(browser: &Browser, page: &str) {
    let (grave, lesser): (Vec<_>, Vec<_>) = violations(browser).await.into_iter().partition(Violation::is_grave);
    for violation in &lesser {
        eprintln!("{page}: {violation}");
    }
    let list: String = grave.iter().map(Violation::to_string).collect();
    assert!(grave.is_empty(), "{page} shuts people out:\n{list}");
}

/// Returns all violations on the page in the browser.
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
