//! The whole path in a real browser, as customer, supervisor, new agent and HR; and every page checked by axe-core, on
//! a phone and on a desktop, light and dark.

mod editor;
mod following;
mod moments;
mod pages;
mod path;

use crate::app::{PASSWORD, Session, TestApp};
use crate::support::browser::Browser;
use crate::support::smtp::{Message, SmtpServer};
use afterword::config::{Config, MailUrl};

/// Returns an app that sends mail to this server.
async fn app(server: &SmtpServer) -> TestApp {
    app_with(server, |_| {}).await
}

/// The same, with changes to the configuration.
async fn app_with(server: &SmtpServer, change: impl FnOnce(&mut Config)) -> TestApp {
    let url: MailUrl = server.url().parse().unwrap();
    let set = |config: &mut Config| {
        config.mail.url = url;
        change(config);
    };
    TestApp::start_with(set).await
}

/// Returns the survey's link in a mail, without a score.
fn link(mail: &Message) -> String {
    let text = mail.text().unwrap();
    let begin = text.find("http://").unwrap();
    let link: String = text[begin..].chars().take_while(|c| !c.is_whitespace() && *c != '?').collect();
    assert!(link.contains("/s/"), "{text}");
    link
}

/// Signs in by the form, like a person.
pub async fn sign_in(browser: &Browser, app: &TestApp, session: &Session) {
    browser.goto(format!("{}/sign-in", app.url)).await.unwrap();
    browser.fill("#email", &session.email).await;
    browser.fill("#password", PASSWORD).await;
    browser.press("main form button.primary").await;
    browser.text(".nav").await;
}
