//! Surveys: decision, customer pages and answers; on both databases.

pub mod answering;
mod api;
mod asking;
mod customer_words;
mod days;
mod editor;
mod elsewhere;
mod forms;
mod killed;
pub mod kinds;
mod not_asked;
mod offers;
mod passing;
mod reminding;
mod rules;
mod suspects;
mod switching;
mod together;

use crate::app::{TestApp, call_body};
use afterword::ids::InteractionId;
use serde_json::Value;
use std::time::Duration;

/// Longer than an interaction takes to settle.
pub const SETTLED: Duration = Duration::from_secs(121);
/// Time between two passes of the mix.
pub const PASS: Duration = Duration::from_secs(901);

/// An invited customer.
pub struct Asked {
    /// Interaction of the survey.
    pub interaction: InteractionId,
    /// Token in the link.
    pub token: String,
}

impl Asked {
    /// Returns `/s/{token}`.
    pub fn page(&self) -> String {
        format!("/s/{}", self.token)
    }
    /// Returns `/u/{token}`.
    pub fn leave(&self) -> String {
        format!("/u/{}", self.token)
    }
}

/// Returns the mails written as files so far, as text with folded and encoded line ends undone.
pub fn mails(app: &TestApp) -> Vec<String> {
    let mut paths: Vec<_> = std::fs::read_dir(app.folder().join("mail"))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "eml"))
        .collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap().replace("=\r\n", "").replace("=3D", "=")).collect()
}

/// Returns the token in a mail.
pub fn token_in(mail: &str) -> String {
    let begin = mail.find("/u/").expect("the mail has a link") + 3;
    mail[begin..begin + 32].to_owned()
}

/// Returns the mail to this address.
pub fn mail_to(app: &TestApp, address: &str) -> String {
    let all = mails(app);
    let found = all.iter().filter(|mail| mail.lines().any(|line| line.starts_with("To: ") && line.contains(address)));
    let found: Vec<_> = found.collect();
    assert_eq!(found.len(), 1, "mails to {address}");
    found[0].clone()
}

/// Stores this interaction and surveys its customer, who must not have been surveyed before.
pub async fn ask_about(app: &TestApp, external_id: &str, body: &Value) -> Asked {
    let interaction = app.interaction(external_id, body).await;
    app.pass(SETTLED).await;
    let address = body["customer"]["email"].as_str().unwrap();
    Asked { interaction, token: token_in(&mail_to(app, address)) }
}

/// Stores a call by agent 17 and surveys its customer.
pub async fn ask(app: &TestApp, name: &str) -> Asked {
    ask_about(app, name, &call_body(&format!("{name}@example.net"))).await
}

/// Sends the form, which must be accepted.
pub async fn answer(app: &TestApp, asked: &Asked, form: &[(&str, &str)]) {
    let answer = app.post(&asked.page(), form).await;
    let status = answer.status();
    assert_eq!(status, 200, "{}", answer.text().await.unwrap());
}

/// Returns status and text of a page.
pub async fn page(app: &TestApp, path: &str) -> (u16, String) {
    let answer = app.get(path).await;
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Returns status and text after a form.
pub async fn post(app: &TestApp, path: &str, form: &[(&str, &str)]) -> (u16, String) {
    let answer = app.post(path, form).await;
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Returns the survey state of an interaction, and the reason.
pub async fn state_of(app: &TestApp, id: &InteractionId) -> (String, Option<String>) {
    let visible = afterword::access::principal::Visible::All;
    let found = app.app.interactions.find(&visible, id).await.unwrap().unwrap();
    (found.survey_state.code().to_owned(), found.survey_reason)
}
