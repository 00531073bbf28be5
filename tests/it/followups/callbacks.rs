//! Callback requests: sealed, separate from every answer, handed over by the day.

use super::{linked, list, ripen};
use crate::anonymity::{ask_many, bytes_on_disk, differing, dump, holds};
use crate::app::TestApp;
use crate::surveys::{Asked, answer, ask, mails, page, post};
use afterword::access::Role;
use afterword::audit::Filter;
use afterword::paging::Cursor;
use std::collections::BTreeSet;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3600);
const REQUEST: [(&str, &str); 3] = [("name", "Jerry Cruncher"), ("reach", "+44 306 999 0123"), ("about", "order 4711")];

fn contact(asked: &Asked) -> String {
    format!("{}/contact", asked.page())
}

/// Records a callback request, which must be accepted.
async fn callback(app: &TestApp, asked: &Asked, more: &[(&str, &str)]) {
    let (status, text) = post(app, &contact(asked), &[&REQUEST[..], more].concat()).await;
    assert!(status == 200 && text.contains("We will get in touch"), "{status}: {text}");
}

/// Advances until the requests of the day are handed over: they are gathered on the next day, and the last of them has
/// its time for changes.
async fn next_day(app: &TestApp) {
    ripen(app).await;
    app.pass(DAY).await;
    app.pass(HOUR).await;
}

#[tokio::test]
async fn callback_request_is_sealed_and_handed_over_the_next_day() {
    for app in TestApp::on_both(|_| {}).await {
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let other = app.sign_in(Role::Supervisor, &["Billing"], None).await;
        own.post("/account/alerts", &[("alerts", "callback_request")]).await;
        let asked = ask(&app, "jerry").await;
        let (before, sent) = (dump(&app).await, mails(&app).len());
        callback(&app, &asked, &[]).await;
        let after = dump(&app).await;
        assert_eq!(differing(&before, &after), ["callback_requests"], "in a transaction of its own");
        assert!(!format!("{after:?}").contains("Cruncher") && !format!("{after:?}").contains("999 0123"));
        ripen(&app).await;
        assert!(list(&own, "open").await.is_empty() && mails(&app).len() == sent, "not on the same day");
        assert!(
            dump(&app).await["callback_requests"]
                .iter()
                .all(|row| !row.contains("|2|") && !row.contains(r#""mix_passes":2"#))
        );
        app.pass(DAY).await;
        app.pass(HOUR).await;
        let open = list(&own, "open").await;
        assert_eq!((open.len(), open[0]["reason"].as_str()), (1, Some("callback_request")));
        assert!(open[0]["interaction_id"].is_null() && open[0]["agent"].is_null(), "{open:?}");
        assert!(list(&other, "open").await.is_empty());
        let alert = mails(&app);
        let alert = alert.iter().find(|mail| mail.contains(&own.email)).unwrap();
        assert!(alert.contains("asks your teams to be contacted") && !alert.contains("Cruncher"));
        // Accessible to supervisors of the team, and each access is recorded.
        let id = open[0]["id"].as_str().unwrap();
        assert!(!own.page(&format!("/follow-ups/{id}")).await.contains("Cruncher"));
        assert_eq!(other.post(&format!("/follow-ups/{id}/contact"), &[]).await.status(), 404);
        let shown = own.post(&format!("/follow-ups/{id}/contact"), &[]).await.text().await.unwrap();
        assert!(
            shown.contains("Jerry Cruncher") && shown.contains("tel:+443069990123") && shown.contains("order 4711")
        );
        let read = own.get(&format!("/api/v1/follow-ups/{id}/contact")).await.text().await.unwrap();
        assert!(read.contains("Jerry Cruncher"));
        let opened = Filter { action: "contact.opened".into(), ..Filter::default() };
        let lines = app.app.audit.lines(&opened, &Cursor::start(), 10).await.unwrap().items;
        assert_eq!(lines.len(), 2, "each opening is a line");
        assert!(!format!("{lines:?}").contains("Cruncher"));
    }
}

#[tokio::test]
async fn callback_requests_of_each_day_wait_for_the_next() {
    for app in TestApp::on_both(|_| {}).await {
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        for n in 1..=3 {
            let asked = ask(&app, &format!("jerry{n}")).await;
            callback(&app, &asked, &[]).await;
            ripen(&app).await;
            assert_eq!(list(&own, "open").await.len(), n - 1, "not on the day of the wish");
            app.pass(DAY).await;
            assert_eq!(
                list(&own, "open").await.len(),
                n - 1,
                "whoever wished a minute before midnight may still change it"
            );
            app.pass(HOUR).await;
            assert_eq!(list(&own, "open").await.len(), n);
        }
    }
}

#[tokio::test]
async fn callback_request_is_never_joined_to_an_apart_answer() {
    for app in TestApp::on_both(|_| {}).await {
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let asked = ask_many(&app, "17", "Orders", 4).await;
        for one in &asked {
            answer(&app, one, &[("score", "1"), ("comment", "It took long"), ("choice", "apart")]).await;
            // The choice is not offered, and is ignored if it is sent anyway.
            assert!(!page(&app, &contact(one)).await.1.contains("name=\"join\""));
            callback(&app, one, &[("join", "yes")]).await;
        }
        ripen(&app).await;
        let before = dump(&app).await;
        next_day(&app).await;
        let all = dump(&app).await;
        let words = |table: &str| -> BTreeSet<String> {
            let split =
                |row: &String| row.split(['|', '\'', '"', ',', ':', '{', '}']).map(str::to_owned).collect::<Vec<_>>();
            all[table].iter().flat_map(split).filter(|word| word.len() >= 16).collect()
        };
        let callbacks: BTreeSet<String> = words("callback_requests").union(&words("follow_ups")).cloned().collect();
        for table in ["sealed_answers", "spent_tokens", "invitations", "interactions", "responses", "outbox"] {
            let team: BTreeSet<String> = words("teams");
            let shared: Vec<_> =
                words(table).intersection(&callbacks).filter(|w| !team.contains(*w)).cloned().collect();
            assert!(shared.is_empty(), "{table} shares {shared:?}");
        }
        // The key does not help: nothing in the database leads to a request.
        let vault = &app.app.vault;
        for table in all.keys().filter(|table| *table != "callback_requests" && *table != "follow_ups") {
            for word in words(table) {
                assert!(!callbacks.contains(&vault.keyed_hash("callback request", word.as_bytes())), "{table}: {word}");
            }
        }
        // All four have the same day and no time.
        let follow_ups = list(&own, "open").await;
        assert_eq!(follow_ups.len(), 4);
        assert!(
            follow_ups.iter().all(|f| f["opened_on"] == follow_ups[0]["opened_on"] && f["interaction_id"].is_null())
        );
        let now = app.app.clock.now().0.to_string();
        assert!(!format!("{:?}{:?}", all["follow_ups"], all["callback_requests"]).contains(&now[..6]));
        // Handing them over changed no answer.
        assert_eq!(before["spent_tokens"], all["spent_tokens"]);
    }
}

#[tokio::test]
async fn only_the_customer_joins_a_callback_request_to_a_linked_answer() {
    for app in TestApp::on_both(|_| {}).await {
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let (joined, not, regretted) =
            (ask(&app, "joined").await, ask(&app, "not").await, ask(&app, "regretted").await);
        for asked in [&joined, &not, &regretted] {
            linked(&app, asked, "4").await;
            assert!(page(&app, &contact(asked)).await.1.contains("name=\"join\" value=\"yes\">"), "offered, off");
        }
        callback(&app, &joined, &[("join", "yes")]).await;
        callback(&app, &not, &[]).await;
        callback(&app, &regretted, &[("join", "yes")]).await;
        answer(&app, &regretted, &[("score", "4"), ("choice", "apart")]).await;
        next_day(&app).await;
        let open = list(&own, "open").await;
        assert_eq!(open.len(), 3);
        let named: Vec<_> = open.iter().filter_map(|f| f["interaction_id"].as_str()).collect();
        assert_eq!(named, [joined.interaction.as_str()]);
    }
}

#[tokio::test]
async fn callback_request_is_changeable_until_handover_and_retractable_while_the_link_is_open() {
    for app in TestApp::on_both(|_| {}).await {
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let asked = ask(&app, "jerry").await;
        let path = contact(&asked);
        callback(&app, &asked, &[]).await;
        assert!(page(&app, &path).await.1.contains("Jerry Cruncher"), "by the link one's own wish can be read");
        let changed = [("name", "Roger Cly"), ("reach", "roger@example.net")];
        assert_eq!(post(&app, &path, &changed).await.0, 200);
        assert_eq!(post(&app, &path, &[("do", "withdraw")]).await.0, 200);
        assert!(dump(&app).await["callback_requests"].is_empty());
        assert_eq!(post(&app, &path, &changed).await.0, 200);
        next_day(&app).await;
        let (status, text) = post(&app, &path, &REQUEST).await;
        assert!(status == 409 && text.contains("The team has your request"), "{status}: {text}");
        let id = list(&own, "open").await[0]["id"].as_str().unwrap().to_owned();
        let shown = own.post(&format!("/follow-ups/{id}/contact"), &[]).await.text().await.unwrap();
        assert!(shown.contains("Roger Cly") && shown.contains("mailto:roger@example.net"));
        assert_eq!(post(&app, &path, &[("do", "withdraw")]).await.0, 200);
        assert_eq!(own.post(&format!("/follow-ups/{id}/contact"), &[]).await.status(), 409, "erased at once");
        app.pass(Duration::from_secs(301)).await;
        let closed = list(&own, "closed").await;
        assert_eq!((closed[0]["reason"].as_str(), closed[0]["outcome"].as_str()), (Some("removed"), Some("withdrawn")));
        assert_eq!(own.post(&format!("/follow-ups/{id}/undo"), &[]).await.status(), 409);
        app.clock.advance(15 * DAY);
        assert_eq!(page(&app, &path).await.0, 410, "the link has closed");
        assert_eq!(post(&app, &path, &REQUEST).await.0, 410);
    }
}

#[tokio::test]
async fn what_the_customer_left_is_erased_some_time_after_the_follow_up_is_closed() {
    for app in TestApp::on_both(|_| {}).await {
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let asked = ask(&app, "jerry").await;
        callback(&app, &asked, &[]).await;
        next_day(&app).await;
        let id = list(&own, "open").await[0]["id"].as_str().unwrap().to_owned();
        let outcome = [("outcome", "reached"), ("cause", "delivery")];
        own.post(&format!("/follow-ups/{id}/outcome"), &outcome).await;
        app.pass(29 * DAY).await;
        // A session expires after a week.
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        assert_eq!(dump(&app).await["callback_requests"].len(), 1);
        // Reopened: kept. Closed again: the time starts again.
        own.post(&format!("/follow-ups/{id}/undo"), &[]).await;
        app.pass(10 * DAY).await;
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        assert_eq!(dump(&app).await["callback_requests"].len(), 1);
        own.post(&format!("/follow-ups/{id}/outcome"), &outcome).await;
        app.pass(30 * DAY).await;
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        assert!(dump(&app).await["callback_requests"].is_empty());
        assert_eq!(own.post(&format!("/follow-ups/{id}/contact"), &[]).await.status(), 409);
        assert!(own.page(&format!("/follow-ups/{id}")).await.contains("It has been erased"));
        assert!(!holds(&bytes_on_disk(&app), "Cruncher"));
    }
}

#[tokio::test]
async fn the_page_refuses_with_everything_kept_and_tells_nobody() {
    let app = TestApp::start().await;
    let asked = ask(&app, "jerry").await;
    let before = dump(&app).await;
    for form in [
        &[("name", "Jerry"), ("reach", "call me")][..],
        &[("reach", "12345")],
        &[("name", "x"), ("reach", "12345"), ("website", "y")],
    ] {
        let (status, text) = post(&app, &contact(&asked), form).await;
        assert_eq!(status, 422, "{text}");
        assert!(form.iter().filter(|(name, _)| *name != "website").all(|(_, value)| text.contains(value)), "{text}");
    }
    let answer = app.get(&contact(&asked)).await;
    assert!(!answer.headers().contains_key("set-cookie"));
    assert_eq!(
        (&answer.headers()["referrer-policy"], &answer.headers()["cache-control"]),
        (&"no-referrer".parse().unwrap(), &"no-store".parse().unwrap())
    );
    assert_eq!(dump(&app).await, before, "looking and failing record nothing");
    assert_eq!(page(&app, "/s/unknown/contact").await.0, 404);
}
