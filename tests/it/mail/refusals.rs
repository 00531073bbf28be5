//! Refusals at the door and in a bounce: one reply has one meaning.

use super::returned::bounce;
use crate::app::TestApp;
use crate::support::smtp::{Mode, SmtpServer, Stage};
use crate::surveys::{SETTLED, state_of};
use afterword::mail::reader::{self, Verdict};
use afterword::paging::Cursor;

/// Name before the @, code and text of the reply to RCPT, and whether there is no such mailbox.
const REPLIES: [(&str, u16, &str, bool); 6] = [
    ("s541", 550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)", true),
    ("s550", 550, "No such user here", true),
    ("syahoo", 554, "delivery error: dd This user doesn't have a yahoo.com account", true),
    ("s571", 550, "5.7.1 The email account that you tried to reach does not exist", true),
    ("s511spam", 550, "5.1.1 Mail from 192.0.2.1 blocked using Spamhaus ZEN", false),
    ("full", 552, "5.2.2 The user is over quota", false),
];

async fn suppressed(app: &TestApp, address: &str) -> Option<String> {
    let found = app.app.invitations.suppressions(Some(address), &Cursor::start(), 1).await.unwrap();
    found.items.into_iter().next().map(|entry| entry.reason)
}

#[tokio::test]
async fn a_refusal_means_the_same_at_the_door_and_in_a_bounce() {
    let Some(mut server) = SmtpServer::start() else { return };
    for (name, code, text, _) in REPLIES {
        server.set_mode_for(&format!("{name}@example.net"), Mode::Refuse { stage: Stage::Rcpt, code, text });
    }
    let url: afterword::config::MailUrl = server.url().parse().unwrap();
    for app in TestApp::on_both(|c| c.mail.url = url.clone()).await {
        let mut ids = Vec::new();
        for (name, ..) in REPLIES {
            ids.push(app.call(name, &format!("{name}@example.net")).await);
        }
        app.pass(SETTLED).await;
        for ((name, code, text, is_no_mailbox), id) in REPLIES.into_iter().zip(&ids) {
            let address = format!("{name}@example.net");
            if is_no_mailbox {
                assert_eq!(state_of(&app, id).await.0, "failed", "{name}");
            }
            let at_the_door = suppressed(&app, &address).await;
            assert_eq!(at_the_door.as_deref(), is_no_mailbox.then_some("bounced"), "{name}");
            let status = text.split(' ').next().filter(|word| word.starts_with("5.")).unwrap_or("5.0.0");
            let report = bounce("", &address, &format!("Action: failed\nStatus: {status}"), &format!("{code} {text}"));
            let row = reader::read(report.as_bytes()).remove(0).rows.remove(0);
            assert_eq!(row.verdict() == Verdict::Hard, is_no_mailbox, "{name}: {row:?}");
        }
    }
}

#[tokio::test]
async fn where_several_say_that_the_sender_is_blocked_all_mail_waits() {
    let Some(mut server) = SmtpServer::start() else { return };
    let text = "5.1.1 Mail from 192.0.2.1 blocked using Spamhaus ZEN";
    server.set_mode(Mode::Refuse { stage: Stage::Rcpt, code: 550, text });
    let url = server.url().parse().unwrap();
    let app = TestApp::start_with(|c| c.mail.url = url).await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(app.call(&n.to_string(), &format!("c{n}@example.net")).await);
    }
    app.pass(SETTLED).await;
    assert!(app.app.mail.stopped().await.unwrap().unwrap().reason.contains("Spamhaus"));
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(state_of(&app, id).await.0, "scheduled");
        assert_eq!(suppressed(&app, &format!("c{n}@example.net")).await, None);
    }
}
