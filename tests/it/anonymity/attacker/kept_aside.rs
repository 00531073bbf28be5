//! A form was held as a suspected program's, and then its customer answers. The attacker has a copy of the database
//! from before and from after, the administrator's pages at both moments, and the key; every held record opens to them.

use super::super::{Dump, ask_many, differing, dump_in_order};
use crate::app::TestApp;
use crate::surveys::{Asked, post};
use afterword::access::Role;
use std::collections::BTreeSet;
use std::time::Duration;

const CUSTOMERS: usize = 8;

/// Returns every long word of the rows that lead to a conversation.
fn words_of(tables: &Dump, asked: &Asked) -> BTreeSet<String> {
    let rows = ["interactions", "invitations", "outbox"].into_iter().flat_map(|table| &tables[table]);
    let own = rows.filter(|row| row.contains(asked.interaction.as_str()));
    let words =
        own.flat_map(|row| row.split(['|', '\'', '"', ',', ':', '{', '}', ' '])).filter(|word| word.len() >= 20);
    words.map(str::to_owned).collect()
}

/// Returns the held answers, opened with the key.
fn opened(app: &TestApp, tables: &Dump) -> Vec<String> {
    let words = tables["suspects"].iter().flat_map(|row| row.split(['|', '\'', '"', ',']));
    let outer: Vec<String> = words
        .filter_map(|word| app.app.vault.open("suspect", word).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect();
    // The records inside are sealed again.
    let inner = outer.iter().flat_map(|text| text.split('"')).filter_map(|word| app.app.vault.open("mix", word).ok());
    let inner: Vec<String> = inner.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
    outer.into_iter().chain(inner).collect()
}

#[tokio::test]
async fn what_is_kept_aside_does_not_lead_to_who_answers() {
    for app in TestApp::on_both(|c| c.survey.too_fast = "600s".parse().unwrap()).await {
        let asked = ask_many(&app, "17", "Orders", CUSTOMERS).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        // A program sends every form, half of them with one choice and half with the other.
        for (n, one) in asked.iter().enumerate() {
            let choice = if n % 2 == 0 { "linked" } else { "apart" };
            let form = [("score", "3"), ("comment", "sent by nobody"), ("choice", choice)];
            assert_eq!(post(&app, &one.page(), &form).await.0, 422);
        }
        app.app.responses.run_mix_pass().await.unwrap();
        app.clock.advance(Duration::from_secs(3600));
        let begin = dump_in_order(&app).await;
        let mut words: Vec<BTreeSet<String>> = asked.iter().map(|one| words_of(&begin, one)).collect();
        // Words shared by all (their agent, their team) lead to none.
        let common: BTreeSet<String> = words[0].intersection(&words[1]).cloned().collect();
        words.iter_mut().for_each(|own| own.retain(|word| !common.contains(word)));
        assert!(words.iter().all(|own| own.len() >= 4), "ids and hashes: {words:?}");
        for one in asked.iter().take(CUSTOMERS) {
            let (before, seen) = (dump_in_order(&app).await, admin.page("/admin/suspects").await);
            let form = [("score", "1"), ("comment", "The agent shouted at me"), ("choice", "apart")];
            assert_eq!(post(&app, &one.page(), &form).await.0, 200);
            let (after, sees) = (dump_in_order(&app).await, admin.page("/admin/suspects").await);
            assert_eq!(before["suspects"], after["suspects"], "none comes, goes, changes or moves");
            assert_eq!(seen, sees, "the administrator's page");
            let mut changed = differing(&before, &after);
            changed.retain(|table| table != "audit_log");
            assert!(changed.iter().all(|table| table == "sealed_answers" || table == "spent_tokens"), "{changed:?}");
            let texts = opened(&app, &after);
            assert!(texts.len() > CUSTOMERS && texts.iter().any(|text| text.contains("sent by nobody")), "it opens");
            for text in &texts {
                for (n, words) in words.iter().enumerate() {
                    assert!(
                        !words.iter().any(|word| text.contains(word.as_str())),
                        "it names conversation {n}: {text}"
                    );
                }
                // The ids in it are not in the mix: they would lead from a time at which only one link was sent to the
                // answer.
                let ids = text.split('"').filter(|word| word.len() == 64);
                for id in ids {
                    assert!(after["sealed_answers"].iter().all(|row| !row.contains(id)), "{id} is in the mix");
                }
            }
        }
    }
}

/// The remaining held answers do not reveal who has answered: all are deleted at one moment that their month
/// determines.
#[tokio::test]
async fn suspected_responses_are_deleted_at_one_time_whether_answered_or_not() {
    for app in TestApp::on_both(|c| c.survey.too_fast = "600s".parse().unwrap()).await {
        let asked = ask_many(&app, "17", "Orders", CUSTOMERS).await;
        for one in &asked {
            assert_eq!(post(&app, &one.page(), &[("score", "3"), ("choice", "linked")]).await.0, 422);
        }
        app.clock.advance(Duration::from_secs(3600));
        for (n, one) in asked.iter().enumerate().take(CUSTOMERS / 2) {
            let choice = if n % 2 == 0 { "linked" } else { "apart" };
            assert_eq!(post(&app, &one.page(), &[("score", "1"), ("choice", choice)]).await.0, 200);
        }
        let mut left = BTreeSet::new();
        for _ in 0..16 {
            app.pass(Duration::from_secs(5 * 86_400)).await;
            left.insert(dump_in_order(&app).await["suspects"].len());
        }
        assert_eq!(left, BTreeSet::from([0, CUSTOMERS]));
    }
}
