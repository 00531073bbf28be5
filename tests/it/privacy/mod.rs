//! Erasure, retention, and the privacy notice; on both databases.

mod erasing;
mod loops;
mod notice;
mod redelivery;
mod retaining;

use crate::app::{TestApp, demo_sound};
use crate::support::heard::heard;
use crate::surveys::{Asked, ask};
use afterword::ids::InteractionId;

/// A word that occurs nowhere else.
const RARE: &str = "rumpelstiltskin";

/// Creates a call with a recording, transcript, measures, search index, a survey and a linked answer.
async fn full_call(app: &TestApp, name: &str) -> Asked {
    let asked = ask(app, name).await;
    assert!(app.record(name, demo_sound("call-good.ogg")).await.status().is_success());
    crate::training::leave_untranscribed(app).await;
    heard(app, &asked.interaction, &[(0, 900, "agent", "Hello there"), (1000, 2000, "customer", RARE)]).await;
    crate::surveys::answer(app, &asked, &[("score", "1"), ("comment", RARE), ("choice", "linked")]).await;
    asked
}

/// Returns the number of files in the store of recordings.
fn stored(app: &TestApp) -> usize {
    let files = std::fs::read_dir(app.folder().join("recordings")).into_iter().flatten().flatten();
    files.filter(|file| file.path().is_file()).count()
}

/// Returns the tables that contain this conversation.
async fn tables_with(app: &TestApp, id: &InteractionId) -> Vec<String> {
    let all = crate::anonymity::dump(app).await;
    let holds = |rows: &Vec<String>| rows.iter().any(|row| row.contains(id.as_str()));
    all.iter().filter(|(_, rows)| holds(rows)).map(|(table, _)| table.clone()).collect()
}
