//! Every page, on a phone and on a desktop, light and dark, without a serious violation and without an error of the
//! browser.

use super::{app, link, sign_in};
use crate::app::demo_sound;
use crate::support::axe;
use crate::support::browser::{Browser, View};
use crate::support::smtp::SmtpServer;
use afterword::access::Role;
use std::time::Duration;

const VIEWS: [(&str, View); 2] = [("phone, dark", View::PHONE.dark()), ("desk, light", View::DESKTOP)];

async fn look(browser: &Browser, url: &str, page: &str) {
    for (name, view) in VIEWS {
        browser.look(view).await;
        browser.goto(url).await.unwrap();
        // At the end of the page nothing is covered by the player, which stays visible.
        browser.execute("window.scrollTo(0, document.body.scrollHeight)", vec![]).await.unwrap();
        axe::check(browser, &format!("{page} ({name})")).await;
        let wide = browser
            .execute("return document.documentElement.scrollWidth > window.innerWidth + 1", vec![])
            .await
            .unwrap();
        assert!(!wide.json().as_bool().unwrap(), "{page} ({name}) can be scrolled sideways");
        // The browser reports every status from 400 on, even where it is right: for an unknown link.
        let complaints =
            browser.complaints().await.into_iter().filter(|said| !said.contains(&format!("{url} - Failed to load")));
        assert_eq!(complaints.collect::<Vec<_>>(), Vec::<String>::new(), "{page} ({name})");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_pages_shut_nobody_out() {
    let (Some(server), Some(browser)) = (SmtpServer::start(), Browser::open(View::DESKTOP).await) else { return };
    let app = app(&server).await;
    look(&browser, &format!("{}/sign-in", app.url), "sign-in").await;
    let id = app.call("1", "jerry@customers.example").await;
    app.record("1", demo_sound("call-bad.ogg")).await;
    app.pass(Duration::from_secs(121)).await;
    let everywhere = ["/".to_owned(), "/ratings".into(), "/surveys/standard/results".into()];
    let listen = ["/interactions".to_owned(), format!("/interactions/{id}"), "/library".into()];
    let setup = [
        "/admin",
        "/admin/teams",
        "/admin/agents",
        "/admin/staff",
        "/admin/keys",
        "/admin/webhooks",
        "/admin/mail",
        "/admin/delivery",
        "/admin/skipped",
        "/admin/audit",
        "/admin/erasure",
        "/admin/suspects",
        "/admin/retention",
        "/admin/transcription",
        "/surveys",
        "/surveys/standard",
        "/surveys/standard?part=texts&language=de",
        "/surveys/standard?part=look",
        "/surveys/standard/publish",
        "/surveys/standard/versions",
        "/surveys/standard/preview?language=de&channel=chat",
        "/surveys/rules",
        "/surveys/rules?channel=call",
        "/surveys/rules/new",
    ]
    .map(str::to_owned);
    let seen_to = ["/follow-ups", "/account/alerts", "/feedback", "/quotes"].map(str::to_owned);
    let (line, take) = (format!("/interactions/{id}/transcript/0"), format!("/interactions/{id}/alternative"));
    for (role, teams, agent, pages) in [
        (Role::Supervisor, &["Orders"][..], None, [&everywhere[..], &listen, &[line, take], &seen_to].concat()),
        (Role::Agent, &[], Some("17"), [&everywhere[..], &listen, &["/learn".to_owned()]].concat()),
        (Role::Hr, &[], None, [&everywhere[..], &["/ratings/exclusions".to_owned()]].concat()),
        (Role::Admin, &[], None, [&everywhere[..], &setup].concat()),
    ] {
        let session = app.sign_in(role, teams, agent).await;
        browser.delete_all_cookies().await.unwrap();
        sign_in(&browser, &app, &session).await;
        for page in pages {
            look(&browser, &format!("{}{page}", app.url), &format!("{page} as {role:?}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_pages_shut_nobody_out_and_are_small() {
    let (Some(server), Some(browser)) = (SmtpServer::start(), Browser::open(View::PHONE).await) else { return };
    let app = app(&server).await;
    app.call("1", "jerry@customers.example").await;
    app.pass(Duration::from_secs(121)).await;
    let survey = link(&server.wait_for(1).await[0]);
    let path = survey.strip_prefix(&app.url).unwrap();
    let page = app.get(path).await;
    assert!(page.headers().get("set-cookie").is_none() && page.headers()["referrer-policy"] == "no-referrer");
    let size = page.bytes().await.unwrap().len();
    assert!(size < 14 * 1024, "the survey page has {size} bytes");
    look(&browser, &survey, "the survey").await;
    look(&browser, &format!("{survey}/contact"), "asking to be contacted").await;
    look(&browser, &survey.replace("/s/", "/u/"), "unsubscribing").await;
    look(&browser, &format!("{}/privacy", app.url), "what customers may know").await;
    look(&browser, &format!("{}/s/unknown", app.url), "an unknown link").await;
    app.post(path, &[("score", "2"), ("choice", "apart")]).await;
    look(&browser, &survey, "an answered survey").await;
    app.clock.advance(Duration::from_secs(15 * 86_400));
    look(&browser, &survey, "a closed survey").await;
}
