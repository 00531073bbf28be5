//! One lost parcel, from the call to HR's view of it.

use super::{app, link, sign_in};
use crate::app::{call_body, demo_sound};
use crate::support::axe;
use crate::support::browser::{Browser, View};
use crate::support::smtp::SmtpServer;
use afterword::access::Role;
use std::time::Duration;

const COMMENT: &str = "She told me what <b>went wrong</b>, before I asked 🙂";

#[tokio::test(flavor = "multi_thread")]
async fn from_the_call_to_the_library_and_the_rating() {
    let (Some(server), Some(phone)) = (SmtpServer::start(), Browser::open(View::PHONE.without_javascript()).await)
    else {
        return;
    };
    let app = app(&server).await;

    // The call, and five customers of the same agent, so that a pool is full.
    let id = app.call("1", "emma@customers.example").await;
    assert_eq!(app.record("1", demo_sound("call-good.flac")).await.status(), 201);
    for n in 2..=5 {
        app.interaction(&n.to_string(), &call_body(&format!("customer{n}@customers.example"))).await;
    }
    app.pass(Duration::from_secs(121)).await;
    let mails = server.wait_for(5).await;
    let emma = mails.iter().find(|m| m.header("To").unwrap().contains("emma@")).unwrap();
    assert!(emma.html().unwrap().contains("?score=4") && emma.header("List-Unsubscribe").unwrap().contains("/u/"));

    // The customer, on a phone, without JavaScript: a tap on 4 in the mail, a comment, Send.
    phone.goto(format!("{}?score=4", link(emma))).await.unwrap();
    axe_without_scripts(&phone).await;
    assert!(
        phone.find(thirtyfour::By::Css("input[name=score][value='4']")).await.unwrap().is_selected().await.unwrap()
    );
    phone.press("label:has(input[name=resolved][value=yes])").await;
    phone.fill("textarea[name=comment]", COMMENT).await;
    phone.press("[name=choice][value=linked]").await;
    phone.screenshot("journey-survey").await;
    phone.press("button.go").await;
    assert!(phone.text("main").await.contains("Thank you"));
    for mail in mails.iter().filter(|mail| mail.header("Message-ID") != emma.header("Message-ID")) {
        let path = link(mail).split_once("/s/").map(|(_, token)| format!("/s/{token}")).unwrap();
        let answer = app.post(&path, &[("score", "5"), ("resolved", "yes"), ("choice", "linked")]).await;
        assert!(answer.status().is_success() || answer.status().is_redirection(), "{}", answer.status());
    }

    // The supervisor plays it, reads it, sees the rating next to it, and flags it.
    let desk = Browser::open(View::DESKTOP).await.unwrap();
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    sign_in(&desk, &app, &supervisor).await;
    desk.goto(format!("{}/interactions/{id}", app.url)).await.unwrap();
    let page = desk.text("main").await;
    assert!(page.contains("went wrong") && page.contains("<b>"), "the answer is not beside the call: {page}");
    assert!(!page.contains("emma") && !page.contains("Jerry"), "the page tells who the customer is");
    assert!(page.contains("package") && page.contains("Thursday"), "the transcript is not there: {page}");
    desk.press("#flag summary").await;
    desk.fill("#flag-start", "0:42").await;
    desk.fill("#flag-end", "0:57").await;
    desk.fill("input[name=title]", "Says what happens next").await;
    desk.fill("#flag-why", "Names the day before she is asked.").await;
    desk.fill("input[name=skills]", "Says what happens next").await;
    desk.screenshot("journey-interaction").await;
    // At its end, where the player covers nothing.
    desk.execute("window.scrollTo(0, document.body.scrollHeight)", vec![]).await.unwrap();
    axe::check(&desk, "the interaction page").await;
    desk.press("#flag form button.primary").await;
    assert!(desk.text("main").await.contains("Names the day"));
    app.work().await;
    desk.refresh().await.unwrap();
    desk.text("[data-waveform]").await;
    assert_eq!(desk.complaints().await, Vec::<String>::new());

    // The new agent learns from it, which is recorded.
    app.interaction(
        "99",
        &serde_json::json!({ "agent": { "external_id": "99", "name": "Nora Quinn" }, "team": "Orders" }),
    )
    .await;
    let nora = app.sign_in(Role::Agent, &[], Some("99")).await;
    let study = Browser::open(View::PHONE).await.unwrap();
    sign_in(&study, &app, &nora).await;
    study.goto(format!("{}/learn", app.url)).await.unwrap();
    axe::check(&study, "the learn page").await;
    study.press("main a[href^='/library/']").await;
    assert!(study.text("main").await.contains("Names the day"));
    study.press("form[action$='/completion'] button").await;
    study.goto(format!("{}/learn", app.url)).await.unwrap();
    assert!(study.text("main").await.contains("Says what happens next"));
    assert!(nora.page("/learn").await.contains("finished"), "what was finished is not remembered");

    // HR sees the agent's rating once it is released, and nothing that identifies a customer.
    let hr = app.sign_in(Role::Hr, &[], None).await;
    assert!(hr.page("/ratings").await.contains("Waiting for more answers"), "a rating shows before its release");
    for _ in 0..4 {
        app.pass(Duration::from_secs(900)).await;
    }
    let ratings = hr.page("/ratings").await;
    assert!(ratings.contains("100") && ratings.contains("Sydney Carton") && ratings.contains("57"), "{ratings}");
    assert!(!ratings.contains("/interactions/") && !ratings.contains("went wrong"), "HR can get to a single answer");
    assert_eq!(hr.get(&format!("/interactions/{id}")).await.status(), 403);
}

/// axe needs scripts; without them the page is only checked for the basic requirements of every page.
async fn axe_without_scripts(phone: &Browser) {
    for needed in ["html[lang]", "title", "main", "h1", "fieldset legend"] {
        assert!(phone.find(thirtyfour::By::Css(needed)).await.is_ok(), "the survey page has no {needed}");
    }
}
