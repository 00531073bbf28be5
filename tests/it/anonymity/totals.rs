//! The totals of the pages are sums over whole releases, after any history; and any two of them differ by nothing or by
//! k.

use super::{ask_many, ripen_and_release};
use crate::app::TestApp;
use crate::surveys::{Asked, answer, post};
use afterword::database::Db;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sqlx::Row;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const PEOPLE: [(&str, &str); 5] =
    [("17", "Orders"), ("18", "Orders"), ("19", "Orders"), ("20", "Billing"), ("21", "Billing")];

/// Scope, agent, team, question, month, value.
type Key = (String, String, String, String, String, i64);

/// Returns the sums of the releases, and the totals.
pub async fn sums(app: &TestApp) -> [BTreeMap<Key, i64>; 2] {
    let releases = "SELECT r.scope, COALESCE(r.agent_id, ''), COALESCE(r.team_id, ''), r.question, r.month, c.value, CAST(SUM(c.n) AS BIGINT) \
        FROM releases r JOIN release_counts c ON c.release_id = r.id GROUP BY 1, 2, 3, 4, 5, 6";
    let one = |v: i64| {
        format!(
            "SELECT scope, agent_id, team_id, question, month, block * 11 + {v} AS value, v{v} AS n FROM release_totals WHERE v{v} <> 0"
        )
    };
    let totals = (0..11).map(one).collect::<Vec<_>>().join(" UNION ALL ");
    [rows(app, releases).await, rows(app, &totals).await]
}

async fn rows(app: &TestApp, sql: &str) -> BTreeMap<Key, i64> {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    let mut all = BTreeMap::new();
    macro_rules! read {
        ($pool:expr) => {
            for r in sqlx::query(sql).fetch_all($pool).await.unwrap() {
                all.insert((r.get(0), r.get(1), r.get(2), r.get(3), r.get(4), r.get(5)), r.get(6));
            }
        };
    }
    match &app.app.db {
        Db::Sqlite { write, .. } => read!(write),
        Db::Pg { pool, .. } => read!(pool),
    }
    all
}

/// Checks that every release has k answers or more, none of them a negative count, and that its counts match its
/// answers.
pub async fn all_are_whole(app: &TestApp, k: i64) {
    let sql = "SELECT r.n, r.min_batch_size, CAST(COALESCE(SUM(c.n), r.n) AS BIGINT), CAST(COALESCE(MIN(c.n), 1) AS BIGINT) FROM releases r \
        LEFT JOIN release_counts c ON c.release_id = r.id GROUP BY r.id, r.n, r.min_batch_size";
    macro_rules! check {
        ($pool:expr) => {
            for r in sqlx::query(sql).fetch_all($pool).await.unwrap() {
                let (n, with, sum, least): (i64, i64, i64, i64) = (r.get(0), r.get(1), r.get(2), r.get(3));
                assert!(n >= with && with >= k && sum == n && least > 0, "n {n}, k {with}, sum {sum}, least {least}");
            }
        };
    }
    match &app.app.db {
        Db::Sqlite { write, .. } => check!(write),
        Db::Pg { pool, .. } => check!(pool),
    }
}

/// Returns the visible sums, by subject and question: of agents, of teams with their agents, of all.
fn visible(totals: &BTreeMap<Key, i64>) -> BTreeMap<(String, String), i64> {
    let mut sums = BTreeMap::new();
    for ((scope, agent, team, question, _, _), n) in totals {
        let whose = [
            (scope == "agent").then(|| format!("agent {agent}")),
            (!team.is_empty()).then(|| format!("team {team}")),
            (scope != "agent").then(|| format!("untold {scope} {team}")),
            Some("all".to_owned()),
        ];
        whose.into_iter().flatten().for_each(|whose| *sums.entry((whose, question.clone())).or_default() += n);
    }
    sums
}

#[tokio::test]
async fn totals_are_the_sums_of_the_releases_whatever_happens() {
    for (seed, app) in (1..).zip(TestApp::on_both(|c| c.anonymity.k = 3).await) {
        let mut random = StdRng::seed_from_u64(seed);
        let mut linked: Vec<Asked> = Vec::new();
        let mut seen: BTreeMap<(String, String), BTreeSet<i64>> = BTreeMap::new();
        for step in 0..18 {
            let (agent, team) = *PEOPLE.choose(&mut random).unwrap();
            let asked = ask_many(&app, agent, team, random.random_range(1..4)).await;
            for one in asked {
                let (score, is_linked) = (random.random_range(1..=5).to_string(), random.random_bool(0.6));
                let choice = if is_linked { "linked" } else { "apart" };
                let resolved = *["yes", "no", ""].choose(&mut random).unwrap();
                answer(
                    &app,
                    &one,
                    &[("score", &score), ("resolved", resolved), ("comment", "Fine"), ("choice", choice)],
                )
                .await;
                match random.random_range(0..8) {
                    0 => assert_eq!(post(&app, &one.page(), &[("do", "withdraw")]).await.0, 200),
                    _ if is_linked => linked.push(one),
                    _ => {}
                }
            }
            ripen_and_release(&app).await;
            if random.random_bool(0.6) && !linked.is_empty() {
                let one = linked.swap_remove(random.random_range(0..linked.len()));
                super::corrections::erase(&app, &one).await;
            }
            if step % 3 == 2 {
                app.clock.advance(Duration::from_secs(86_400 * random.random_range(60..140)));
            }
            ripen_and_release(&app).await;
            let [releases, totals] = sums(&app).await;
            assert_eq!(releases, totals, "step {step}");
            all_are_whole(&app, 3).await;
            for (whose, sum) in visible(&totals) {
                seen.entry(whose).or_default().insert(sum);
            }
        }
        assert!(seen.len() > 8 && seen.keys().any(|(whose, _)| whose.starts_with("untold")), "{seen:?}");
        for (whose, sums) in seen {
            let sums: Vec<i64> = std::iter::once(0).chain(sums).collect();
            assert!(sums.windows(2).all(|pair| pair[1] == pair[0] || pair[1] - pair[0] >= 3), "{whose:?}: {sums:?}");
        }
    }
}
