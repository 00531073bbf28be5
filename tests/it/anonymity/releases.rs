//! Rule 4: whole batches of at least k, pool by pool, so that any two figures differ by nothing or by k answers.

use super::{ask_many, dump, ripen_and_release};
use crate::app::TestApp;
use crate::surveys::{Asked, answer, page, post};
use afterword::database::Db;
use sqlx::Row;
use std::collections::BTreeMap;

/// Returns scope, agent, question, kind, n, of each release.
pub async fn releases(app: &TestApp) -> Vec<(String, Option<String>, String, String, i64)> {
    let sql = "SELECT scope, agent_id, question, kind, n FROM releases ORDER BY question, kind, n";
    match &app.app.db {
        Db::Sqlite { write, .. } => {
            let rows = sqlx::query(sql).fetch_all(write).await.unwrap();
            rows.iter().map(|r| (r.get(0), r.get(1), r.get(2), r.get(3), r.get(4))).collect()
        }
        Db::Pg { pool, .. } => {
            let rows = sqlx::query(sql).fetch_all(pool).await.unwrap();
            rows.iter().map(|r| (r.get(0), r.get(1), r.get(2), r.get(3), r.get(4))).collect()
        }
    }
}

async fn give(app: &TestApp, asked: &[Asked], choice: &str, comment: &str) {
    for one in asked {
        answer(app, one, &[("score", "4"), ("comment", comment), ("choice", choice)]).await;
    }
}

#[tokio::test]
async fn nothing_below_k_is_ever_released() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask_many(&app, "17", "Orders", 5).await;
        give(&app, &asked[..4], "apart", "").await;
        assert_eq!(ripen_and_release(&app).await, 0);
        give(&app, &asked[4..], "apart", "").await;
        assert_eq!(app.app.releases.release_full().await.unwrap(), 0, "the fifth is not ripe");
        assert_eq!(ripen_and_release(&app).await, 1);
        assert_eq!(ripen_and_release(&app).await, 0, "once");
        let all = releases(&app).await;
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].0.as_str(), all[0].2.as_str(), all[0].3.as_str(), all[0].4), ("agent", "score", "apart", 5));
    }
}

#[tokio::test]
async fn pools_are_kept_apart() {
    for app in TestApp::on_both(|_| {}).await {
        // Four of each, by agent and by choice, sixteen in all: no pool holds five.
        for agent in ["17", "18"] {
            let asked = ask_many(&app, agent, "Orders", 8).await;
            give(&app, &asked[..4], "linked", "").await;
            give(&app, &asked[4..], "apart", "").await;
        }
        assert_eq!(ripen_and_release(&app).await, 0);
        // Five scores but four comments: the comments wait.
        let asked = ask_many(&app, "19", "Orders", 5).await;
        give(&app, &asked[..4], "linked", "Fine").await;
        give(&app, &asked[4..], "linked", "").await;
        assert_eq!(ripen_and_release(&app).await, 1);
        assert_eq!(releases(&app).await[0].2, "score");
        assert!(dump(&app).await["released_comments"].is_empty());
    }
}

#[tokio::test]
async fn without_an_agent_answers_count_for_the_team_and_without_a_team_for_all() {
    let app = TestApp::start().await;
    for (name, team) in [("team", Some("Orders")), ("all", None)] {
        for n in 0..5 {
            let mut body = crate::app::call_body(&format!("{name}{n}@example.net"));
            body.as_object_mut().unwrap().remove("agent");
            body["team"] = team.into();
            let asked = crate::surveys::ask_about(&app, &format!("{name}{n}"), &body).await;
            answer(&app, &asked, &[("score", "4"), ("choice", "apart")]).await;
        }
    }
    assert_eq!(ripen_and_release(&app).await, 2);
    let scopes: Vec<_> = releases(&app).await.into_iter().map(|release| (release.0, release.1)).collect();
    assert!(scopes.contains(&("team".into(), None)) && scopes.contains(&("organisation".into(), None)), "{scopes:?}");
}

#[tokio::test]
async fn comments_come_out_masked_shuffled_and_apart_from_scores() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask_many(&app, "17", "Orders", 6).await;
        for (n, one) in asked.iter().enumerate() {
            let comment =
                format!("word{n} jerry@example.net +44 306 999 0123 https://example.net/o?{n} order 4711081{n}");
            answer(&app, one, &[("score", "2"), ("comment", &comment), ("choice", "apart")]).await;
        }
        assert_eq!(ripen_and_release(&app).await, 2);
        let all = dump(&app).await;
        assert_eq!(all["released_comments"].len(), 6);
        for row in &all["released_comments"] {
            assert!(row.contains("[e-mail]") && row.contains("[phone]") && row.contains("[link]"), "{row}");
            assert!(!row.contains("jerry") && !row.contains("999 0123") && !row.contains("4711081"), "{row}");
        }
        // The comments' release is another than the scores', with no count by score beside it.
        assert_eq!((all["releases"].len(), all["release_counts"].len()), (2, 1));
    }
}

#[tokio::test]
async fn a_linked_answer_that_counts_is_not_changed_any_more() {
    for app in TestApp::on_both(|c| c.survey.edit_for = "1h".parse().unwrap()).await {
        let asked = ask_many(&app, "17", "Orders", 5).await;
        give(&app, &asked, "linked", "").await;
        assert_eq!(ripen_and_release(&app).await, 1);
        let before = dump(&app).await;
        for form in
            [&[("score", "1"), ("choice", "linked")][..], &[("score", "1"), ("choice", "apart")], &[("do", "withdraw")]]
        {
            assert_eq!(post(&app, &asked[0].page(), form).await.0, 409);
        }
        assert!(page(&app, &asked[0].page()).await.1.contains("counts already"));
        assert_eq!(dump(&app).await, before);
    }
}

#[tokio::test]
async fn k_is_never_below_three_and_stands_with_each_release() {
    let app = TestApp::start_with(|c| c.anonymity.k = 1).await;
    let asked = ask_many(&app, "17", "Orders", 3).await;
    give(&app, &asked[..2], "apart", "").await;
    assert_eq!(ripen_and_release(&app).await, 0);
    give(&app, &asked[2..], "apart", "").await;
    assert_eq!(ripen_and_release(&app).await, 1);
    assert!(dump(&app).await["releases"][0].ends_with("|3|3"), "k and n");
}

/// Every visible figure of an agent, at any time, by any filter, is a sum over whole releases: the sums that one person
/// can compare differ by nothing, or by k answers or more.
#[tokio::test]
async fn any_two_figures_differ_by_nothing_or_by_k() {
    let app = TestApp::start_with(|c| c.anonymity.k = 3).await;
    let mut figures: BTreeMap<(Option<String>, String), Vec<i64>> = BTreeMap::new();
    for step in 0..14_usize {
        let agent = ["17", "18", "19"][step % 3];
        let asked = ask_many(&app, agent, "Orders", 1 + step % 4).await;
        for (n, one) in asked.iter().enumerate() {
            let choice = if (step + n) % 3 == 0 { "linked" } else { "apart" };
            let resolved = if n % 2 == 0 { "yes" } else { "" };
            answer(&app, one, &[("score", "4"), ("resolved", resolved), ("choice", choice)]).await;
        }
        if step % 5 == 3 {
            // A customer changes their choice in between.
            post(&app, &asked[0].page(), &[("do", "withdraw")]).await;
        }
        ripen_and_release(&app).await;
        let mut now: BTreeMap<(Option<String>, String), i64> = BTreeMap::new();
        for (_, agent, question, kind, n) in releases(&app).await {
            assert!(n >= 3);
            for key in [
                (agent.clone(), question.clone()),
                (None, question.clone()),
                (agent.clone(), format!("{question} {kind}")),
            ] {
                *now.entry(key).or_default() += n;
            }
        }
        for (key, sum) in now {
            figures.entry(key).or_default().push(sum);
        }
    }
    assert!(figures.len() > 6, "{figures:?}");
    for (key, sums) in figures {
        for (i, a) in sums.iter().enumerate() {
            for b in &sums[i + 1..] {
                let difference = (a - b).abs();
                assert!(difference == 0 || difference >= 3, "{key:?}: {sums:?}");
            }
        }
    }
}
