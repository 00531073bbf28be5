//! Rule 5: a pool that is too small for too long is counted for the team, then for all; never alone.

use super::releases::releases;
use super::{ask_many, dump, ripen_and_release};
use crate::app::TestApp;
use crate::surveys::answer;
use afterword::access::Role;
use std::time::Duration;

const MONTHS: fn(u64) -> Duration = |n| Duration::from_secs(n * 31 * 86_400);

async fn give(app: &TestApp, agent: &str, team: &str, n: usize, choice: &str) {
    for one in ask_many(app, agent, team, n).await {
        answer(app, &one, &[("score", "4"), ("choice", choice)]).await;
    }
}

/// Returns scopes and sizes of the releases.
async fn scopes(app: &TestApp) -> Vec<(String, i64)> {
    let mut all: Vec<_> = releases(app).await.into_iter().map(|release| (release.0, release.4)).collect();
    all.sort();
    all
}

#[tokio::test]
async fn small_pools_of_a_team_are_counted_together_after_their_time() {
    for app in TestApp::on_both(|_| {}).await {
        for choice in ["apart", "linked"] {
            give(&app, "17", "Orders", 3, choice).await;
            give(&app, "18", "Orders", 2, choice).await;
            give(&app, "19", "Billing", 4, choice).await;
        }
        assert_eq!(ripen_and_release(&app).await, 0);
        app.clock.advance(MONTHS(2));
        assert_eq!(ripen_and_release(&app).await, 0, "not yet");
        app.clock.advance(MONTHS(2));
        assert_eq!(ripen_and_release(&app).await, 2);
        assert_eq!(scopes(&app).await, [("team".to_owned(), 5), ("team".to_owned(), 5)]);
        // Billing's four wait for others, of any team.
        give(&app, "20", "Support", 1, "apart").await;
        app.clock.advance(MONTHS(4));
        assert_eq!(ripen_and_release(&app).await, 0, "the one is new");
        app.clock.advance(MONTHS(8));
        assert_eq!(ripen_and_release(&app).await, 1);
        let all = scopes(&app).await;
        assert_eq!(all[0], ("organisation".to_owned(), 5));
        // The linked four still wait: there are no others to count them with.
        app.clock.advance(MONTHS(60));
        assert_eq!(ripen_and_release(&app).await, 0, "never alone");

        let hr = app.sign_in(Role::Hr, &[], None).await;
        let team = app.team("Orders").await;
        let page = hr.page(&format!("/ratings/teams/{team}?from=2026-01&to=2030-12")).await;
        assert!(page.contains("10 of these answers can’t be shown per agent"), "{page}");
        let agent = app.agent("17").await;
        let own = hr.page(&format!("/ratings/agents/{agent}?from=2026-01&to=2030-12")).await;
        assert!(own.contains("Waiting for more answers") && !own.contains("can’t be shown per agent"));
        let all = hr.page("/ratings?from=2026-01&to=2030-12").await;
        assert!(all.contains("15 of these answers can’t be shown per agent"), "{all}");
    }
}

#[tokio::test]
async fn a_pool_that_fills_in_time_is_the_agents() {
    let app = TestApp::start().await;
    give(&app, "17", "Orders", 4, "apart").await;
    give(&app, "18", "Orders", 4, "apart").await;
    ripen_and_release(&app).await;
    app.clock.advance(MONTHS(2));
    give(&app, "17", "Orders", 1, "apart").await;
    assert_eq!(ripen_and_release(&app).await, 1, "the fifth has come");
    app.clock.advance(MONTHS(4));
    assert_eq!(ripen_and_release(&app).await, 0, "the other four are too few for the team");
    assert_eq!(scopes(&app).await, [("agent".to_owned(), 5)]);
}

/// The database without the key does not reveal about whom an answer waits, or since when.
#[tokio::test]
async fn what_waits_is_known_to_nobody_without_the_key() {
    for app in TestApp::on_both(|_| {}).await {
        give(&app, "17", "Orders", 1, "apart").await;
        ripen_and_release(&app).await;
        let one = dump(&app).await["release_state"].clone();
        let (agent, team) = (app.agent("17").await.to_string(), app.team("Orders").await.to_string());
        assert!(
            one.iter().all(|row| !row.contains(&agent) && !row.contains(&team) && !row.contains("2026-")),
            "{one:?}"
        );
        // The length does not reveal it either.
        give(&app, "18", "Orders", 2, "apart").await;
        ripen_and_release(&app).await;
        let two = dump(&app).await["release_state"].clone();
        assert_eq!(one.iter().map(String::len).collect::<Vec<_>>(), two.iter().map(String::len).collect::<Vec<_>>());
    }
}
