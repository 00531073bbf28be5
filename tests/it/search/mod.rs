//! Full-text search: the same results on both databases.

mod gone;
mod pages;
mod speed;

use crate::app::{Session, TestApp, call_body};
use crate::measures::chat;
use crate::support::heard::{Said, heard};
use afterword::access::Role;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use reqwest::Method;
use serde_json::Value;

const CALL: &[Said<'_>] = &[
    (0, 4_000, "agent", "Good morning, Müller's office. How can I help?"),
    (4_500, 9_000, "customer", "I lost my parcel, and I don’t have order 1,200 any more."),
    (9_500, 12_000, "agent", "The parcel is lost? I am losing my patience with this courier."),
    (13_000, 15_000, "customer", "我的包裹丢了，택배를 잃어버렸어요."),
    (16_000, 18_000, "customer", "Write to emma.clark@mail.example or call 0306 999 0123."),
];

/// Searches; returns "external part: lines" for each result; the links of interactions lead to their first hits.
pub async fn ask(session: &Session, query: &str) -> Value {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", query).finish();
    ask_for(session, &query).await
}

/// The same with more parameters.
pub async fn ask_for(session: &Session, parameters: &str) -> Value {
    let answer = session.api(Method::GET, &format!("/api/v1/search?{parameters}"), None).await;
    assert_eq!(answer.status(), 200, "{parameters}");
    answer.json().await.unwrap()
}

/// Returns the times of the hits, ms, over all results.
pub fn times(found: &Value) -> Vec<i64> {
    let hits = found["items"].as_array().unwrap().iter().flat_map(|item| item["hits"].as_array().unwrap());
    hits.map(|hit| hit["start_ms"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn the_same_is_found_on_both_databases() {
    for app in TestApp::on_both(|_| {}).await {
        let id = app.interaction("1", &call_body("jerry@example.net")).await;
        heard(&app, &id, CALL).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        for (query, wanted) in [
            ("parcel", &[4_500, 9_500][..]),
            ("PARCEL", &[4_500, 9_500]),
            ("muller", &[0]),
            ("MÜLLER", &[0]),
            ("mu\u{308}ller’s", &[0]),
            ("\"lost my parcel\"", &[4_500]),
            ("\"parcel lost\"", &[]),
            ("\"parcel is lost\"", &[9_500]),
            ("lost parcel", &[4_500, 9_500]),
            ("los*", &[4_500, 9_500]),
            ("los", &[]),
            ("losing OR morning", &[0, 9_500]),
            ("parcel -courier", &[4_500]),
            ("parcel -\"lost my\"", &[9_500]),
            ("\"my par\"*", &[4_500]),
            ("\"my par\"", &[]),
            ("don't", &[4_500]),
            ("don’t have", &[4_500]),
            ("1200", &[4_500]),
            ("1,200", &[4_500]),
            ("包裹", &[13_000]),
            ("裹", &[13_000]),
            ("裹包", &[]),
            ("包裹 택배", &[13_000]),
            ("잃어", &[13_000]),
            ("我的包裹丢了", &[13_000]),
            // Masked text is not in the index, and neither are its replacements.
            ("emma", &[]),
            ("emma.clark@mail.example", &[]),
            ("0306", &[]),
            ("e-mail", &[]),
            ("phone", &[]),
            ("write call", &[16_000]),
            ("\"write to or call\"", &[]),
            ("quark", &[]),
            ("help?", &[0]),
        ] {
            assert_eq!(times(&ask(&admin, query).await), wanted, "{query}");
        }
    }
}

#[tokio::test]
async fn only_what_one_may_see_is_found_and_filters_narrow() {
    for app in TestApp::on_both(|_| {}).await {
        let id = app.interaction("1", &call_body("jerry@example.net")).await;
        heard(&app, &id, CALL).await;
        app.interaction(
            "2",
            &chat(
                "18",
                9,
                &[
                    (0, "customer", "My parcel was charged twice"),
                    (30, "agent", "Which parcel?"),
                    (31, "bot", "A parcel"),
                ],
            ),
        )
        .await;
        app.work().await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let (orders, lucie) = (app.team("Orders").await, app.agent("18").await);
        for (parameters, wanted) in [
            ("q=parcel".to_owned(), &[4_500, 9_500, 0, 30_000, 31_000][..]),
            ("q=parcel&speaker=agent".into(), &[9_500, 30_000]),
            ("q=parcel&speaker=customer".into(), &[4_500, 0]),
            ("q=parcel&channel=chat".into(), &[0, 30_000, 31_000]),
            (format!("q=parcel&team={orders}"), &[4_500, 9_500]),
            (format!("q=parcel&agent={lucie}&speaker=agent"), &[30_000]),
            ("q=parcel&queue=billing-en&speaker=agent".into(), &[30_000]),
            ("q=parcel&queue=billing".into(), &[]),
            ("q=parcel&from=2026-11-20T11:00:00Z".into(), &[4_500, 9_500]),
            ("q=parcel&before=2026-11-20T11:00:00Z&speaker=agent".into(), &[30_000]),
            ("q=parcel&limit=1".into(), &[4_500, 9_500]),
        ] {
            assert_eq!(times(&ask_for(&admin, &parameters).await), wanted, "{parameters}");
        }
        for (role, teams, agent, lines) in [
            (Role::Supervisor, &["Orders"][..], None, 2),
            (Role::Supervisor, &["Returns"], None, 0),
            (Role::Agent, &[], Some("18"), 3),
            (Role::Agent, &[], None, 0),
        ] {
            let who = app.sign_in(role, teams, agent).await;
            assert_eq!(times(&ask(&who, "parcel").await).len(), lines, "{role:?} {teams:?}");
        }
        let hr = app.sign_in(Role::Hr, &[], None).await;
        assert_eq!(hr.api(Method::GET, "/api/v1/search?q=parcel", None).await.status(), 403);
        let searched = afterword::audit::Filter { action: "transcripts.searched".into(), ..Default::default() };
        let looks = app.app.audit.lines(&searched, &afterword::paging::Cursor::start(), 100).await.unwrap().items.len();
        assert_eq!(looks, 12, "each look that showed something is written down");
        for parameters in ["q=", "q=-parcel", "q=x&team=x", "q=x&speaker=bot", "q=x&from=monday", "q=x&cursor=x", ""] {
            let refused = admin.api(Method::GET, &format!("/api/v1/search?{parameters}"), None).await;
            assert_eq!(refused.status(), 400, "{parameters}");
        }
    }
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat() {
    for app in TestApp::on_both(|_| {}).await {
        for n in 0..7 {
            // All at the same time.
            app.interaction(
                &n.to_string(),
                &chat("18", 9, &[(0, "customer", "parcel"), (9, "agent", "parcel parcel")]),
            )
            .await;
        }
        app.work().await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let (mut seen, mut cursor) = (std::collections::HashSet::new(), String::new());
        loop {
            let page = ask_for(&admin, &format!("q=parcel&limit=3{cursor}")).await;
            for item in page["items"].as_array().unwrap() {
                assert_eq!(item["lines"], 2);
                assert!(seen.insert(item["interaction"].as_str().unwrap().to_owned()));
            }
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), 7);
    }
}

#[tokio::test]
async fn nothing_that_is_typed_breaks_it() {
    for app in TestApp::on_both(|_| {}).await {
        let id = app.interaction("1", &call_body("jerry@example.net")).await;
        let nasty = "'; DROP TABLE jobs; -- \\ ' \" : & | ! ( ) * NEAR tokens: \u{fffc} ß İ ﷽ 👩‍👩‍👧 \u{202e}";
        let long = format!("{}{}", "word ".repeat(20_000), "包".repeat(3_000));
        heard(&app, &id, &[(0, 1, "agent", nasty), (1, 2, "customer", &long)]).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        assert_eq!(times(&ask(&admin, "drop").await), [0]);
        assert_eq!(times(&ask(&admin, &"包".repeat(30)).await), [1], "over the borders of parts");
        let mut runner = TestRunner::deterministic();
        let any = proptest::string::string_regex("[\\PC\"'*|()&!:<>\\\\\u{0}-]{0,40}").unwrap();
        let fixed = [nasty, "\u{0}", "a* b* c*", "NEAR(a b)", "tokens : a", "a <-> b", "^a", "{a}", "-", "\"", "* *"]
            .map(str::to_owned);
        let made: Vec<String> = (0..150).map(|_| any.new_tree(&mut runner).unwrap().current()).collect();
        for query in fixed.into_iter().chain(made) {
            let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
            let answer = admin.api(Method::GET, &format!("/api/v1/search?q={encoded}"), None).await;
            assert!([200, 400].contains(&answer.status().as_u16()), "{query:?}: {}", answer.status());
        }
    }
}
