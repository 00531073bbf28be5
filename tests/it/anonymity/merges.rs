//! Merges and splits of agents: released figures and their k stay, and no figure reveals fewer than k answers.

use super::{ask_many, dump, ripen_and_release};
use crate::app::TestApp;
use crate::surveys::{Asked, answer};
use afterword::access::Role;
use afterword::effects::Actor;
use afterword::ids::AgentId;
use serde_json::Value;

/// Tables of released figures.
const RELEASED: [&str; 5] = ["releases", "release_counts", "released_comments", "release_totals", "invitation_totals"];

async fn give(app: &TestApp, asked: &[Asked], score: &str) {
    for (n, one) in asked.iter().enumerate() {
        let choice = if n % 2 == 0 { "apart" } else { "linked" };
        answer(app, one, &[("score", score), ("comment", "Fine"), ("choice", choice)]).await;
    }
}

async fn released(app: &TestApp) -> Vec<Vec<String>> {
    let mut all = dump(app).await;
    RELEASED.iter().map(|table| all.remove(*table).unwrap_or_default()).collect()
}

/// Returns the number of answers and CSAT of each agent, as HR sees them.
async fn figures(app: &TestApp) -> Vec<(String, i64)> {
    let hr = app.sign_in(Role::Hr, &[], None).await;
    let list: Value = hr.api(reqwest::Method::GET, "/api/v1/ratings/agents", None).await.json().await.unwrap();
    let line =
        |item: &Value| (item["agent"].as_str().unwrap().to_owned(), item["figures"]["answers"].as_i64().unwrap());
    list["items"].as_array().unwrap().iter().map(line).collect()
}

fn of(figures: &[(String, i64)], agent: &AgentId) -> Option<i64> {
    figures.iter().find(|(id, _)| id == agent.as_str()).map(|(_, n)| *n)
}

#[tokio::test]
async fn released_figures_stay_through_a_merge_and_a_split() {
    for app in TestApp::on_both(|_| {}).await {
        // Twelve answers about each: six linked, six apart.
        for (agent, score) in [("17", "5"), ("sc", "2")] {
            let asked = ask_many(&app, agent, "Orders", 12).await;
            give(&app, &asked, score).await;
        }
        assert_eq!(ripen_and_release(&app).await, 8, "scores and comments of two kinds and two agents");
        let (one, two) = (app.agent("17").await, app.agent("sc").await);
        let (rows, before) = (released(&app).await, figures(&app).await);
        assert_eq!((of(&before, &one), of(&before, &two)), (Some(12), Some(12)));
        let now = app.app.clock.now();
        let merge = app.app.directory.merge(&one, &two, &Actor::System, now).await.unwrap();
        assert_eq!(ripen_and_release(&app).await, 0);
        assert_eq!(released(&app).await, rows, "a merge writes no released row");
        assert_eq!(figures(&app).await, [(one.to_string(), 24)]);
        // The page shows both histories.
        let hr = app.sign_in(Role::Hr, &[], None).await;
        for id in [&one, &two] {
            let page = hr.page(&format!("/ratings/agents/{id}")).await;
            assert!(page.contains("phone/17") && page.contains("phone/sc"), "{page}");
        }
        app.app.directory.undo_merge(&one, &merge.id, &Actor::System, now).await.unwrap();
        assert_eq!((released(&app).await, figures(&app).await), (rows.clone(), before.clone()));
        app.app.directory.merge(&one, &two, &Actor::System, now).await.unwrap();
        app.app.directory.split(&one, &two, &Actor::System, now).await.unwrap();
        assert_eq!((released(&app).await, figures(&app).await), (rows, before));
    }
}

#[tokio::test]
async fn answers_that_wait_are_released_with_those_of_the_merged_agent() {
    for app in TestApp::on_both(|_| {}).await {
        let mut asked = ask_many(&app, "17", "Orders", 3).await;
        asked.extend(ask_many(&app, "sc", "Orders", 3).await);
        for one in &asked {
            answer(&app, one, &[("score", "4"), ("choice", "apart")]).await;
        }
        assert_eq!(ripen_and_release(&app).await, 0, "three of each are too few");
        let (one, two) = (app.agent("17").await, app.agent("sc").await);
        let now = app.app.clock.now();
        let merge = app.app.directory.merge(&one, &two, &Actor::System, now).await.unwrap();
        assert_eq!(ripen_and_release(&app).await, 1);
        let all = super::releases::releases(&app).await;
        assert_eq!((all.len(), all[0].1.as_deref(), all[0].4), (1, Some(one.as_str()), 6));
        // The split takes no answer out of the release, and shows none of the three.
        let rows = released(&app).await;
        app.app.directory.undo_merge(&one, &merge.id, &Actor::System, now).await.unwrap();
        assert_eq!(ripen_and_release(&app).await, 0);
        assert_eq!(released(&app).await, rows);
        let after = figures(&app).await;
        assert_eq!((of(&after, &one), of(&after, &two)), (Some(6), Some(0)));
        // From the split on, each waits for k answers of its own again.
        for agent in ["17", "sc"] {
            let asked = ask_many(&app, agent, "Orders", 4).await;
            for one in &asked {
                answer(&app, one, &[("score", "1"), ("choice", "apart")]).await;
            }
        }
        assert_eq!(ripen_and_release(&app).await, 0);
        assert_eq!(figures(&app).await, after);
    }
}
