//! Results of a survey, question by question; on both databases.

use super::{Release, release, scores};
use crate::app::TestApp;
use afterword::access::Role;

/// Publishes a survey with an NPS and a many-of question; returns its id.
async fn survey(app: &TestApp) -> String {
    use afterword::effects::Actor;
    use afterword::surveys::definition::{Definition, Item, Kind, QuestionTexts};
    let mut definition = Definition::standard();
    definition.texts.retain(|language, _| language.tag() == "en");
    for (number, kind, options) in [(4, Kind::Nps, vec![]), (5, Kind::ManyOf, vec![1, 40])] {
        definition.questions.push(Item { number, role: None, kind, required: false, shown_if: None, options });
        let values =
            definition.item(number).unwrap().worded().into_iter().map(|value| (value, format!("word {value}")));
        let texts = QuestionTexts { label: format!("Question number {number}"), values: values.collect() };
        definition.texts.values_mut().next().unwrap().questions.insert(number, texts);
    }
    let id = app.app.surveys.create("Ours", &definition, &Actor::System).await.unwrap();
    app.app.surveys.publish(&id, 1, &Actor::System).await.unwrap();
    id
}

#[tokio::test]
async fn each_sees_their_own_share_of_the_releases() {
    for app in TestApp::on_both(|_| {}).await {
        let id = survey(&app).await;
        app.call("1", "jerry@example.net").await;
        let (agent, orders, billing) = (app.agent("17").await, app.team("Orders").await, app.team("Billing").await);
        let nps = format!("nps.{id}.4");
        for (team, agent, counts) in [(&orders, Some(&agent), [(9, 4), (3, 1)]), (&billing, None, [(10, 1), (0, 6)])] {
            let scope = if agent.is_some() { "agent" } else { "team" };
            release(&app, Release { scope, agent, team: Some(team), question: &nps, month: "2026-10" }, &counts, &[])
                .await;
        }
        let text =
            Release { scope: "agent", agent: Some(&agent), team: Some(&orders), question: "comment", month: "2026-10" };
        release(&app, text, &[], &["She was quick", "Slow"]).await;
        scores(&app, &agent, &orders, "2026-10", &[(5, 5)]).await;
        let path = format!("/surveys/{id}/results");
        for (role, teams, points, texts) in [
            (Role::Hr, &[][..], "\u{2212}17", false),
            (Role::Admin, &[], "\u{2212}17", false),
            (Role::Supervisor, &["Orders"], "+60", true),
            (Role::Supervisor, &["Billing"], "\u{2212}71", false),
            (Role::Agent, &[], "+60", true),
        ] {
            let session = app.sign_in(role, teams, (role == Role::Agent).then_some("17")).await;
            let page = session.page(&path).await;
            assert!(page.contains(&format!("<b>{points}</b>")), "{role:?} {teams:?}: {page}");
            assert_eq!(page.contains("She was quick"), texts, "{role:?} {teams:?}");
            assert!(
                session.page(&format!("{path}?from=2026-11&to=2026-11")).await.contains("Waiting for more answers")
            );
            let csv = session.page(&format!("{path}.csv")).await;
            assert!(csv.contains("Question number 4,nps,") && !csv.contains("She was quick"), "{csv}");
            assert_eq!(session.get("/surveys/unknown/results").await.status(), 404);
            assert_eq!(session.get(&format!("{path}?from=x")).await.status(), 400);
        }
        let nobody = app.sign_in(Role::Supervisor, &["Elsewhere"], None).await;
        assert!(nobody.page(&path).await.contains("Waiting for more answers"));
        // Counted with the same question of all surveys, and labelled so.
        let hr = app.sign_in(Role::Hr, &[], None).await;
        assert!(
            hr.page("/surveys/standard/results")
                .await
                .contains("counted together with the same question of all surveys")
        );
    }
}

#[tokio::test]
async fn choices_of_options_are_summed_over_blocks_and_every_look_is_noted() {
    for app in TestApp::on_both(|config| config.anonymity.k = 3).await {
        let id = survey(&app).await;
        let version = app.app.surveys.versions(&id).await.unwrap().remove(0).id;
        let version = app.app.surveys.version(&version).await.unwrap();
        assert_eq!(version.number, 1);
        let key = app.key(afterword::access::principal::Scope::Ingest).await;
        for _ in 0..3 {
            let body = serde_json::json!({ "choice": "apart", "answers": [{ "question": 1, "value": 5 }, { "question": 5, "values": [1, 40] }] });
            let sent = app
                .client
                .post(format!("{}/api/v1/surveys/{id}/responses", app.url))
                .bearer_auth(&key)
                .json(&body)
                .send()
                .await
                .unwrap();
            assert_eq!(sent.status(), 204);
        }
        for _ in 0..4 {
            app.pass(std::time::Duration::from_secs(901)).await;
        }
        // Without agent and team: a pool that is too small escalates in time.
        app.pass(std::time::Duration::from_secs(200 * 86_400)).await;
        for _ in 0..4 {
            app.pass(std::time::Duration::from_secs(901)).await;
        }
        let hr = app.sign_in(Role::Hr, &[], None).await;
        let csv = hr.get(&format!("/surveys/{id}/results.csv")).await.bytes().await.unwrap();
        assert!(csv.starts_with(b"\xef\xbb\xbf"));
        let csv = String::from_utf8(csv.to_vec()).unwrap();
        for line in [",1,word 1,3", ",40,word 40,3"] {
            assert!(csv.lines().any(|found| found.ends_with(line)), "{line}: {csv}");
        }
        let log = app.sign_in(Role::Admin, &[], None).await.page("/admin/audit").await;
        assert!(log.contains("ratings.exported") || log.contains(&format!("survey:{id}")), "{log}");
    }
}
