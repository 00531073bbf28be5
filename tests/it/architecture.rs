//! Allowed dependencies between modules, checked on the sources.
//!
//! 1. Modules higher in [`ROWS`] use lower ones, never the reverse; the platform uses no feature.
//! 2. Inside a feature: `api | pages | jobs → mod → store`; `mod.rs` knows neither poem nor askama nor sqlx.
//! 3. SQL is only in `store`, `jobs`, `database` and `effects`.
//! 4. Features see each other only through `mod.rs`.
//! 5. A table belongs to one feature, and every statement is declared with `statements!` (`tables`).
//! 6. Only `app` and the modules above it read the whole configuration.

mod names;
mod source;
mod tables;

use source::Source;
use std::fs;
use std::path::Path;

/// From top to bottom; `desk` is the staff's first pages, which use every feature. Those in one row are independent of
/// each other, except for the last row.
const ROWS: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["demo"],
    &["app"],
    &["desk"],
    &["privacy"],
    &["feedback"],
    &["ratings", "measures", "search", "followups"],
    &["responses", "training"],
    &["invitations", "transcription"],
    &["surveys"],
    &["interactions"],
    &["contacts"],
    &["staff"],
    &["audit", "mail", "webhooks"],
    &["effects"],
    PLATFORM,
];

const FEATURES: &[&str] = &[
    "desk",
    "privacy",
    "ratings",
    "measures",
    "search",
    "feedback",
    "followups",
    "webhooks",
    "transcription",
    "surveys",
    "invitations",
    "responses",
    "training",
    "contacts",
    "interactions",
    "staff",
    "audit",
    "mail",
];

/// Modules that every feature may use.
const PLATFORM: &[&str] = &[
    "access", "paging", "web", "jobs", "database", "config", "vault", "audio", "files", "masking", "clock", "coded",
    "ids",
];

/// Upward uses, each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    // `Principal::actor` makes the actor of the audit log.
    ("access", "effects"),
];

#[test]
fn every_module_has_its_place() {
    let mut homeless: Vec<_> = modules().into_iter().filter(|module| row(module).is_none()).collect();
    homeless.sort();
    assert!(homeless.is_empty(), "tests/it/architecture.rs knows no row for {homeless:?}");
}

#[test]
fn things_point_the_right_way() {
    let modules = modules();
    let sources = source::read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(sources.len() > 10, "the sources are read");
    let wrong: Vec<_> = sources.iter().flat_map(|source| faults(source, &modules)).collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn row(module: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&module))
}

/// Returns the names of the modules below the crate's root.
fn modules() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = entries.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.retain(|name| name != "lib");
    names.sort();
    names.dedup();
    names
}

/// Returns the violations of a source.
fn faults(source: &Source, modules: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    let Some(own) = source.module.first().filter(|own| row(own).is_some()) else { return faults };
    let part = source.module.get(1).map_or("mod", String::as_str);
    let is_feature = FEATURES.contains(&own.as_str());
    for used in source.uses() {
        let Some(other) = used.first().filter(|name| modules.contains(name)) else { continue };
        let path = used.join("::");
        if other == own {
            if is_feature && !may_use_inside(part, used.get(1).map_or("", String::as_str)) {
                faults.push(format!("{}: {part} uses {path}", source.name));
            }
            continue;
        }
        if !may_use(own, other) {
            faults.push(format!("{}: {own} stands below {other}, and uses {path}", source.name));
        }
        if other == "web" && knows_no_web(own, source) {
            faults.push(format!("{}: a store, a job or a part of the platform uses {path}", source.name));
        }
        let through_the_back = used.get(1).is_some_and(|inner| has_file(other, inner));
        if is_feature && FEATURES.contains(&other.as_str()) && through_the_back {
            faults.push(format!("{}: {path} is reached past {other}/mod.rs", source.name));
        }
        if path == "config::Config" && !["main", "cli", "demo", "app"].contains(&own.as_str()) {
            faults.push(format!("{}: {own} reads the whole configuration", source.name));
        }
    }
    let holds_sql = part == "store" || source.module.iter().any(|name| name == "store");
    if !holds_sql && !["jobs", "database", "effects"].contains(&own.as_str()) {
        faults.extend(source.sql().map(|line| format!("{}: SQL outside of a store: {line}", source.name)));
    }
    let foreign: &[&str] = match part {
        "mod" => &["poem", "poem_openapi", "askama", "askama_web", "sqlx"],
        "store" => &["poem", "poem_openapi", "askama", "askama_web"],
        "api" | "pages" => &["sqlx"],
        _ => &[],
    };
    if is_feature {
        faults.extend(source.names(foreign).map(|line| format!("{}: {part} knows a framework: {line}", source.name)));
    }
    faults
}

fn may_use(own: &str, other: &str) -> bool {
    let (Some(from), Some(to)) = (row(own), row(other)) else { return true };
    from < to || (from == to && PLATFORM.contains(&own)) || EXCEPTIONS.contains(&(own, other))
}

/// Whether a source must not know pages and endpoints: stores, jobs, and the platform.
fn knows_no_web(own: &str, source: &Source) -> bool {
    let is_platform = own != "web" && PLATFORM.contains(&own);
    is_platform || source.module.iter().any(|name| name == "store" || name == "jobs")
}

/// Whether one part of a feature may use another.
fn may_use_inside(part: &str, other: &str) -> bool {
    match part {
        "api" => !["store", "pages"].contains(&other),
        "pages" => !["store", "api"].contains(&other),
        "jobs" => !["store", "api", "pages"].contains(&other),
        _ => !["api", "pages", "jobs"].contains(&other),
    }
}

fn has_file(module: &str, inner: &str) -> bool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module);
    folder.join(format!("{inner}.rs")).exists() || folder.join(inner).is_dir()
}

#[test]
fn what_points_the_wrong_way_is_seen() {
    let modules: Vec<_> = ROWS.iter().flat_map(|row| row.iter().map(ToString::to_string)).collect();
    let count = |name: &str, text: &str| faults(&Source::new(name, text), &modules).len();
    for (name, text) in [
        ("web/page.rs", "use crate::staff::Staff;"),
        ("jobs/runner.rs", "use crate::{clock::Timestamp, mail};"),
        ("staff/mod.rs", "fn f() { crate::interactions::find() }"),
        ("staff/store.rs", "use crate::web::Shell;"),
        ("training/mod.rs", "use crate::responses::Answer;"),
        ("audit/store.rs", "use super::api::Line;"),
        ("audit/api.rs", "use crate::audit::{Line, store::LineRow};"),
        ("audit/pages/list.rs", "use super::super::store;"),
        ("staff/mod.rs", "use poem::Request;"),
        ("staff/mod.rs", "pub fn rows() -> sqlx::Result<()> {}"),
        ("staff/mod.rs", r#"const ALL: &str = "SELECT * FROM staff";"#),
        ("interactions/mod.rs", "use crate::staff::store::Row;"),
        ("surveys/mod.rs", "use crate::config::Config;"),
    ] {
        assert_eq!(count(name, text), 1, "{name}: {text}");
    }
    for (name, text) in [
        ("app.rs", "use crate::{config::Config, staff, interactions::api::Api};"),
        ("ratings/mod.rs", "use crate::surveys::{Answer, Release}; // use crate::app::App;"),
        ("staff/mod.rs", "/// As [`crate::interactions`] says.\n#[derive(sqlx::FromRow)] struct Row;"),
        ("staff/store.rs", r#"use sqlx::Row; const ALL: &str = "SELECT * FROM staff";"#),
        ("web/page.rs", "use crate::jobs;\n#[cfg(test)]\nmod tests { use crate::staff::Staff; }"),
        ("staff/mod.rs", "use crate::{execute, statements};"),
    ] {
        let found = faults(&Source::new(name, text), &modules);
        assert!(found.is_empty(), "{name}: {text}: {found:?}");
    }
}
