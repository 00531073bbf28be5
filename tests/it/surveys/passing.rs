//! Periodic work: closing, deleting, ripening.

use super::answering::count;
use super::{PASS, answer, ask, state_of};
use crate::app::TestApp;
use afterword::database::STATEMENTS;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn closing_erases_addresses_and_forgets_in_time() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        answer(&app, &asked, &[("score", "5"), ("choice", "apart")]).await;
        app.pass(DAY * 13).await;
        assert_eq!(state_of(&app, &asked.interaction).await.0, "sent");
        app.pass(DAY * 2).await;
        assert_eq!(state_of(&app, &asked.interaction).await, ("closed".into(), None));
        assert_eq!(count(&app, "invitations WHERE address_sealed IS NULL AND state = 'closed'").await, 1);
        assert_eq!(count(&app, "quiet_periods").await, 1);
        assert_eq!(count(&app, "spent_tokens").await, 1);
        app.pass(DAY * 16).await;
        assert_eq!(count(&app, "quiet_periods").await, 0, "the quiet period is over");
        app.pass(DAY * 40).await;
        assert_eq!(count(&app, "spent_tokens").await, 0, "no open invitation can have that token");
        assert_eq!(count(&app, "sealed_answers").await, 1, "the answer waits for others");
    }
}

#[tokio::test]
async fn every_answer_ripens_once_a_pass_and_no_further_than_ripe() {
    for app in TestApp::on_both(|_| {}).await {
        for n in 0..4 {
            let asked = ask(&app, &format!("c{n}")).await;
            let choice = if n % 2 == 0 { "linked" } else { "apart" };
            answer(&app, &asked, &[("score", "5"), ("resolved", "yes"), ("choice", choice)]).await;
        }
        for ripeness in [2, 3, 3] {
            app.app.responses.run_mix_pass().await.unwrap();
            for table in ["responses", "sealed_answers"] {
                let sql: &'static str = format!("{table} WHERE mix_passes = {ripeness}").leak();
                let all = count(&app, table).await;
                assert_eq!(count(&app, sql).await, all, "{table}");
            }
        }
    }
}

#[tokio::test]
async fn a_full_pool_is_released_by_itself_when_it_is_ripe() {
    for app in TestApp::on_both(|_| {}).await {
        for n in 0..5 {
            let asked = ask(&app, &format!("c{n}")).await;
            answer(&app, &asked, &[("score", "4"), ("choice", "apart")]).await;
        }
        app.work().await;
        assert_eq!(count(&app, "releases").await, 0, "not ripe");
        app.pass(PASS).await;
        app.pass(PASS).await;
        app.pass(PASS).await;
        assert_eq!(
            count(&app, "releases WHERE n = 5 AND min_batch_size = 5 AND kind = 'apart' AND question = 'score'").await,
            1
        );
        assert_eq!(count(&app, "sealed_answers").await, 0);
    }
}

/// Counted answers are never read again, however many there are.
#[tokio::test]
async fn a_pass_reads_only_what_is_not_counted() {
    let app = TestApp::start().await;
    let afterword::database::Db::Sqlite { write, .. } = &app.app.db else { return };
    for name in ["RIPEN_LINKED", "RIPE_LINKED"] {
        let sql = STATEMENTS.iter().find(|statement| statement.name == name).unwrap().sql.sqlite;
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let plan = sqlx::query(explain).bind("").bind(2).bind(10).fetch_all(write).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| sqlx::Row::get(row, 3)).collect();
        assert!(plan.iter().any(|step| step.contains("responses_unreleased")), "{name}: {plan:?}");
    }
}
