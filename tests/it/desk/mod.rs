//! Pages that combine features: the view of each role.

mod delivery;
mod demo;
mod home;
mod interaction;
mod list;
mod setup;

use crate::app::TestApp;
use afterword::desk::Mailbox;
use serde_json::{Value, json};
use std::time::Duration;

/// Runs the decisions of surveys and sends mail.
async fn mails_go_out(app: &TestApp) {
    app.pass(Duration::from_secs(180)).await;
}

/// Answers the survey of this customer by the link in the mail, as a browser without scripts.
async fn answer(app: &TestApp, customer: &str, form: &[(&str, &str)]) {
    let mailbox = Mailbox::new(app.folder().join("mail"));
    let mails = mailbox.list().await.unwrap();
    let mail = mails.iter().find(|mail| mail.to.contains(customer)).expect("the customer was asked");
    let mail = mailbox.open(&mail.id).await.unwrap().unwrap();
    let links: Vec<_> =
        mail.pieces().into_iter().filter(|piece| piece.link).map(|piece| piece.text.to_owned()).collect();
    let link = links.iter().find(|link| link.contains("/s/")).expect("the mail has a link");
    let link = link.split('?').next().unwrap();
    let answer = app.client.post(link).form(form).send().await.unwrap();
    assert!(answer.status().is_success(), "{}: {}", answer.status(), answer.text().await.unwrap());
}

/// Returns a finished chat of agent 18 of Billing: a question, eight minutes of silence, a reply.
fn chat_body(customer: &str) -> Value {
    json!({
        "channel": "chat", "phase": "final", "outcome": "answered",
        "started_at": "2026-11-20T10:00:00Z", "ended_at": "2026-11-20T10:09:00Z",
        "agent": { "external_id": "18", "name": "Lucie Manette" }, "team": "Billing", "tags": ["charged twice"],
        "customer": { "email": customer },
        "messages": [
            { "at": "2026-11-20T10:00:00Z", "from": "customer", "text": "Why <b>twice</b>?" },
            { "at": "2026-11-20T10:08:00Z", "from": "agent", "text": "I am sorry, I have paid it back." },
            { "at": "2026-11-20T10:08:30Z", "from": "customer", "text": "شكرا جزيلا 🙏" }
        ]
    })
}
