//! Rule 3: apart answers go through a mix. The database, before and after, and even with the key, does not reveal the
//! customer of an answer.

use super::{ask_many, differing, dump};
use crate::app::TestApp;
use crate::surveys::{answer, ask, post};
use std::collections::BTreeSet;

const FORM: [(&str, &str); 4] = [("score", "2"), ("resolved", "no"), ("comment", "It took long"), ("choice", "apart")];

#[tokio::test]
async fn an_apart_answer_touches_nothing_but_the_mix() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask_many(&app, "17", "Orders", 3).await;
        for one in &asked {
            // Given, changed, changed again, retracted, given again.
            for form in [&FORM[..], &[("score", "3"), ("choice", "apart")], &FORM, &[("do", "withdraw")], &FORM] {
                let before = dump(&app).await;
                answer(&app, one, form).await;
                let changed = differing(&before, &dump(&app).await);
                assert!(
                    changed.iter().all(|table| table == "sealed_answers" || table == "spent_tokens"),
                    "{changed:?}"
                );
            }
        }
        let all = dump(&app).await;
        assert_eq!((all["sealed_answers"].len(), all["spent_tokens"].len()), (9, 3));
    }
}

#[tokio::test]
async fn neither_the_database_nor_the_database_with_the_key_leads_to_an_answer() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask_many(&app, "17", "Orders", 4).await;
        for one in &asked {
            answer(&app, one, &FORM).await;
        }
        let all = dump(&app).await;
        let words = |table: &str| -> BTreeSet<String> {
            let split =
                |row: &String| row.split(['|', '\'', '"', ',', ':', '{', '}']).map(str::to_owned).collect::<Vec<_>>();
            all[table].iter().flat_map(split).filter(|word| word.len() > 1).collect()
        };
        let hidden: BTreeSet<String> = words("sealed_answers").union(&words("spent_tokens")).cloned().collect();
        let vault = &app.app.vault;
        let mut tried = 0;
        for table in all.keys().filter(|table| *table != "sealed_answers" && *table != "spent_tokens") {
            for word in words(table) {
                assert!(word.len() < 16 || !hidden.contains(&word), "{table} shares {word} with the mix");
                for purpose in ["mix:score", "mix:resolved", "mix:comment", "spent"] {
                    assert!(!hidden.contains(&vault.keyed_hash(purpose, word.as_bytes())), "{purpose} of {word}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 400);
        // With the token, which only the customer has, it does.
        let id = vault.keyed_hash("mix:score", asked[0].token.as_bytes());
        assert!(hidden.contains(&id));
    }
}

#[tokio::test]
async fn the_mix_holds_no_time() {
    for app in TestApp::on_both(|_| {}).await {
        let first = ask(&app, "first").await;
        answer(&app, &first, &FORM).await;
        app.clock.advance(std::time::Duration::from_secs(500));
        let second = ask(&app, "second").await;
        answer(&app, &second, &FORM).await;
        let all = dump(&app).await;
        let bare =
            |row: &String| row.split(['|', ',']).filter(|part| part.len() < 60).map(str::to_owned).collect::<Vec<_>>();
        for table in ["sealed_answers", "spent_tokens"] {
            let rows: BTreeSet<_> = all[table].iter().map(bare).collect();
            assert_eq!(rows.len(), 1, "{table}: beside ids and sealed texts all rows say the same: {rows:?}");
        }
    }
}

/// A pass rewrites the mix; afterwards a heap's order is not that of arrival.
#[tokio::test]
async fn a_pass_shuffles_what_lies_in_a_heap() {
    let Some(app) = TestApp::start_on_postgres(|_| {}).await else { return };
    let asked = ask_many(&app, "17", "Orders", 10).await;
    let mut arrived = Vec::new();
    for one in &asked {
        answer(&app, one, &[("score", "5"), ("choice", "apart")]).await;
        arrived.push(app.app.vault.keyed_hash("mix:score", one.token.as_bytes()));
    }
    let afterword::database::Db::Pg { pool, .. } = &app.app.db else { return };
    let order = || async {
        sqlx::query_scalar::<_, String>("SELECT id FROM sealed_answers ORDER BY ctid").fetch_all(pool).await.unwrap()
    };
    assert_eq!(order().await, arrived, "before");
    app.app.responses.run_mix_pass().await.unwrap();
    let after = order().await;
    assert_eq!(after.len(), 10);
    assert_ne!(after, arrived);
    let mut sorted = arrived.clone();
    sorted.sort();
    assert_ne!(after, sorted);
}

#[tokio::test]
async fn a_released_answer_has_left_no_trace_to_its_token() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask_many(&app, "17", "Orders", 5).await;
        for one in &asked {
            answer(&app, one, &FORM).await;
        }
        assert_eq!(super::ripen_and_release(&app).await, 3);
        let all = dump(&app).await;
        assert!(all["sealed_answers"].is_empty());
        let left = format!("{:?}", (&all["releases"], &all["release_counts"], &all["released_comments"]));
        for one in &asked {
            for purpose in ["mix:score", "mix:resolved", "mix:comment", "spent"] {
                assert!(!left.contains(&app.app.vault.keyed_hash(purpose, one.token.as_bytes())));
            }
            // No second answer is possible, and nothing can be changed any more.
            let (status, text) = crate::surveys::page(&app, &one.page()).await;
            assert!(status == 410 && text.contains("counts already"), "{text}");
            for form in [&FORM[..], &[("score", "1"), ("choice", "linked")], &[("do", "withdraw")]] {
                assert_eq!(post(&app, &one.page(), form).await.0, 409);
            }
        }
        assert_eq!(dump(&app).await, all);
    }
}
