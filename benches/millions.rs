//! Ten million stored responses: duration of the ratings page and of a release, and the delay of other writers
//! meanwhile.
//!
//! The database is filled by SQL, like years of releases of five: linked responses, each in two releases (rating,
//! solved), their counts and totals, and the invitations of this month. The waiting responses are given through the
//! service.

use crate::client::{ask, request};
use crate::company;
use crate::program::{Prepared, Served};
use crate::report::Report;
use afterword::app::App;
use afterword::clock::{Clock, SystemClock};
use afterword::config::{Choice, Config, DatabaseUrl};
use afterword::database::Db;
use afterword::invitations::Token;
use afterword::responses::Answer;
use afterword::vault::{Vault, plain_hash};
use anyhow::{Context, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Number of stored responses.
const ANSWERS: u64 = 10_000_000;
/// Minimum batch size, and the size of all batches: the worst case.
const K: u64 = 5;
const AGENTS: u64 = 1000;
const TEAMS: u64 = 50;
/// Number of months over which the responses are spread, up to now.
const MONTHS: u64 = 36;
/// Number of invitations of this month, all unanswered.
const INVITATIONS: u64 = 500_000;
/// Number of waiting responses, half of them linked: those of two days.
const WAITING: usize = 20_000;
/// Number of page loads.
const LOOKS: usize = 40;

/// Measures, and removes all its files.
pub async fn measure(report: &mut Report) -> Result<()> {
    let prepared = Prepared::new(&[("survey.edit_for", "5s")])?;
    prepared.command(&["migrate"])?;
    let path = prepared.folder().join("data/afterword.db");
    let begin = Instant::now();
    fill(&path).await.context("filling the database")?;
    let size = std::fs::metadata(&path)?.len() as f64 / 1024.0 / 1024.0 / 1024.0;
    eprintln!("{ANSWERS} answers were written in {:.0} s: {size:.1} GiB", begin.elapsed().as_secs_f64());
    release(report, &prepared, &path).await.context("releasing")?;
    let served = prepared.start().await?;
    page(report, &served).await.context("the ratings page")
}

/// Measures waiting responses, a pass, a release, and the wait of other writers meanwhile.
async fn release(report: &mut Report, prepared: &Prepared, path: &Path) -> Result<()> {
    let app = open(prepared, path).await?;
    let tokens: Vec<Token> =
        (0..WAITING).map(|n| Token::parse(&token(n as u64)).context("a token")).collect::<Result<_>>()?;
    for some in tokens.chunks(500) {
        let give = some.iter().enumerate().map(|(n, token)| {
            let choice = if n % 2 == 0 { Choice::Linked } else { Choice::Apart };
            let answer = Answer::rated((n % 5 + 1) as u8, Some(true), None, choice);
            let (responses, token) = (app.responses.clone(), token.clone());
            tokio::spawn(async move { responses.answer(&token, answer).await })
        });
        for given in give.collect::<Vec<_>>() {
            given.await??;
        }
    }
    for _ in 0..app.responses.ripe_at() {
        app.responses.run_mix_pass().await?;
    }
    let (done, db) = (Arc::new(AtomicBool::new(false)), app.db.clone());
    let others = tokio::spawn({
        let done = Arc::clone(&done);
        async move {
            let mut longest = Duration::ZERO;
            while !done.load(Ordering::Relaxed) {
                let begin = Instant::now();
                db.begin().await?.commit().await?;
                longest = longest.max(begin.elapsed());
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            anyhow::Ok(longest)
        }
    });
    let begin = Instant::now();
    let batches = app.releases.release_full().await?;
    let lasted = begin.elapsed();
    done.store(true, Ordering::Relaxed);
    let waited = others.await??;
    let begin = Instant::now();
    app.releases.release_full().await?;
    let idle = begin.elapsed();
    app.db.close().await;
    let figure = format!(
        "{:.2} s for {WAITING} answers in {batches} batches; {:.2} s where nothing waits; others waited {:.0} ms to write at most",
        lasted.as_secs_f64(),
        idle.as_secs_f64(),
        waited.as_secs_f64() * 1000.0
    );
    report.aim("Release job, ten million answers on file", figure, "under 5 s", lasted < Duration::from_secs(5));
    Ok(())
}

async fn open(prepared: &Prepared, path: &Path) -> Result<App> {
    let mut config = Config::default();
    config.database.url = DatabaseUrl::Sqlite(path.to_owned());
    config.anonymity.key_file = prepared.folder().join("data/afterword.key");
    config.survey.edit_for = "5s".parse().map_err(anyhow::Error::msg)?;
    let vault = Vault::read(&config.anonymity.key_file)?.context("migrating has made the key")?;
    let db = Db::open(&config.database).await?;
    Ok(App::build(config, db, vault, Arc::new(SystemClock), false))
}

/// Measures HR's page, loaded by an administrator, who sees the same: the first load, and later ones.
async fn page(report: &mut Report, served: &Served) -> Result<()> {
    let cookie = company::sign_in(served).await?;
    let look = request("GET", "/ratings", &[("cookie", &cookie)], b"");
    let mut times = Vec::with_capacity(LOOKS);
    let mut bytes = 0;
    for _ in 0..LOOKS {
        let begin = Instant::now();
        bytes = ask(served.address, &look).await?.body.len();
        times.push(begin.elapsed());
    }
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let first = times.first().copied().unwrap_or_default();
    times.sort_unstable();
    let (median, longest) =
        (times.get(LOOKS / 2).copied().unwrap_or_default(), times.last().copied().unwrap_or_default());
    let figure = format!(
        "first {:.0} ms, median {:.0} ms, longest {:.0} ms ({AGENTS} agents on it, {} KiB)",
        ms(first),
        ms(median),
        ms(longest),
        bytes / 1024
    );
    let met = longest < Duration::from_millis(100);
    report.aim("HR's page, ten million answers on file", figure, "under 100 ms", met);
    Ok(())
}

/// Returns the token of the `n`-th open invitation.
fn token(n: u64) -> String {
    format!("bench{n:027}")
}

async fn fill(path: &Path) -> Result<()> {
    // Durability is not needed: the file is deleted if writing it fails.
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Off)
        .foreign_keys(false)
        .pragma("cache_size", "-400000")
        .connect()
        .await?;
    let now = SystemClock.now();
    let month = format!(
        "strftime('%Y-%m', date('now', 'start of month', '-' || (g.i * {MONTHS} / {}) || ' months'))",
        ANSWERS / K
    );
    // Sequential ids, so that the file is written from its beginning to its end.
    let id = |kind: &str, n: &str| format!("printf('%08x-{kind}-4000-8000-000000000000', {n})");
    let (agent, team) = (id("000a", &format!("g.i % {AGENTS}")), id("000b", &format!("g.i % {TEAMS}")));
    let teams = format!(
        "WITH g AS (SELECT value AS i FROM generate(0, {TEAMS})) INSERT INTO teams (id, name, name_key, created_at) \
         SELECT {}, 'Team ' || i, 'team ' || i, 0 FROM g",
        id("000b", "i")
    );
    let agents = format!(
        "WITH g AS (SELECT value AS i FROM generate(0, {AGENTS})) INSERT INTO agents (id, source, external_id, name, team_id, created_at) \
         SELECT {}, 'bench', i, 'Agent ' || i, {team}, 0 FROM g",
        id("000a", "i")
    );
    run(&mut connection, &teams).await?;
    run(&mut connection, &agents).await?;
    for (question, kind) in [("score", "000c"), ("resolved", "000d")] {
        for (from, to) in parts(ANSWERS / K) {
            let range = format!("WITH g AS (SELECT value AS i FROM generate({from}, {to}))");
            let release = id(kind, "g.i");
            let releases = format!(
                "{range} INSERT INTO releases (id, scope, agent_id, team_id, question, kind, month, min_batch_size, n) \
                 SELECT {release}, 'agent', {agent}, {team}, '{question}', 'linked', {month}, {K}, {K} FROM g"
            );
            run(&mut connection, &releases).await?;
            let counts = if question == "score" {
                format!(
                    "{range} INSERT INTO release_counts SELECT {release}, v.value, CASE WHEN v.value = 4 THEN 3 ELSE 1 END FROM g, generate(3, 6) AS v"
                )
            } else {
                format!(
                    "{range} INSERT INTO release_counts SELECT {release}, v.value, CASE WHEN v.value = 1 THEN 4 ELSE 1 END FROM g, generate(0, 2) AS v"
                )
            };
            run(&mut connection, &counts).await?;
        }
    }
    for (from, to) in parts(ANSWERS) {
        let answers = format!(
            "WITH g AS (SELECT value AS i FROM generate({from}, {to})) \
             INSERT INTO responses (interaction_id, agent_id, team_id, survey, score, resolved, month, mix_passes, handed_off_on, score_release, resolved_release, comment_release) \
             SELECT {}, {}, {}, 'csat-1', 3 + g.i % 3, 'yes', '2026-01', 2, '-', {}, {}, '-' FROM g",
            id("000e", "g.i"),
            id("000a", &format!("(g.i / {K}) % {AGENTS}")),
            id("000b", &format!("(g.i / {K}) % {TEAMS}")),
            id("000c", &format!("g.i / {K}")),
            id("000d", &format!("g.i / {K}")),
        );
        run(&mut connection, &answers).await?;
    }
    run(&mut connection, TOTALS).await?;
    run(
        &mut connection,
        "INSERT INTO invitation_totals (month, agent_id, team_id, n) SELECT month, agent_id, team_id, SUM(v1) * 3 FROM release_totals \
         WHERE question = 'resolved' GROUP BY month, agent_id, team_id",
    )
    .await?;
    invite(&mut connection, now.0).await?;
    run(&mut connection, "ANALYZE").await?;
    run(&mut connection, "PRAGMA wal_checkpoint(TRUNCATE)").await?;
    connection.close().await?;
    Ok(())
}

/// Inserts open invitations, the first of which have a known token.
async fn invite(connection: &mut SqliteConnection, now: i64) -> Result<()> {
    for (from, to) in parts(INVITATIONS) {
        let invited: Vec<_> = (from..to)
            .map(|n| {
                serde_json::json!([format!("{n:08x}-000f-4000-8000-000000000000"), plain_hash(token(n).as_bytes()), n])
            })
            .collect();
        let rows = serde_json::to_string(&invited)?;
        let columns = "CAST(j.value->>2 AS BIGINT)";
        let interactions = format!(
            "INSERT INTO interactions (id, source, external_id, channel, phase, occurred_at, survey_state, raw, received_at, updated_at) \
             SELECT j.value->>0, 'bench', j.value->>0, 'call', 2, {now}, 'sent', '{{}}', {now}, {now} FROM json_each($1) AS j"
        );
        sqlx::query(AssertSqlSafe(interactions)).bind(&rows).execute(&mut *connection).await?;
        let invitations = format!(
            "INSERT INTO invitations (id, interaction_id, agent_id, team_id, survey, channel, address_hash, token_hash, state, created_at, expires_at) \
             SELECT j.value->>0, j.value->>0, printf('%08x-000a-4000-8000-000000000000', {columns} % {AGENTS}), \
             printf('%08x-000b-4000-8000-000000000000', {columns} % {TEAMS}), 'csat-1', 'call', '', j.value->>1, 'sent', {now}, {now} + 864000000 \
             FROM json_each($1) AS j"
        );
        sqlx::query(AssertSqlSafe(invitations)).bind(&rows).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The same as in the migration.
const TOTALS: &str = "INSERT INTO release_totals (scope, agent_id, team_id, question, block, month, v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10) \
    SELECT r.scope, r.agent_id, r.team_id, r.question, 0, r.month, SUM(CASE WHEN c.value = 0 THEN c.n ELSE 0 END), \
    SUM(CASE WHEN c.value = 1 THEN c.n ELSE 0 END), SUM(CASE WHEN c.value = 2 THEN c.n ELSE 0 END), SUM(CASE WHEN c.value = 3 THEN c.n ELSE 0 END), \
    SUM(CASE WHEN c.value = 4 THEN c.n ELSE 0 END), SUM(CASE WHEN c.value = 5 THEN c.n ELSE 0 END), 0, 0, 0, 0, 0 \
    FROM releases r JOIN release_counts c ON c.release_id = r.id GROUP BY r.scope, r.agent_id, r.team_id, r.question, r.month";

/// Splits a range into parts, each of a transaction's size.
fn parts(n: u64) -> Vec<(u64, u64)> {
    const CHUNK_ROWS: u64 = 250_000;
    (0..n).step_by(CHUNK_ROWS as usize).map(|from| (from, (from + CHUNK_ROWS).min(n))).collect()
}

/// Runs a statement in which `generate(a, b)` stands for the numbers from a to b, exclusive.
async fn run(connection: &mut SqliteConnection, sql: &str) -> Result<()> {
    let mut text = String::new();
    let mut rest = sql;
    while let Some((before, behind)) = rest.split_once("generate(") {
        let (range, after) = behind.split_once(')').context("a range")?;
        let (from, to) = range.split_once(", ").context("two numbers")?;
        text.push_str(before);
        text.push_str(&format!(
            "(WITH RECURSIVE r(value) AS (SELECT {from} UNION ALL SELECT value + 1 FROM r WHERE value + 1 < {to}) SELECT value FROM r)"
        ));
        rest = after;
    }
    text.push_str(rest);
    sqlx::query(AssertSqlSafe(text)).execute(connection).await?;
    Ok(())
}
