//! Licences of the dependencies, checked against the list in `deny.toml`: the same that `cargo deny` reads, checked
//! here because this needs no tool that takes minutes to install.

use serde::Deserialize;
use std::collections::HashSet;
use std::process::Command;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
}

#[derive(Deserialize)]
struct Policy {
    licenses: Licences,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    name: String,
}

#[test]
fn every_dependency_has_a_licence_that_we_allow_and_comes_from_the_registry() {
    let root = env!("CARGO_MANIFEST_DIR");
    let policy: Policy = toml::from_str(&std::fs::read_to_string(format!("{root}/deny.toml")).unwrap()).unwrap();
    let metadata = metadata(root);
    let used: HashSet<_> = metadata.resolve.nodes.iter().map(|node| node.id.as_str()).collect();
    let mut wrong = Vec::new();
    for package in metadata.packages.iter().filter(|package| used.contains(package.id.as_str())) {
        let name = format!("{} {}", package.name, package.version);
        let licence = package.license.as_deref().unwrap_or("none named");
        if !allowed(licence, &policy.licenses.allow) {
            wrong.push(format!("{name}: {licence} is not in deny.toml"));
        }
        if policy.bans.deny.iter().any(|banned| banned.name == package.name) {
            wrong.push(format!("{name}: deny.toml bans it"));
        }
        let registry = package.source.as_deref().is_none_or(|source| source.starts_with("registry+"));
        if !registry && package.name != env!("CARGO_PKG_NAME") {
            wrong.push(format!("{name}: comes from {:?}", package.source));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns the packages that are compiled for this machine. Offline: they are downloaded, or this test would not have
/// been compiled.
fn metadata(root: &str) -> Metadata {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", &target])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether an SPDX expression can be met with these licences. The slash of old manifests means OR; AND binds tighter.
fn allowed(expression: &str, allow: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ").replace(" WITH ", "+WITH+");
    let mut words = spaced.split_whitespace().peekable();
    let met = either(&mut words, allow);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, allow: &[String]) -> bool {
    let mut met = both(words, allow);
    while words.next_if_eq(&"OR").is_some() {
        // Not `||`: the rest must be read in any case.
        met |= both(words, allow);
    }
    met
}

fn both(words: &mut Words<'_>, allow: &[String]) -> bool {
    let mut met = single(words, allow);
    while words.next_if_eq(&"AND").is_some() {
        met &= single(words, allow);
    }
    met
}

fn single(words: &mut Words<'_>, allow: &[String]) -> bool {
    match words.next() {
        Some("(") => either(words, allow) & (words.next() == Some(")")),
        Some(name) => allow.iter().any(|allowed| *allowed == name.replace("+WITH+", " WITH ")),
        None => false,
    }
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let allow = ["MIT".to_owned(), "ISC".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
    for good in [
        "MIT",
        "MIT OR GPL-3.0",
        "GPL-3.0 / MIT",
        "(GPL-3.0 OR ISC) AND MIT",
        "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
        "GPL-3.0 AND GPL-2.0 OR MIT",
    ] {
        assert!(allowed(good, &allow), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT MIT", "Apache-2.0", "MIT AND (GPL-3.0 OR GPL-2.0)"] {
        assert!(!allowed(bad, &allow), "{bad}");
    }
}
