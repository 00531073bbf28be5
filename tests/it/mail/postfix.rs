//! Sending through a real postfix, with PIPELINING and STARTTLS, to a server behind it.

use super::{count, outbox};
use crate::app::TestApp;
use crate::support::postfix::Postfix;
use crate::support::smtp::SmtpServer;
use crate::surveys::{SETTLED, page, state_of, token_in};
use afterword::mail::State;

#[tokio::test]
async fn mail_goes_through_postfix_whole_and_refusals_are_understood() {
    let Some(behind) = SmtpServer::start() else { return };
    let Some(postfix) = Postfix::start(behind.port()) else { return };
    let app = TestApp::start_with(|c| {
        c.mail.url = format!("{}?tls=required", postfix.url()).parse().unwrap();
        c.mail.ca_file = postfix.certificate();
        c.mail.bounces = "bounces@northwind.example".into();
        c.mail.connections = 3;
    })
    .await;
    for n in 0..30 {
        app.call(&n.to_string(), &format!("c{n}@example.net")).await;
    }
    let gone = app.call("gone", "gone@example.net").await;
    let busy = app.call("busy", "busy@example.net").await;
    app.pass(SETTLED).await;
    assert_eq!(count(&app, State::Sent).await, 30, "{}", postfix.log());
    let mails = behind.wait_for(30).await;
    for mail in &mails {
        assert!(mail.from.starts_with("bounces+"), "{}", mail.from);
        let token = token_in(mail.header("list-unsubscribe").unwrap());
        assert_eq!(page(&app, &format!("/s/{token}")).await.0, 200);
    }
    assert_eq!(state_of(&app, &gone).await.0, "failed");
    assert_eq!(state_of(&app, &busy).await.0, "scheduled");
    let troubles: Vec<_> =
        app.app.mail.troubles().await.unwrap().into_iter().filter_map(|mail| mail.last_error).collect();
    assert!(troubles.iter().any(|why| why.starts_with("550 5.1.1")), "{troubles:?}");
    assert!(troubles.iter().any(|why| why.starts_with("450 4.2.1")), "{troubles:?}");
    let connections = postfix.log().matches(": connect from").count();
    // One of them checked whether it is up.
    assert!((2..=4).contains(&connections), "{connections} connections\n{}", postfix.log());
}

#[tokio::test]
async fn a_sender_that_postfix_does_not_let_in_stops_all_mail() {
    let Some(behind) = SmtpServer::start() else { return };
    let Some(postfix) = Postfix::start(behind.port()) else { return };
    let app = TestApp::start_with(|c| {
        c.mail.url = postfix.url().parse().unwrap();
        c.mail.from = "Northwind <nobody@northwind.example>".into();
    })
    .await;
    for n in 0..4 {
        app.call(&n.to_string(), &format!("c{n}@example.net")).await;
    }
    app.pass(SETTLED).await;
    // Postfix rejects at RCPT TO, its default.
    let stopped = app.app.mail.stopped().await.unwrap().unwrap_or_else(|| panic!("{}", postfix.log()));
    assert!(stopped.reason.starts_with("553 5.7.1"), "{stopped:?}");
    assert!(outbox(&app).await.iter().all(|mail| mail.state == "queued" && mail.attempts == 0));
    assert!(behind.messages().is_empty());
}
