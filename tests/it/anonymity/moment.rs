//! Rule 7: nothing leaks at the moment of answering. Rule 8: the choice can't be changed towards less privacy.

use super::{ask_many, dump, ripen_and_release};
use crate::app::TestApp;
use crate::surveys::{answer, ask, post};
use afterword::access::Role;

#[tokio::test]
async fn no_page_changes_when_somebody_answers_apart() {
    for app in TestApp::on_both(|_| {}).await {
        // A first release, so that figures are visible.
        for one in ask_many(&app, "17", "Orders", 5).await {
            answer(&app, &one, &[("score", "5"), ("choice", "apart")]).await;
        }
        ripen_and_release(&app).await;
        let asked = ask_many(&app, "17", "Orders", 4).await;
        // The number of invitations changes with a pass, too.
        ripen_and_release(&app).await;
        let people = [
            app.sign_in(Role::Supervisor, &["Orders"], None).await,
            app.sign_in(Role::Hr, &[], None).await,
            app.sign_in(Role::Admin, &[], None).await,
            app.sign_in(Role::Agent, &[], Some("17")).await,
        ];
        let agent = app.agent("17").await;
        let pages = [
            "/ratings".to_owned(),
            format!("/ratings/agents/{agent}"),
            "/api/v1/invitations".into(),
            "/api/v1/ratings/agents".into(),
        ];
        let mut look = Vec::new();
        for round in 0..2 {
            let mut seen = Vec::new();
            for person in &people {
                for path in pages.iter().chain(&[format!("/api/v1/interactions/{}", asked[0].interaction)]) {
                    let answer = person.get(path).await;
                    seen.push((answer.status().as_u16(), answer.text().await.unwrap()));
                }
            }
            look.push(seen);
            if round == 0 {
                for one in &asked {
                    answer(&app, one, &[("score", "1"), ("choice", "apart"), ("comment", "Bad")]).await;
                }
                app.work().await;
                ripen_and_release(&app).await;
            }
        }
        for (before, after) in look[0].iter().zip(&look[1]) {
            // Form tokens belong to the session, and are the same on both.
            assert_eq!(before, after);
        }
    }
}

/// Pages of staff and operators change with releases, never with an answer; for viewers who may not see linked answers
/// this includes those.
#[tokio::test]
async fn no_counter_moves_when_somebody_answers() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask_many(&app, "17", "Orders", 7).await;
        // The very first linked answer is given before the comparison.
        answer(&app, &asked[6], &[("score", "4"), ("choice", "linked")]).await;
        let people = [
            (app.sign_in(Role::Hr, &[], None).await, &["/", "/ratings", "/ratings.csv", "/api/v1/ratings/teams"][..]),
            (app.sign_in(Role::Agent, &[], Some("17")).await, &["/", "/ratings.csv", "/interactions"]),
            (
                app.sign_in(Role::Admin, &[], None).await,
                &[
                    "/",
                    "/ratings",
                    "/ratings.csv",
                    "/ratings/exclusions",
                    "/interactions",
                    "/admin",
                    "/admin/mail",
                    "/api/v1/invitations",
                ],
            ),
        ];
        let mut looks = Vec::new();
        for round in 0..2 {
            let mut seen = Vec::new();
            for (person, paths) in &people {
                for path in *paths {
                    seen.push(((*path).to_owned(), person.get(path).await.text().await.unwrap()));
                }
            }
            // Viewing itself is counted, but not under the survey's route.
            let metrics = app.metrics().await;
            let of_surveys = metrics.lines().filter(|line| line.contains("/s/")).map(str::to_owned);
            seen.push(("/metrics".into(), of_surveys.collect::<Vec<_>>().join("\n")));
            looks.push(seen);
            if round == 0 {
                for (at, one) in asked[..6].iter().enumerate() {
                    let choice = if at % 2 == 0 { "linked" } else { "apart" };
                    answer(&app, one, &[("score", "1"), ("comment", "Bad"), ("choice", choice)]).await;
                }
            }
        }
        for ((path, before), (_, after)) in looks[0].iter().zip(&looks[1]) {
            assert_eq!(before, after, "{path}");
        }
    }
}

#[tokio::test]
async fn answering_queues_nothing_and_writes_no_line() {
    for app in TestApp::on_both(|_| {}).await {
        for choice in ["linked", "apart"] {
            let asked = ask(&app, choice).await;
            let before = dump(&app).await;
            answer(&app, &asked, &[("score", "1"), ("choice", choice)]).await;
            let after = dump(&app).await;
            for table in ["jobs", "audit_log", "outbox", "interactions", "invitations", "releases"] {
                assert_eq!(before[table], after[table], "{table}");
            }
        }
    }
}

#[tokio::test]
async fn what_was_kept_apart_is_never_linked_however_one_asks() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        answer(&app, &asked, &[("score", "1"), ("choice", "apart")]).await;
        for _ in 0..3 {
            assert!(post(&app, &asked.page(), &[("score", "1"), ("choice", "linked")]).await.0 >= 400);
            assert!(dump(&app).await["responses"].is_empty());
            app.app.responses.run_mix_pass().await.unwrap();
        }
    }
}
