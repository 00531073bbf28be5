//! A table belongs to one feature, checked on the statements: only the owner's stores write it. What other features
//! read of it is listed here with a reason.

use super::Source;
use afterword::database::{STATEMENTS, Statement};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Tables by their owner.
const OWNERS: &[(&str, &[&str])] = &[
    ("database", &["meta"]),
    ("jobs", &["jobs", "job_turns"]),
    ("audit", &["audit_log", "audit_retention"]),
    ("webhooks", &["webhooks", "webhook_deliveries"]),
    ("mail", &["outbox", "mail_rates", "mail_stops", "returned_mail"]),
    (
        "staff",
        &[
            "teams",
            "agents",
            "agent_merges",
            "staff",
            "staff_teams",
            "sessions",
            "one_time_links",
            "api_keys",
            "known_devices",
            "sign_in_limits",
            "supervisor_notices",
            "supervisor_notice_recipients",
        ],
    ),
    ("contacts", &["contacts", "contact_imports"]),
    (
        "interactions",
        &[
            "interactions",
            "messages",
            "recordings",
            "recording_parts",
            "figures",
            "interaction_warnings",
            "outcome_mappings",
            "tombstones",
        ],
    ),
    ("transcription", &["transcripts", "segments", "corrections", "alternative_transcripts", "transcript_checkpoints"]),
    ("surveys", &["surveys", "survey_versions", "survey_drafts", "survey_rules", "logos"]),
    ("invitations", &["invitations", "quiet_periods", "suppressions", "soft_bounces"]),
    (
        "responses",
        &["responses", "response_extras", "sealed_answers", "spent_tokens", "suspects", "callback_requests", "quotes"],
    ),
    (
        "ratings",
        &[
            "releases",
            "release_counts",
            "released_comments",
            "release_totals",
            "release_state",
            "invitation_totals",
            "exclusions",
        ],
    ),
    ("measures", &["measures"]),
    ("search", &["search_lines", "search_state", "search_index"]),
    ("followups", &["follow_ups", "follow_up_steps", "alert_subscriptions"]),
    ("feedback", &["kudos"]),
    ("training", &["clips", "clip_completions"]),
    ("privacy", &["retention_log"]),
];

/// Writes to tables of others: the module and the table. May only shrink.
const FOREIGN_WRITES: &[(&str, &str)] = &[
    // Effects are saved by the feature whose change causes them, which may be below `audit` and `webhooks`.
    ("effects", "audit_log"),
    ("effects", "webhook_deliveries"),
];

/// Reads of tables of others: the module and the tables. May only shrink.
const FOREIGN_READS: &[(&str, &[&str])] = &[
    // The webhooks that an event is sent to, for the same reason.
    ("effects", &["webhooks"]),
    // Names of agents and teams, by which lists are sorted and searched; the team of an agent at intake.
    ("interactions", &["agents", "teams"]),
    ("invitations", &["agents", "teams"]),
    ("transcription", &["agents", "teams"]),
    ("responses", &["agents", "teams"]),
    ("ratings", &["agents", "teams"]),
    ("followups", &["agents", "teams"]),
    // The agents that are one person: visibility, and the list of an agent.
    ("search", &["agents"]),
    ("feedback", &["agents"]),
    // One read a mail, or an opened link: the answers' and the mails' hot paths.
    ("invitations", &["interactions"]),
    ("responses", &["invitations", "interactions"]),
    // The list of exclusions names the interactions.
    ("ratings", &["interactions"]),
    // The queue is sorted by the team of the recording, and joins the jobs with their recordings.
    ("transcription", &["interactions", "recordings", "jobs"]),
    // Retention, page by page: interactions with texts, and those whose survey has closed.
    ("interactions", &["transcripts", "invitations"]),
    // Whatever is not processed yet is found by comparison with its source.
    ("measures", &["messages", "transcripts"]),
    ("search", &["messages", "transcripts"]),
    // Visibility is decided in the search itself, so that pages are full.
    ("search", &["interactions"]),
    // Counts of what an erasure would remove, in one read.
    ("privacy", &["recordings", "transcripts", "messages", "measures", "search_lines", "invitations", "clips"]),
];

fn owner(table: &str) -> Option<&'static str> {
    OWNERS.iter().find(|(_, tables)| tables.contains(&table)).map(|(owner, _)| *owner)
}

/// Returns the module below `src` that a file belongs to.
fn module(file: &str) -> &str {
    let path = file.strip_prefix("src/").unwrap_or(file);
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Access {
    Write,
    Read,
}

/// Returns the tables that a statement names, and how it uses them.
fn tables(sql: &str) -> BTreeSet<(Access, &str)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let words: Vec<&str> = sql.split(|c| !is_part(c)).filter(|word| !word.is_empty()).collect();
    let mut found = BTreeSet::new();
    for (at, table) in words.iter().enumerate().filter(|(_, word)| owner(word).is_some()) {
        let before = |n: usize| at.checked_sub(n).and_then(|at| words.get(at)).copied().unwrap_or_default();
        match (before(2), before(1)) {
            ("INSERT", "INTO") | ("DELETE", "FROM") => found.insert((Access::Write, *table)),
            ("FOR" | "DO", "UPDATE") => false,
            (_, "UPDATE") => found.insert((Access::Write, *table)),
            (_, "FROM" | "JOIN" | "USING") => found.insert((Access::Read, *table)),
            _ => false,
        };
    }
    found
}

fn statements() -> impl Iterator<Item = &'static Statement> {
    STATEMENTS.iter().filter(|statement| statement.file.starts_with("src/"))
}

/// Returns the uses of tables of others by module and table, each with its statements.
fn foreign(access: Access) -> BTreeMap<(&'static str, &'static str), Vec<String>> {
    let mut uses: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for statement in statements() {
        let module = module(statement.file);
        for (how, table) in [statement.sql.sqlite, statement.sql.pg].into_iter().flat_map(tables) {
            if how == access && owner(table) != Some(module) {
                uses.entry((module, table)).or_default().push(format!("{} {}", statement.file, statement.name));
            }
        }
    }
    uses
}

/// Asserts that the uses are those that are allowed: no other, and none that is not needed any more.
fn assert_allowed(access: Access, allowed: &BTreeSet<(&'static str, &'static str)>) {
    let uses = foreign(access);
    let faults: Vec<String> = uses
        .iter()
        .filter(|(used, _)| !allowed.contains(used))
        .map(|((module, table), names)| format!("{module} uses {table} of {:?}: {}", owner(table), names.join(", ")))
        .chain(allowed.iter().filter(|used| !uses.contains_key(used)).map(|used| format!("{used:?} is not needed")))
        .collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_table_has_one_owner() {
    let mut created = BTreeSet::new();
    for dialect in ["sqlite", "postgres"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(dialect);
        for file in fs::read_dir(folder).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            let names = text.lines().filter_map(|line| {
                let rest = line.strip_prefix("CREATE TABLE ").or_else(|| line.strip_prefix("CREATE VIRTUAL TABLE "))?;
                rest.split([' ', '(']).next().map(str::to_owned)
            });
            created.extend(names);
        }
    }
    let owned: Vec<String> = OWNERS.iter().flat_map(|(_, tables)| tables.iter().map(ToString::to_string)).collect();
    assert_eq!(created.iter().filter(|table| !owned.contains(table)).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(owned.iter().filter(|table| !created.contains(*table)).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(owned.iter().collect::<BTreeSet<_>>().len(), owned.len(), "a table has one owner");
}

#[test]
fn only_the_owner_writes_a_table() {
    assert!(statements().count() > 100, "the statements are listed");
    assert_allowed(Access::Write, &FOREIGN_WRITES.iter().copied().collect());
}

#[test]
fn tables_of_others_are_read_where_that_is_written_down() {
    let reads = FOREIGN_READS.iter().flat_map(|(module, tables)| tables.iter().map(move |table| (*module, *table)));
    assert_allowed(Access::Read, &reads.collect());
}

#[test]
fn every_statement_is_declared_with_the_macro() {
    let sources = super::source::read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let faults: Vec<String> = sources.iter().flat_map(undeclared).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Returns the statements that `statements!` does not know.
fn undeclared(source: &Source) -> Vec<String> {
    if source.module.first().is_some_and(|module| module == "database") {
        return Vec::new();
    }
    source.raw_sql().map(|line| format!("{}: a statement without `statements!`: {line}", source.name)).collect()
}

#[test]
fn faults_are_seen() {
    let found = |sql| tables(sql).into_iter().collect::<Vec<_>>();
    assert_eq!(found("DELETE FROM clips WHERE id = $1"), [(Access::Write, "clips")]);
    assert_eq!(
        found("UPDATE responses SET a = 1 FROM json_each($1) AS j WHERE EXISTS (SELECT 1 FROM invitations)"),
        [(Access::Write, "responses"), (Access::Read, "invitations")]
    );
    assert_eq!(
        found("INSERT INTO quotes (id) SELECT id FROM teams ON CONFLICT (id) DO UPDATE SET id = $1"),
        [(Access::Write, "quotes"), (Access::Read, "teams")]
    );
    assert_eq!(found("SELECT COUNT(*) AS clips FROM jobs FOR UPDATE OF jobs"), [(Access::Read, "jobs")]);
    assert_eq!(module("src/effects.rs"), "effects");
    assert_eq!(module("src/mail/store/queue.rs"), "mail");
    for text in [
        r#"const ALL: Sql = Sql::both("SELECT 1");"#,
        r#"fn f() { sqlx::query("DELETE FROM staff") }"#,
        r#"const ALL: Sql = Sql { sqlite: "", pg: "" };"#,
    ] {
        assert_eq!(undeclared(&Source::new("staff/store.rs", text)).len(), 1, "{text}");
        assert!(undeclared(&Source::new("database/meta.rs", text)).is_empty(), "{text}");
    }
    assert!(undeclared(&Source::new("staff/store.rs", r#"statements! { ALL = "SELECT 1"; }"#)).is_empty());
}
