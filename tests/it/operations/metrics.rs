//! Access to metrics, and their content.

use crate::app::{METRICS_TOKEN, TestApp, call_body};
use crate::surveys::ask;
use afterword::config::{Config, Secret};
use afterword::web::server::{self, Limits, Stop};
use std::collections::BTreeSet;
use std::time::Duration;

/// Serves the routes of operators on a separate listener; returns its URL.
async fn own_listener(app: &TestApp) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(server::serve(
        listener,
        app.app.operator_routes(),
        Limits::new(&app.app.config.http, 1024),
        Stop::default(),
    ));
    url
}

fn without_token(config: &mut Config) {
    config.metrics.token = Secret::default();
}

#[tokio::test]
async fn without_a_token_figures_are_on_a_listener_of_their_own_alone() {
    let app = TestApp::start_with(without_token).await;
    let answer = app.get("/metrics").await;
    assert_eq!(answer.status(), 404);
    let text = answer.text().await.unwrap();
    assert!(text.contains("metrics.token") && text.contains("metrics.listen"), "{text}");
    let url = own_listener(&app).await;
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert_eq!(reqwest::get(format!("{url}{path}")).await.unwrap().status(), 200, "{path}");
    }
    assert_eq!(reqwest::get(format!("{url}/sign-in")).await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_token_is_asked_for_on_every_listener() {
    let app = TestApp::start().await;
    let own = own_listener(&app).await;
    for url in [&app.url, &own] {
        for token in [None, Some("figures for the test"), Some("")] {
            let request = app.client.get(format!("{url}/metrics"));
            let request = match token {
                Some(token) => request.bearer_auth(token),
                None => request,
            };
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 401, "{token:?}");
            assert_eq!(answer.headers()["www-authenticate"], "Bearer realm=\"metrics\"");
            assert!(answer.text().await.unwrap().contains("metrics.token"));
        }
        let answer = app.client.get(format!("{url}/metrics")).bearer_auth(METRICS_TOKEN).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4");
        assert!(answer.text().await.unwrap().contains("jobs{"));
    }
}

#[tokio::test]
async fn no_series_moves_when_somebody_opens_or_answers_a_survey() {
    for app in TestApp::on_both(without_token).await {
        let asked = ask(&app, "jerry").await;
        let page = asked.page();
        let url = own_listener(&app).await;
        let figures = || async { reqwest::get(format!("{url}/metrics")).await.unwrap().text().await.unwrap() };
        // The order of the lines is not defined.
        let sorted = |text: String| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        // The first request creates the series.
        figures().await;
        let before = sorted(figures().await);
        assert_eq!(app.get(&page).await.status(), 200);
        app.client.head(format!("{}{page}", app.url)).send().await.unwrap();
        app.post(&page, &[("score", "4"), ("choice", "apart")]).await;
        app.post(&page, &[("score", "3"), ("choice", "apart")]).await;
        app.get("/s/unknown").await;
        app.get(&format!("{page}/nowhere")).await;
        app.get("/privacy").await;
        app.get("/favicon.ico").await;
        app.get("/logos/0000").await;
        app.post("/api/v1/surveys/standard/responses", &[]).await;
        assert_eq!(before, sorted(figures().await));
        // A request of any other page is counted at once.
        app.get("/sign-in").await;
        assert!(figures().await.contains("route=\"/sign-in\""));
        app.clock.advance(Duration::from_secs(86_400));
        let text = figures().await;
        let of_yesterday: Vec<_> = text.lines().filter(|line| line.starts_with("survey_requests_yesterday{")).collect();
        assert_eq!(of_yesterday.len(), 4, "{text}");
        assert!(text.contains("survey_requests_yesterday{status=\"4xx\"} 4\n"), "{of_yesterday:?}");
        assert!(!text.contains("survey_requests_yesterday{status=\"2xx\"} 0\n"), "{of_yesterday:?}");
    }
}

#[tokio::test]
async fn labels_name_no_interaction() {
    let app = TestApp::start().await;
    let key = app.key(afterword::access::principal::Scope::Ingest).await;
    app.put(&key, "phone/4711-abc", &call_body("jerry@example.net")).await;
    let figures = app.metrics().await;
    assert!(figures.contains("route=\"/api/v1/interactions/"), "{figures}");
    assert!(!figures.contains("4711-abc"), "{figures}");
}
