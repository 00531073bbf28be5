//! Lists that are filtered and sorted by measures.

use super::{QUARREL, chat};
use crate::app::{Session, TestApp, call_body};
use crate::support::heard::heard;
use afterword::access::Role;
use reqwest::Method;
use serde_json::Value;
use std::collections::HashSet;

/// Returns the external ids of a list.
async fn listed(session: &Session, query: &str) -> Vec<String> {
    let answer = session.api(Method::GET, &format!("/api/v1/interactions?{query}"), None).await;
    assert_eq!(answer.status(), 200, "{query}");
    let page: Value = answer.json().await.unwrap();
    page["items"].as_array().unwrap().iter().map(|i| i["external_id"].as_str().unwrap().to_owned()).collect()
}

/// Creates a call with a quarrel, one without words, and two chats.
async fn company(app: &TestApp) {
    let mut body = call_body("jerry@example.net");
    let quarrel = app.interaction("quarrel", &body).await;
    heard(app, &quarrel, QUARREL).await;
    body["started_at"] = "2026-11-20T11:20:00Z".into();
    let calm = app.interaction("calm", &body).await;
    heard(app, &calm, &[(0, 9_000, "agent", "Good morning, how can I help?"), (9_000, 10_000, "customer", "Thanks.")])
        .await;
    app.interaction("unheard", &body).await;
    app.interaction(
        "slow",
        &chat(
            "18",
            20,
            &[
                (0, "customer", "Hello?"),
                (600, "agent", "Good morning."),
                (1_100, "system", "This chat will be closed due to inactivity."),
            ],
        ),
    )
    .await;
    app.interaction("quick", &chat("18", 2, &[(0, "customer", "Hello?"), (20, "agent", "Good morning.")])).await;
    app.work().await;
}

#[tokio::test]
async fn measures_filter_and_sort_on_both_databases() {
    for app in TestApp::on_both(|_| {}).await {
        company(&app).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        for (query, wanted) in [
            ("silence_over_ms=19999", &["quarrel"][..]),
            ("silence_over_ms=20000", &[]),
            ("silence_over_ms=0", &["quarrel"]),
            ("interruptions_from=1", &["quarrel"]),
            ("interruptions_from=0&channel=call", &["quarrel", "calm"]),
            ("agent_share_over=0.8", &["calm"]),
            ("agent_share_under=0.8", &["quarrel"]),
            ("first_reply_over_ms=60000", &["slow"]),
            ("first_reply_over_ms=60000&channel=call", &[]),
            ("unanswered_over_ms=10000", &["slow", "quick"]),
            ("nags_from=1", &["slow"]),
            ("sort=silence", &["quarrel", "calm"]),
            ("sort=agent_share", &["calm", "quarrel"]),
            ("sort=unanswered", &["slow", "quick"]),
            ("sort=first_reply&first_reply_over_ms=0&nags_from=0", &["slow", "quick"]),
        ] {
            let mut found = listed(&admin, query).await;
            if query.starts_with("unanswered_over_ms") {
                found.sort_by_key(|id| id != "slow");
            }
            assert_eq!(found, wanted, "{query}");
        }
        let orders = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        assert_eq!(listed(&orders, "sort=unanswered").await, Vec::<String>::new(), "other teams' stay hidden");
        for query in ["sort=loudest", "agent_share_over=7"] {
            assert_eq!(
                admin.api(Method::GET, &format!("/api/v1/interactions?{query}"), None).await.status(),
                400,
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn sorted_pages_neither_skip_nor_repeat() {
    for app in TestApp::on_both(|_| {}).await {
        for n in 0..23_u32 {
            // Many waited equally long.
            let replies = [(0, "customer", "Hello?"), (60 + n / 5, "agent", "Good morning.")];
            app.interaction(&n.to_string(), &chat("18", 5, &replies)).await;
        }
        app.work().await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        for sort in ["sort=unanswered", "unanswered_over_ms=1000"] {
            let (mut all, mut cursor) = (Vec::new(), String::new());
            loop {
                let path = format!("/api/v1/interactions?{sort}&limit=5{cursor}");
                let page: Value = admin.api(Method::GET, &path, None).await.json().await.unwrap();
                all.extend(
                    page["items"].as_array().unwrap().iter().map(|i| i["external_id"].as_str().unwrap().to_owned()),
                );
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (23, 23), "{sort}: {all:?}");
            if sort == "sort=unanswered" {
                assert!(all[..3].iter().all(|id| id.parse::<u32>().unwrap() >= 20), "{all:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_page_keeps_what_is_asked_and_takes_it_back() {
    let app = TestApp::start().await;
    company(&app).await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let page = admin.page("/interactions?silence_over_ms=15000&agent_share_under=0.8&channel=call&sort=silence").await;
    assert_eq!(page.matches(r#"class="row-link""#).count(), 1);
    assert!(page.contains("Quiet for 20 seconds, agent speaks"), "{page}");
    assert!(page.contains(r#"<option value="15000" selected>over 15 seconds"#), "a value of one's own stays");
    assert!(page.contains("Without: Longest silence over 15 seconds") && page.contains("Without: Calls"), "{page}");
    let chips = &page[page.find(r#"class="chips""#).unwrap()..];
    let mut links = chips.split(r#"<li><a href=""#).skip(1).map(|part| part.split('"').next().unwrap());
    let without = links.find(|href| !href.contains("silence_over_ms"));
    assert!(
        without.unwrap().contains("agent_share_under=0.8") && without.unwrap().contains("sort=silence"),
        "{without:?}"
    );
    assert!(admin.page("/interactions?silence_over_ms=600000").await.contains("No matching conversations"));
    for query in ["silence_over_ms=x", "agent_share_over=2", "sort=up", "nags_from=-1"] {
        assert_eq!(admin.get(&format!("/interactions?{query}")).await.status(), 400, "{query}");
    }
}
