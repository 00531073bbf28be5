//! An attacker with full access: each table with every row in the order on the disk, the metrics, the log lines at the
//! finest level, and the pages and exports of every role, before and after each step of generated histories; and the
//! key. They try to join apart answers to conversations, and must do no better than chance.
//!
//! Chance is one over the conversations that the answer could be about by public knowledge: surveyed, not closed, not
//! answered linked; with the key, of the agent in the record. The bound is defined in `chance`.

mod chance;
mod evidence;
mod guesses;
mod history;
mod kept_aside;
mod logs;
mod remains;
mod switching;

use super::dump_in_order;
use chance::Score;
use evidence::{Evidence, Snapshot};
use history::World;

/// Number of histories, each with its own seed.
const HISTORIES: u64 = 9;

/// Plays all histories; returns the evidence of each, and the truth.
async fn play_all(leak: Leak) -> Vec<Evidence> {
    let mut all = Vec::new();
    for seed in 0..if leak == Leak::None { HISTORIES } else { 5 } {
        all.push(history::play(seed, leak).await);
    }
    all
}

/// Fault that the test plants for the attacker to find, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leak {
    None,
    /// The conversation's row is updated when an apart answer about it is given.
    Touches,
    /// The conversation is named in a log line when an apart answer about it is given.
    Logs,
    /// Answers come in the order of the invitations: possible in the world, not a fault of the product. An attacker who
    /// counts positions gains by it, which shows that counting is tested.
    InOrder,
}

#[tokio::test]
async fn attacker_with_all_data_does_no_better_than_chance() {
    let all = play_all(Leak::None).await;
    all.iter().for_each(nothing_else_moves);
    let answers: usize = all.iter().map(|one| one.answers.len()).sum();
    assert!(answers > 50, "{answers} apart answers");
    for (name, guess) in guesses::all() {
        for key in [false, true] {
            let score = all.iter().map(|one| guesses::try_out(one, key, guess)).fold(Score::default(), Score::plus);
            println!("{name}{}: {score}", if key { ", with the key" } else { "" });
            assert!(!score.better_than_chance(), "{name}, key {key}: {score}");
        }
    }
}

/// The same attacker finds planted faults, so that finding nothing above is meaningful.
#[tokio::test]
async fn the_attacker_finds_faults_that_are_there() {
    for (leak, wanted) in [
        (Leak::Touches, "what changed in the same step"),
        (Leak::Logs, "log lines of the step"),
        (Leak::InOrder, "first seen, by time of asking, of the same rank"),
    ] {
        let all = play_all(leak).await;
        let (_, guess) = guesses::all().into_iter().find(|(name, _)| name == wanted).unwrap();
        let score = all.iter().map(|one| guesses::try_out(one, false, guess)).fold(Score::default(), Score::plus);
        assert!(score.better_than_chance(), "{leak:?} was not found: {score}");
    }
}

/// No page, export or counter changes when an apart answer is given, changed or retracted.
fn nothing_else_moves(one: &Evidence) {
    for (before, after) in one.apart_steps() {
        for (table, rows) in &after.tables {
            let new = rows.iter().filter(|row| !before.tables[table].contains(row));
            match table.as_str() {
                "sealed_answers" | "spent_tokens" => {}
                // The attacker's own page views.
                "audit_log" => new.for_each(|row| assert!(!one.names_somebody(row), "{row}")),
                _ => assert_eq!(&before.tables[table], rows, "{table}"),
            }
        }
        for (path, text) in &after.views {
            assert_eq!(before.views.get(path), Some(text), "{path}");
        }
        for line in after.logs.lines().filter(|line| line.contains("afterword")) {
            assert!(!one.names_somebody(line), "{line}");
        }
        for line in after.metrics.lines().filter(|line| !before.metrics.contains(line)) {
            assert!(line.contains("http_request_seconds") && !one.names_somebody(line), "{line}");
        }
    }
}

async fn snapshot(world: &World, leak: Leak, logs: String) -> Snapshot {
    Snapshot {
        tables: dump_in_order(&world.app).await,
        views: world.views(leak).await,
        metrics: world.app.metrics().await,
        logs,
    }
}
