//! Not part of a run: duration of a search and of a filtered list in a company of 100,000 calls. `cargo nextest run
//! --test it search::speed --run-ignored all --no-capture`

use super::ask_for;
use crate::app::TestApp;
use crate::support::heard::raw;
use afterword::access::Role;
use afterword::database::Db;
use reqwest::Method;
use std::time::Instant;

/// Words of a line: common ones, and one that few lines have.
const LINE: &str =
    "'I would like to know where my parcel is because the courier word' || (n % 5000) || ' was not at the door'";
const TOKENS: &str =
    "'i would like to know where my parcel is because the courier word' || (n % 5000) || ' was not at the door'";

async fn fill(app: &TestApp) {
    app.call("0", "").await;
    app.work().await;
    let (numbers, id, pad) = match &app.app.db {
        Db::Sqlite { .. } => (
            "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 100000)",
            "printf('%08x-0000-4000-8000-000000000000', {})",
            "",
        ),
        Db::Pg { .. } => (
            "WITH s AS (SELECT n FROM generate_series(1::bigint, 100000) AS n)",
            "lpad(to_hex({}), 8, '0') || '-0000-4000-8000-000000000000'",
            "::text",
        ),
    };
    let own = id.replace("{}", "n");
    raw(app, &format!("INSERT INTO interactions (id, source, external_id, channel, phase, occurred_at, team_id, agent_id, queue, survey_state, raw, received_at, updated_at) \
        {numbers} SELECT {own}, 'bulk', n{pad}, 'call', 2, 1700000000000 + n * 60000, (SELECT id FROM teams LIMIT 1), (SELECT id FROM agents LIMIT 1), 'orders-en', 'skipped', '{{}}', 0, 0 FROM s")).await;
    raw(app, &format!("INSERT INTO figures (interaction_id, silence_ms, interruptions, agent_share, nags) {numbers} SELECT {own}, (n * 7919) % 60000, n % 7, (n * 31) % 1000, 0 FROM s")).await;
    let of = id.replace("{}", "n % 2500 + 1");
    let tokens = match &app.app.db {
        Db::Sqlite { .. } => TOKENS.to_owned(),
        Db::Pg { .. } => format!("to_tsvector('simple', {TOKENS})"),
    };
    raw(
        app,
        &format!(
            "INSERT INTO search_lines (interaction_id, seq, part, start_ms, end_ms, speaker, text, tokens) \
        {numbers} SELECT {of}, n / 2500, 0, n, n + 1000, 'agent', {LINE}, {tokens} FROM s"
        ),
    )
    .await;
    raw(app, "ANALYZE").await;
}

#[tokio::test]
#[ignore = "a measurement, not a test"]
async fn a_hundred_thousand_lines() {
    for app in TestApp::on_both(|_| {}).await {
        fill(&app).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let kind = if matches!(app.app.db, Db::Sqlite { .. }) { "SQLite" } else { "PostgreSQL" };
        for query in [
            "q=word4711",
            "q=word47*",
            "q=parcel",
            "q=%22the+courier%22",
            "q=w*",
            "q=parcel+word4711&speaker=agent",
            "q=quark",
        ] {
            ask_for(&supervisor, query).await;
            let begun = Instant::now();
            ask_for(&supervisor, query).await;
            eprintln!("{kind}: search {query}: {:?}", begun.elapsed());
        }
        for query in [
            "",
            "silence_over_ms=59990",
            "silence_over_ms=30000",
            "interruptions_from=7",
            "sort=silence",
            "sort=interruptions&silence_over_ms=50000",
        ] {
            let path = format!("/api/v1/interactions?{query}");
            for who in [&admin, &supervisor] {
                who.api(Method::GET, &path, None).await;
            }
            let begun = Instant::now();
            assert_eq!(supervisor.api(Method::GET, &path, None).await.status(), 200);
            eprintln!("{kind}: list {query}: {:?}", begun.elapsed());
        }
    }
}
