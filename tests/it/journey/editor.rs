//! The editor of surveys in a real browser: with scripts it saves automatically and shows the saved state; without
//! scripts every button works, too.

use super::{app, sign_in};
use crate::app::TestApp;
use crate::support::browser::{Browser, View};
use crate::support::smtp::SmtpServer;
use afterword::access::Role;
use thirtyfour::prelude::*;

/// Presses the element of the selector, scrolled to the middle of the window, as the phone's navigation covers its
/// bottom.
async fn press(browser: &Browser, css: &str) {
    let element = browser.query(By::Css(css)).first().await.unwrap_or_else(|error| panic!("{css}: {error}"));
    let element_json = element.to_json().unwrap();
    browser.execute("arguments[0].scrollIntoView({ block: 'center' })", vec![element_json]).await.unwrap();
    element.click().await.unwrap_or_else(|error| panic!("{css}: {error}"));
}

async fn open(view: View) -> Option<(SmtpServer, TestApp, Browser)> {
    let (server, browser) = (SmtpServer::start()?, Browser::open(view).await?);
    let app = app(&server).await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    sign_in(&browser, &app, &admin).await;
    browser.goto(format!("{}/surveys", app.url)).await.unwrap();
    browser.fill("#name", "After chats").await;
    browser.press("form[action='/surveys/new'] button").await;
    browser.reads("h1", "After chats").await;
    Some((server, app, browser))
}

/// Adds a follow-up to the first question: shown at 1 and 2.
async fn add_follow_up(browser: &Browser) {
    press(browser, "#new-kind option[value='one_of']").await;
    press(browser, "button[value='add']").await;
    browser.text("#q4").await;
    press(browser, "#q4-if option[value='1']").await;
}

/// Returns whether the preview shows the follow-up before and after an unhappy answer; its scripts are off in either
/// case.
async fn preview_follows(browser: &Browser) -> (bool, bool) {
    let frame = browser.query(By::Css("iframe[name='preview']")).first().await.unwrap();
    frame.enter_frame().await.unwrap();
    let shown = async || browser.find(By::Css("#f4, [name='q4']")).await.unwrap().is_displayed().await.unwrap();
    let field = browser.query(By::Css("[name='q4']")).first().await.unwrap();
    let before = field.rect().await.is_ok_and(|rect| rect.width > 0.0) && shown().await;
    browser.press("label:has([name='score'][value='1'])").await;
    let after = browser.query(By::Css("label:has([name='q4'])")).first().await.unwrap().is_displayed().await.unwrap();
    browser.enter_default_frame().await.unwrap();
    (before, after)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_saves_by_itself_and_shows_what_was_saved() {
    let Some((_server, app, browser)) = open(View::DESKTOP).await else { return };
    add_follow_up(&browser).await;
    browser.press("#q4 input[name='q.4.when'][value='1']").await;
    browser.fill("#q4-label", "What went wrong?").await;
    browser.fill("#q4-v1", "The wait").await;
    // Shown when everything is on the server.
    let saved = browser.query(By::XPath("//*[@data-status][contains(., 'All of it is saved')]")).first().await;
    saved.expect("it saves by itself");
    let surveys = app.app.surveys.all().await.unwrap();
    let id = &surveys.iter().find(|survey| survey.name == "After chats").unwrap().id;
    let draft = app.app.surveys.draft(id).await.unwrap().definition;
    let texts = &draft.texts[&draft.default_language].questions[&4];
    assert_eq!((&*texts.label, &*texts.values[&1]), ("What went wrong?", "The wait"));
    assert_eq!(draft.item(4).unwrap().shown_if.as_ref().unwrap().one_of, [1]);
    assert_eq!(preview_follows(&browser).await, (false, true));
    browser.screenshot("survey-editor").await;
    // Another user saves: this page reports it, keeps the typed text, and Save shows both.
    let edition = app.app.surveys.draft(id).await.unwrap().edition;
    let other = afterword::effects::Actor::System;
    app.app.surveys.save_draft(id, edition, &draft, &other).await.unwrap();
    browser.fill("#q4-label", "What was it?").await;
    let trouble = browser
        .query(By::XPath("//*[@data-trouble][contains(., 'has changed this survey')]"))
        .and_displayed()
        .first()
        .await;
    trouble.expect("it says that somebody else saved");
    browser.press(".form-actions button[value='save']").await;
    assert!(browser.text("[role='alert']").await.contains("Not saved yet: Afterword has changed this survey"));
    let field = browser.query(By::Css("#q4-label")).first().await.unwrap();
    assert_eq!(field.value().await.unwrap().as_deref(), Some("What was it?"));
    let complaints: Vec<_> = browser.complaints().await.into_iter().filter(|said| !said.contains("409")).collect();
    assert_eq!(complaints, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_without_scripts_on_a_phone() {
    let Some((_server, app, browser)) = open(View::PHONE.without_javascript()).await else { return };
    // Without scripts a changed choice needs a press on Save.
    add_follow_up(&browser).await;
    press(&browser, ".form-actions button[value='save']").await;
    press(&browser, "#q4 input[name='q.4.when'][value='1']").await;
    browser.fill("#q4-label", "What went wrong?").await;
    browser.fill("#q4-v1", "The wait").await;
    browser.fill("#q4-v2", "The answer").await;
    press(&browser, "button[value='up.4']").await;
    assert!(
        browser.text("main").await.contains("Choose the answers that show")
            || browser.text("#q4").await.contains("Question 3")
    );
    press(&browser, "button[value='down.4']").await;
    browser
        .goto(format!(
            "{}?part=texts&language=de",
            browser.current_url().await.unwrap().as_str().split('?').next().unwrap()
        ))
        .await
        .unwrap();
    for language in ["de", "es", "fr", "zh"] {
        let here = browser.current_url().await.unwrap();
        browser
            .goto(format!("{}?part=texts&language={language}", here.as_str().split('?').next().unwrap()))
            .await
            .unwrap();
        for (field, text) in [("label", "Warum?"), ("v.1", "Warten"), ("v.2", "Antwort")] {
            browser.fill(&format!("[name='q.4.{field}']"), text).await;
        }
        press(&browser, ".form-actions button[value='save']").await;
        browser.text(".toast").await;
    }
    press(&browser, "a[href$='/publish']").await;
    browser.reads("h1", "Publish version 1?").await;
    press(&browser, "main form button.primary").await;
    assert!(browser.text(".lede").await.contains("Version 1 is asked."));
    let surveys = app.app.surveys.all().await.unwrap();
    assert!(surveys.iter().any(|survey| survey.name == "After chats" && survey.current.is_some()));
}
