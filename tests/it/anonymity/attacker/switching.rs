//! The known limit: a customer who first answers linked, and then changes to apart. Supervisors may have seen the first
//! answer; copies of the database just before and just after show one deleted and the other added. From one copy this
//! can't be seen. This test defines the extent of the limit, so that it does not grow unnoticed.

use crate::anonymity::{ask_many, differing, dump, dump_in_order, ripen_and_release};
use crate::app::TestApp;
use crate::surveys::answer;
use std::collections::BTreeSet;

/// With a comment that may be quoted, too: neither the permission nor the quote leads from one answer to the other.
#[tokio::test]
async fn a_quote_does_not_lead_from_an_apart_comment_to_its_conversation() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask_many(&app, "17", "Orders", 5).await;
        let form = |choice| [("score", "5"), ("comment", "She was kind"), ("quote", "yes"), ("choice", choice)];
        for one in &asked {
            answer(&app, one, &form("linked")).await;
        }
        let before = dump(&app).await;
        for one in &asked {
            answer(&app, one, &form("apart")).await;
        }
        assert!(ripen_and_release(&app).await > 0);
        let quotes = dump(&app).await["quotes"].clone();
        assert_eq!(quotes.len(), 5);
        let ids = |rows: &[String]| -> BTreeSet<String> {
            let words = rows.iter().flat_map(|row| row.split(['|', '\'', '"', ',', ':', '{', '}']));
            words.filter(|word| word.len() == 64).map(str::to_owned).collect()
        };
        let (linked, apart) = (ids(&before["responses"]), ids(&quotes));
        assert_eq!((linked.len(), apart.len()), (5, 5));
        assert!(linked.is_disjoint(&apart), "the same id before and after");
    }
}

#[tokio::test]
async fn changing_to_apart_shows_only_to_copies_from_before_and_after() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask_many(&app, "17", "Orders", 4).await;
        for one in &asked {
            answer(&app, one, &[("score", "1"), ("choice", "linked")]).await;
        }
        let before = dump(&app).await;
        for one in &asked[..3] {
            answer(&app, one, &[("score", "1"), ("choice", "apart")]).await;
        }
        let after = dump(&app).await;
        let mut changed = differing(&before, &after);
        changed.sort();
        assert_eq!(changed, ["responses", "sealed_answers", "spent_tokens"], "nothing else tells of it");
        assert_eq!((after["responses"].len(), after["sealed_answers"].len()), (1, 3));
        // From one copy: three unconnected records, for four conversations that look alike except for the one with a
        // linked answer.
        app.app.responses.run_mix_pass().await.unwrap();
        let copy = dump_in_order(&app).await;
        let bare = |row: &String| {
            let parts: Vec<&str> = row.split(['|', ',']).filter(|part| part.len() < 60).collect();
            parts.join("|")
        };
        let kinds: std::collections::BTreeSet<String> = copy["sealed_answers"].iter().map(bare).collect();
        assert_eq!(kinds.len(), 1, "{kinds:?}");
    }
}
