//! Days: the customer's in mail and page, the company's everywhere else; on both databases.

use super::{answer, ask_about, mail_to, page};
use crate::anonymity::{ask_many, ripen_and_release};
use crate::app::{BEGIN, TestApp, call_body};
use afterword::access::Role;
use afterword::clock::Timestamp;
use afterword::config::Config;
use serde_json::Value;
use std::time::Duration;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn call(email: &str, started: &str, answered: &str, ended: &str) -> Value {
    let mut body = call_body(email);
    (body["started_at"], body["answered_at"], body["ended_at"]) = (started.into(), answered.into(), ended.into());
    body
}

fn us(email: &str) -> Value {
    call(email, "2026-11-20T22:24:00-05:00", "2026-11-20T22:24:31-05:00", "2026-11-20T22:30:02-05:00")
}

fn nz(email: &str) -> Value {
    call(email, "2026-11-21T08:24:00+13:00", "2026-11-21T08:24:31+13:00", "2026-11-21T08:30:02+13:00")
}

fn in_utc(email: &str) -> Value {
    call(email, "2026-11-21T03:24:00Z", "2026-11-21T03:24:31Z", "2026-11-21T03:30:02Z")
}

fn zone(config: &mut Config, name: &str) {
    config.company.time_zone = name.parse().unwrap();
}

#[tokio::test]
async fn mails_name_the_day_of_the_customer() {
    for (company, utc_day) in [("UTC", "on 21 November"), ("America/New_York", "on 20 November")] {
        for app in TestApp::on_both(|c| zone(c, company)).await {
            app.clock.set(at("2026-11-21T04:00:00Z"));
            for (id, body, day, until) in [
                ("us", us("us@example.net"), "on 20 November", "open until 4 December"),
                ("nz", nz("nz@example.net"), "on 21 November", "open until 5 December"),
                ("utc", in_utc("utc@example.net"), utc_day, "open until"),
            ] {
                ask_about(&app, id, &body).await;
                let mail = mail_to(&app, &format!("{id}@example.net"));
                assert!(mail.contains(&format!("You talked to us {day}.")), "{company} {id}: {mail}");
                assert!(mail.contains(until), "{company} {id}: {mail}");
            }
        }
    }
}

#[tokio::test]
async fn the_offset_that_was_sent_is_kept() {
    for app in TestApp::on_both(|_| {}).await {
        let offset = async |id: &str, body: &Value| {
            let id = app.interaction(id, body).await;
            let found = app.app.interactions.for_survey(&id).await.unwrap().unwrap();
            found.utc_offset
        };
        assert_eq!(offset("us", &us("a@example.net")).await, Some(-300));
        assert_eq!(offset("nz", &nz("b@example.net")).await, Some(780));
        assert_eq!(offset("utc", &in_utc("c@example.net")).await, None);
        // The end alone tells it too; an update without an offset does not unlearn it.
        let ended = serde_json::json!({ "ended_at": "2026-11-20T17:00:00+05:30" });
        assert_eq!(offset("in", &ended).await, Some(330));
        assert_eq!(offset("in", &serde_json::json!({ "ended_at": "2026-11-20T11:30:00Z" })).await, Some(330));
    }
}

/// Released figures keep the month of their release when the time zone is changed.
#[tokio::test]
async fn months_of_ratings_are_those_of_the_company() {
    for app in TestApp::on_both(|c| zone(c, "Pacific/Auckland")).await {
        // In UTC still November.
        app.clock.set(at("2026-11-30T14:00:00Z"));
        let asked = ask_many(&app, "17", "Orders", 5).await;
        for one in &asked {
            answer(&app, one, &[("score", "4"), ("choice", "apart")]).await;
        }
        assert_eq!(ripen_and_release(&app).await, 1);
        assert!(app.app.clock.now() < at("2026-12-01T00:00:00Z"));
        let hr = app.sign_in(Role::Hr, &[], None).await;
        let figures = |text: String| text.lines().filter(|line| line.contains(",5,1.0000")).count();
        assert_eq!(figures(hr.page("/ratings.csv?from=2026-12&to=2026-12").await), 1);
        assert_eq!(figures(hr.page("/ratings.csv?from=2026-11&to=2026-11").await), 0);
        assert!(hr.page("/ratings").await.contains("Dec 2026"));
        let url = app.restarted_with(|c| zone(c, "America/Los_Angeles")).await;
        for (month, wanted) in [("2026-12", 1), ("2026-11", 0)] {
            let request = app.client.get(format!("{url}/ratings.csv?from={month}&to={month}"));
            let answer = request.header("cookie", &hr.cookie).send().await.unwrap();
            assert_eq!(figures(answer.text().await.unwrap()), wanted, "{month}");
        }
    }
}

#[tokio::test]
async fn retention_ends_with_the_day_of_the_company() {
    let change = |c: &mut Config| {
        zone(c, "Pacific/Auckland");
        c.retention.interactions = "30d".parse().unwrap();
    };
    for app in TestApp::on_both(change).await {
        // 21 November there; kept for thirty days after that day.
        app.call("1", "jerry@example.net").await;
        let count = async || crate::surveys::answering::count(&app, "interactions").await;
        let stop = tokio_util::sync::CancellationToken::new();
        for (now, left) in [("2026-12-21T10:50:00Z", 1), ("2026-12-21T11:10:00Z", 0)] {
            app.clock.set(at(now));
            app.app.privacy.retain(&stop).await.unwrap();
            assert_eq!(count().await, left, "{now}");
        }
        let admin = app.sign_in(Role::Admin, &[], None).await;
        assert!(admin.page("/admin/retention").await.contains("2026-12-22"));
    }
}

#[tokio::test]
async fn pages_of_staff_name_the_zone_of_the_company() {
    let app = TestApp::start_with(|c| zone(c, "Pacific/Auckland")).await;
    assert_eq!(app.app.clock.now(), BEGIN);
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    assert!(supervisor.page("/").await.contains("data-time-zone=\"Pacific/Auckland\""));
    assert_eq!(app.app.followups.today(), "2026-11-21", "a follow-up may be due from today on");
    app.pass(Duration::from_secs(1)).await;
    assert_eq!(page(&app, "/healthz").await.0, 200);
}
