//! Remains in the database's files: free pages, the log of changes, overwritten rows.

use super::Leak;
use super::history;
use crate::anonymity::{ask_many, bytes_on_disk, holds, ripen_and_release};
use crate::app::TestApp;
use crate::surveys::answer;

const WORD: &str = "Rumpelstiltskin";

/// After a pass of the mix nothing is left in the files of withdrawn, changed or released answers.
#[tokio::test]
async fn nothing_is_left_in_the_files_of_what_went() {
    let app = TestApp::start_with(|c| c.anonymity.k = 3).await;
    let asked = ask_many(&app, "17", "Orders", 6).await;
    let id = |n: usize, question: &str| app.app.vault.keyed_hash(&format!("mix:{question}"), asked[n].token.as_bytes());
    let long = format!("{WORD} {}", "and so on ".repeat(400));
    answer(&app, &asked[0], &[("score", "1"), ("comment", &long), ("choice", "linked")]).await;
    answer(&app, &asked[0], &[("score", "1"), ("choice", "linked")]).await;
    answer(&app, &asked[1], &[("score", "1"), ("comment", &long), ("choice", "apart")]).await;
    answer(&app, &asked[1], &[("do", "withdraw")]).await;
    for one in &asked[2..5] {
        answer(&app, one, &[("score", "2"), ("choice", "apart")]).await;
    }
    assert!(holds(&bytes_on_disk(&app), &id(2, "score")), "the attacker can find what is there");
    assert_eq!(ripen_and_release(&app).await, 1);
    app.app.responses.run_mix_pass().await.unwrap();
    let bytes = bytes_on_disk(&app);
    assert!(!holds(&bytes, WORD), "a comment that was taken out");
    for n in 1..5 {
        for question in ["score", "comment"] {
            assert!(!holds(&bytes, &id(n, question)), "the record of answer {n} to {question}");
        }
    }
}

/// With one copy of the files after a pass, not of each step: the order of arrival can't be read from them.
#[tokio::test]
async fn a_copy_after_a_pass_holds_no_steps() {
    let one = history::play(77, Leak::None).await;
    let last = one.last();
    assert!(last.tables["sealed_answers"].len() + last.tables["releases"].len() > 0);
    for row in last.tables["spent_tokens"].iter().chain(&last.tables["sealed_answers"]) {
        assert!(!one.names_somebody(row), "{row}");
    }
    // The marks are equal but for their ids.
    let months: std::collections::BTreeSet<_> =
        last.tables["spent_tokens"].iter().filter_map(|row| row.split('|').nth(1)).collect();
    assert!(months.len() <= 1, "{months:?}");
}
