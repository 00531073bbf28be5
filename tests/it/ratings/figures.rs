//! Sums over whole releases, by month, agent and team.

use super::{Release, Stage, invite, release, scores};
use crate::app::TestApp;
use afterword::access::principal::Scope;
use serde_json::{Value, json};

async fn ask(app: &TestApp, path: &str) -> (u16, Value) {
    let key = app.key(Scope::Read).await;
    let answer = app.client.get(format!("{}/api/v1/ratings/{path}", app.url)).bearer_auth(key).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn item<'a>(list: &'a Value, name: &str) -> &'a Value {
    list["items"].as_array().unwrap().iter().find(|item| item["name"] == name).unwrap()
}

#[tokio::test]
async fn sums_are_those_of_the_months_asked_for() {
    for app in TestApp::on_both(|_| {}).await {
        let stage = Stage::set(&app).await;
        scores(&app, &stage.sydney, &stage.orders, "2026-08", &[(5, 4), (1, 1)]).await;
        scores(&app, &stage.sydney, &stage.orders, "2026-10", &[(4, 3), (3, 2)]).await;
        scores(&app, &stage.sydney, &stage.orders, "2026-10", &[(2, 5)]).await;
        let resolved = Release {
            scope: "agent",
            agent: Some(&stage.sydney),
            team: Some(&stage.orders),
            question: "resolved",
            month: "2026-10",
        };
        release(&app, resolved, &[(1, 4), (0, 1)], &[]).await;

        let (status, all) = ask(&app, "agents?from=2026-08&to=2026-11").await;
        assert_eq!(status, 200, "{all}");
        assert_eq!((&all["from"], &all["to"]), (&json!("2026-08"), &json!("2026-11")));
        let sydney = &item(&all, "Sydney Carton")["figures"];
        assert_eq!((&sydney["answers"], &sydney["distribution"]), (&json!(15), &json!([1, 5, 2, 3, 4])));
        let csat = &sydney["csat"];
        assert_eq!((csat["share"].as_f64().unwrap() * 15.0).round(), 7.0);
        assert!(csat["low"].as_f64().unwrap() < 7.0 / 15.0 && csat["high"].as_f64().unwrap() > 7.0 / 15.0);
        assert_eq!(sydney["resolved"]["share"], json!(0.8));
        let jarvis = &item(&all, "Jarvis Lorry")["figures"];
        assert_eq!(
            (&jarvis["answers"], &jarvis["csat"], &jarvis["standing"]),
            (&json!(0), &Value::Null, &json!("open"))
        );

        let (_, august) = ask(&app, "agents?from=2026-08&to=2026-09").await;
        assert_eq!(item(&august, "Sydney Carton")["figures"]["distribution"], json!([1, 0, 0, 0, 4]));
        let (_, september) = ask(&app, "agents?from=2026-09&to=2026-09").await;
        assert_eq!(item(&september, "Sydney Carton")["figures"]["answers"], json!(0));
        for wrong in ["agents?from=2026-13", "agents?from=2026-12&to=2026-11", "teams?from=1900-01", "teams?to=x"] {
            let (status, problem) = ask(&app, wrong).await;
            assert_eq!((status, &problem["code"]), (400, &json!("bad_period")), "{wrong}");
        }
    }
}

#[tokio::test]
async fn a_team_counts_its_agents_and_what_was_too_little_for_one() {
    for app in TestApp::on_both(|_| {}).await {
        let stage = Stage::set(&app).await;
        scores(&app, &stage.sydney, &stage.orders, "2026-10", &[(5, 5)]).await;
        let team =
            Release { scope: "team", agent: None, team: Some(&stage.orders), question: "score", month: "2026-10" };
        release(&app, team, &[(1, 6)], &[]).await;
        let everybody = Release { scope: "organisation", agent: None, team: None, question: "score", month: "2026-10" };
        release(&app, everybody, &[(3, 7)], &[]).await;
        let (_, teams) = ask(&app, "teams?from=2026-10&to=2026-10").await;
        assert_eq!(item(&teams, "Orders")["figures"]["distribution"], json!([6, 0, 0, 0, 5]));
        assert_eq!(item(&teams, "Billing")["figures"]["answers"], json!(0));
        let (_, agents) = ask(&app, "agents?from=2026-10&to=2026-10").await;
        assert_eq!(
            item(&agents, "Sydney Carton")["figures"]["answers"],
            json!(5),
            "nothing of the team's is the agent's"
        );
        let hr = app.sign_in(afterword::access::Role::Hr, &[], None).await;
        let page = hr.page("/ratings?from=2026-10&to=2026-10").await;
        assert!(page.contains("<b>18</b><span>answers<"), "{page}");
    }
}

#[tokio::test]
async fn differences_are_told_only_where_the_intervals_lie_apart() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    scores(&app, &stage.sydney, &stage.orders, "2026-10", &[(5, 5)]).await;
    scores(&app, &stage.lucie, &stage.billing, "2026-10", &[(5, 4), (1, 1)]).await;
    let hr = app.sign_in(afterword::access::Role::Hr, &[], None).await;
    let page = hr.page("/ratings").await;
    assert!(page.contains("No significant difference: each agent"), "{page}");
    scores(&app, &stage.lucie, &stage.billing, "2026-11", &[(1, 200)]).await;
    let (_, agents) = ask(&app, "agents").await;
    assert_eq!(item(&agents, "Lucie Manette")["figures"]["standing"], json!("below_others"));
    assert_eq!(item(&agents, "Sydney Carton")["figures"]["standing"], json!("above_others"));
    let by_name = hr.page("/ratings").await;
    assert!(by_name.find("Jarvis Lorry") < by_name.find("Lucie Manette"), "by name, whatever the figures");
    let sorted = hr.page("/ratings?sort=lower").await;
    assert!(sorted.find("Sydney Carton") < sorted.find("Lucie Manette"));
    assert!(sorted.find("Lucie Manette") < sorted.find("Jarvis Lorry"), "those who wait come last");
}

#[tokio::test]
async fn the_response_rate_is_coarse() {
    for app in TestApp::on_both(|_| {}).await {
        let stage = Stage::set(&app).await;
        invite(&app, &stage.sydney, &stage.orders, 5).await;
        let (_, before) = ask(&app, "agents").await;
        assert_eq!(item(&before, "Sydney Carton")["figures"]["response_rate_about"], Value::Null);
        scores(&app, &stage.sydney, &stage.orders, "2026-11", &[(5, 5)]).await;
        let (_, all) = ask(&app, "agents").await;
        let rate = item(&all, "Sydney Carton")["figures"]["response_rate_about"].as_f64();
        assert_eq!(rate, Some(0.9), "that all five have answered is not said");
    }
}
