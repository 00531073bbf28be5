//! Failures of a mail server, and the effect of each reply on the mail, on other mails, and on the transport.

use super::{count, only, outbox};
use crate::app::TestApp;
use crate::support::smtp::{Mode, SmtpServer, Stage};
use crate::surveys::{SETTLED, page, state_of, token_in};
use afterword::effects::Actor;
use afterword::mail::State;
use std::collections::BTreeSet;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

async fn app_for(server: &SmtpServer) -> TestApp {
    let url = server.url().parse().unwrap();
    TestApp::start_with(|c| {
        c.mail.url = url;
        c.mail.connections = 2;
        c.mail.time_limit = "2s".parse().unwrap();
    })
    .await
}

async fn ask_many(app: &TestApp, many: usize) {
    for n in 0..many {
        app.call(&n.to_string(), &format!("c{n}@example.net")).await;
    }
    app.pass(SETTLED).await;
}

fn recipients(server: &SmtpServer) -> Vec<String> {
    let mut to: Vec<_> = server.messages().into_iter().flat_map(|mail| mail.to).collect();
    to.sort();
    to
}

#[tokio::test]
async fn greylisting_is_waited_out() {
    let Some(mut server) = SmtpServer::start() else { return };
    let app = app_for(&server).await;
    server.set_mode(Mode::Sometimes { stage: Stage::Rcpt, code: 451, text: "4.7.1 greylisted, come again", times: 5 });
    ask_many(&app, 5).await;
    assert_eq!((count(&app, State::Queued).await, server.messages().len()), (5, 0));
    app.pass(Duration::from_secs(60)).await;
    assert_eq!((count(&app, State::Sent).await, server.messages().len()), (5, 5));
}

#[tokio::test]
async fn a_server_that_counts_mails_is_connected_anew() {
    let Some(mut server) = SmtpServer::start() else { return };
    let app = app_for(&server).await;
    server.set_mode(Mode::Few { mails: 3 });
    ask_many(&app, 20).await;
    let to = recipients(&server);
    assert_eq!((to.len(), to.iter().collect::<BTreeSet<_>>().len()), (20, 20), "none twice, none left out");
    assert!(outbox(&app).await.iter().all(|mail| mail.state == "sent" && mail.attempts == 1));
}

#[tokio::test]
async fn one_recipient_in_the_middle_does_no_harm_to_the_others() {
    let Some(mut server) = SmtpServer::start() else { return };
    let app = app_for(&server).await;
    let refuse = |stage, code, text| Mode::Refuse { stage, code, text };
    server.set_mode_for("c1@example.net", refuse(Stage::Rcpt, 550, "5.7.1 you in particular not"));
    server.set_mode_for("c3@example.net", refuse(Stage::Data, 552, "5.2.3 too large for this mailbox"));
    server.set_mode_for("c5@example.net", refuse(Stage::Rcpt, 450, "4.2.1 busy"));
    server.set_mode_for("c7@example.net", Mode::Close);
    ask_many(&app, 10).await;
    assert_eq!(app.app.mail.stopped().await.unwrap(), None);
    let counts = [State::Sent, State::Failed, State::Queued];
    let counts = [count(&app, counts[0]).await, count(&app, counts[1]).await, count(&app, counts[2]).await];
    assert_eq!(counts, [6, 2, 2]);
}

#[tokio::test]
async fn a_mailbox_that_is_not_there_is_not_written_to_again_and_one_that_is_full_is() {
    let Some(mut server) = SmtpServer::start() else { return };
    let app = app_for(&server).await;
    let refuse = |text| Mode::Refuse { stage: Stage::Rcpt, code: 550, text };
    server.set_mode_for("gone@example.net", refuse("5.1.1 <gone@example.net>: no such user"));
    server.set_mode_for("full@example.net", refuse("5.2.2 mailbox full"));
    let (gone, full) = (app.call("1", "gone@example.net").await, app.call("2", "full@example.net").await);
    app.pass(SETTLED).await;
    for id in [&gone, &full] {
        assert_eq!(state_of(&app, id).await.0, "failed");
    }
    let suppressed = async |address: &str| {
        let found =
            app.app.invitations.suppressions(Some(address), &afterword::paging::Cursor::start(), 5).await.unwrap();
        found.items.first().map(|one| one.reason.clone())
    };
    assert_eq!(suppressed("gone@example.net").await.as_deref(), Some("bounced"));
    assert_eq!(suppressed("full@example.net").await, None);
    // An administrator removes it from the list first.
    let failed = app.app.mail.troubles().await.unwrap();
    let entry = app
        .app
        .invitations
        .suppressions(Some("gone@example.net"), &afterword::paging::Cursor::start(), 5)
        .await
        .unwrap();
    app.app.invitations.unsuppress(&entry.items[0].id, &Actor::System).await.unwrap();
    assert_eq!(failed.len(), 2);
}

#[tokio::test]
async fn what_is_about_us_stops_all_mail_and_costs_none_of_it() {
    for (stage, code, text) in [
        (Stage::Mail, 550, "5.7.1 <survey@northwind.example>: sender not allowed"),
        (Stage::Rcpt, 554, "5.7.1 <c1@example.net>: Relay access denied"),
        (Stage::Data, 550, "5.7.26 this mail is not authenticated"),
        (Stage::Mail, 530, "5.7.0 Authentication required"),
    ] {
        let Some(mut server) = SmtpServer::start() else { return };
        let app = app_for(&server).await;
        server.set_mode(Mode::Refuse { stage, code, text });
        ask_many(&app, 6).await;
        let stopped = app.app.mail.stopped().await.unwrap().unwrap();
        assert!(stopped.reason.starts_with(&code.to_string()) && !stopped.reason.contains('@'), "{stopped:?}");
        for mail in outbox(&app).await {
            assert_eq!((mail.state.as_str(), mail.attempts), ("queued", 0), "{stage:?}", stage = text);
        }
        server.set_mode(Mode::Accept);
        app.pass(Duration::from_secs(901)).await;
        assert_eq!((count(&app, State::Sent).await, recipients(&server).len()), (6, 6));
        assert_eq!(app.app.mail.stopped().await.unwrap(), None);
    }
}

#[tokio::test]
async fn one_mail_alone_that_is_refused_by_policy_waits_and_then_is_given_up() {
    let Some(mut server) = SmtpServer::start() else { return };
    let app = app_for(&server).await;
    server.set_mode_for("c0@example.net", Mode::Refuse { stage: Stage::Rcpt, code: 550, text: "5.7.1 not from you" });
    ask_many(&app, 1).await;
    assert_eq!(app.app.mail.stopped().await.unwrap(), None, "nobody else is held up");
    assert_eq!(only(&app).await.attempts, 1);
    for _ in 0..60 {
        app.pass(HOUR).await;
    }
    let mail = only(&app).await;
    assert_eq!((mail.state.as_str(), mail.attempts), ("failed", 19));
}

#[tokio::test]
async fn a_server_that_is_down_for_an_hour_costs_no_mail_and_no_try() {
    // The port is known before the server is started.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url: afterword::config::MailUrl = format!("smtp://127.0.0.1:{port}").parse().unwrap();
    for app in TestApp::on_both(|c| c.mail.url = url.clone()).await {
        ask_many(&app, 5).await;
        for _ in 0..4 {
            app.pass(Duration::from_secs(900)).await;
        }
        let stopped = app.app.mail.stopped().await.unwrap().unwrap();
        assert!(stopped.reason.contains("no connection"), "{stopped:?}");
        let Some(server) = SmtpServer::start_on(port) else { return };
        app.pass(Duration::from_secs(901)).await;
        assert_eq!((count(&app, State::Sent).await, recipients(&server).len()), (5, 5));
        assert!(outbox(&app).await.iter().all(|mail| mail.attempts == 1));
    }
}

#[tokio::test]
async fn a_slow_server_gets_its_time_and_one_that_never_answers_does_not() {
    let Some(mut server) = SmtpServer::start() else { return };
    let url = server.url().parse().unwrap();
    let app = TestApp::start_with(|c| {
        (c.mail.url, c.mail.time_limit) = (url, "100ms".parse().unwrap());
    })
    .await;
    // Within five time limits, the limit of a mail's last reply.
    server.set_mode(Mode::Slow { ms: 250 });
    let id = app.call("1", "jerry@example.net").await;
    app.pass(SETTLED).await;
    assert_eq!(state_of(&app, &id).await.0, "sent");
    server.set_mode(Mode::Hang);
    let id = app.call("2", "george@example.net").await;
    app.pass(SETTLED).await;
    assert_eq!(state_of(&app, &id).await.0, "scheduled");
    let why = app.app.mail.troubles().await.unwrap()[0].last_error.clone().unwrap();
    assert!(why.contains("has not answered"), "{why}");
    // It may have accepted the mail: the second copy equals the first.
    server.set_mode(Mode::Accept);
    app.pass(Duration::from_secs(61)).await;
    let copies: Vec<_> = server.wait_for(3).await.into_iter().filter(|mail| mail.to[0].starts_with("george")).collect();
    assert_eq!(copies[0].raw(), copies[1].raw());
    let token = token_in(copies[1].header("list-unsubscribe").unwrap());
    assert_eq!(page(&app, &format!("/s/{token}")).await.0, 200);
}

#[tokio::test]
async fn nothing_is_sent_that_could_not_be_written_down() {
    let Some(server) = SmtpServer::start() else { return };
    let app = app_for(&server).await;
    std::fs::write(app.folder().join("mail-journal"), "a file in the way").unwrap();
    ask_many(&app, 1).await;
    let stopped = app.app.mail.stopped().await.unwrap().unwrap();
    assert!(stopped.reason.contains("mail.journal"), "{stopped:?}");
    assert!(server.messages().is_empty());
    std::fs::remove_file(app.folder().join("mail-journal")).unwrap();
    app.pass(Duration::from_secs(31)).await;
    assert_eq!(count(&app, State::Sent).await, 1);
    assert_eq!(std::fs::read_dir(app.folder().join("mail-journal")).unwrap().count(), 0, "settled, and forgotten");
}
