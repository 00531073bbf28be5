//! A real mail server that accepts, rejects, hangs and disconnects.

use super::{count, only};
use crate::app::TestApp;
use crate::support::smtp::{Mode, Setup, SmtpServer, Stage, Tls};
use crate::surveys::{SETTLED, page, state_of, token_in};
use afterword::access::principal::Scope;
use afterword::effects::Actor;
use afterword::mail::State;
use std::time::Duration;

async fn app_for(server: &SmtpServer) -> TestApp {
    let url = server.url().parse().unwrap();
    TestApp::start_with(|c| (c.mail.url, c.mail.bounces) = (url, "bounces@northwind.example".into())).await
}

#[tokio::test]
async fn an_invitation_arrives_whole() {
    let Some(server) = SmtpServer::start() else { return };
    let url: afterword::config::MailUrl = server.url().parse().unwrap();
    for app in TestApp::on_both(|c| c.mail.url = url.clone()).await {
        let before = server.messages().len();
        let id = app.call("1", "jerry@example.net").await;
        app.pass(SETTLED).await;
        let mail = server.wait_for(before + 1).await.remove(before);
        assert_eq!(
            (mail.from.as_str(), &mail.to[..]),
            ("survey@northwind.example", &["jerry@example.net".to_owned()][..])
        );
        assert_eq!(mail.header("from"), Some("Northwind <survey@northwind.example>"));
        assert_eq!(mail.header("subject"), Some("How was your call with Northwind?"));
        assert_eq!(mail.header("List-Unsubscribe-Post"), Some("List-Unsubscribe=One-Click"));
        assert_eq!(mail.header("auto-submitted"), Some("auto-generated"));
        assert!(mail.header("date").unwrap().starts_with("Fri, 20 Nov 2026"));
        let leave = mail.header("list-unsubscribe").unwrap();
        let token = token_in(leave);
        assert_eq!(leave, format!("<{}/u/{token}>", app.url));
        for part in [mail.text().unwrap(), mail.html().unwrap()] {
            for score in 1..=5 {
                assert!(part.contains(&format!("{}/s/{token}?score={score}", app.url)), "{part}");
            }
            assert!(part.contains(&format!("{}/u/{token}", app.url)) && part.contains("lost parcel"));
        }
        assert_eq!(page(&app, &format!("/s/{token}")).await.0, 200);
        assert_eq!(state_of(&app, &id).await.0, "sent");
        let sent = only(&app).await;
        assert_eq!((sent.state.as_str(), Some(sent.message_id.as_str())), ("sent", mail.header("message-id")));
    }
}

#[tokio::test]
async fn what_a_server_refuses_for_now_is_tried_again_with_growing_pauses() {
    let Some(mut server) = SmtpServer::start() else { return };
    let app = app_for(&server).await;
    for stage in [Stage::Mail, Stage::Rcpt, Stage::Data] {
        server.set_mode(Mode::Refuse { stage, code: 451, text: "greylisted <jerry@example.net>" });
        if server.messages().is_empty() && super::outbox(&app).await.is_empty() {
            app.call("1", "jerry@example.net").await;
            app.pass(SETTLED).await;
        } else {
            app.pass(Duration::from_secs(3600)).await;
        }
        let mail = only(&app).await;
        assert_eq!(mail.state, "queued");
        let why = mail.last_error.unwrap();
        assert!(why.starts_with("451") && why.contains("greylisted") && !why.contains("jerry"), "{why}");
    }
    assert_eq!(only(&app).await.attempts, 3);
    server.set_mode(Mode::Accept);
    app.pass(Duration::from_secs(5)).await;
    assert_eq!(count(&app, State::Sent).await, 0, "the pause has grown beyond five seconds");
    app.pass(Duration::from_secs(600)).await;
    assert_eq!(count(&app, State::Sent).await, 1);
    assert_eq!(server.wait_for(1).await.len(), 1);
}

#[tokio::test]
async fn what_a_server_refuses_for_good_is_given_up_with_the_reason() {
    let Some(mut server) = SmtpServer::start() else { return };
    let app = app_for(&server).await;
    let refuse = Mode::Refuse { stage: Stage::Rcpt, code: 550, text: "5.2.1 <gone@example.net>: mailbox disabled" };
    server.set_mode_for("gone@example.net", refuse);
    let gone = app.call("1", "gone@example.net").await;
    let here = app.call("2", "here@example.net").await;
    app.pass(SETTLED).await;
    assert_eq!(state_of(&app, &here).await.0, "sent");
    let (state, why) = state_of(&app, &gone).await;
    assert_eq!(state, "failed");
    let why = why.unwrap();
    assert!(why.contains("550") && why.contains("mailbox disabled") && !why.contains("gone@"), "{why}");
    assert_eq!(count(&app, State::Failed).await, 1);
    // An administrator can retry it.
    let failed = app.app.mail.troubles().await.unwrap().remove(0);
    server.set_mode_for("gone@example.net", Mode::Accept);
    assert!(app.app.mail.retry(&failed.id).await.unwrap());
    assert!(!app.app.mail.retry(&failed.id).await.unwrap());
    app.work().await;
    assert_eq!(state_of(&app, &gone).await, ("sent".into(), None));
}

#[tokio::test]
async fn when_nobody_knows_whether_it_left_the_second_copy_carries_the_same_link() {
    let Some(mut server) = SmtpServer::start() else { return };
    let app = app_for(&server).await;
    server.set_mode(Mode::Close);
    app.call("1", "jerry@example.net").await;
    app.pass(SETTLED).await;
    let first = server.wait_for(1).await.remove(0);
    assert!(!first.acknowledged && first.from.starts_with("bounces+"));
    assert_eq!(only(&app).await.state, "queued");
    server.set_mode(Mode::Accept);
    app.pass(Duration::from_secs(61)).await;
    let second = server.wait_for(2).await.remove(1);
    assert!(second.acknowledged);
    assert_eq!(first.header("message-id"), second.header("message-id"));
    assert_eq!((&first.from, first.text()), (&second.from, second.text()));
    let token = token_in(first.header("list-unsubscribe").unwrap());
    assert_eq!(page(&app, &format!("/s/{token}")).await.0, 200);
}

#[tokio::test]
async fn what_may_have_arrived_does_not_go_out_again_to_who_wants_no_more() {
    let Some(mut server) = SmtpServer::start() else { return };
    let url: afterword::config::MailUrl = server.url().parse().unwrap();
    for app in TestApp::on_both(|c| c.mail.url = url.clone()).await {
        let before = server.messages().len();
        server.set_mode(Mode::Close);
        let mut asked = Vec::new();
        for name in ["leaves", "suppressed", "erased", "answers"] {
            asked.push(app.call(name, &format!("{name}@example.net")).await);
        }
        app.pass(SETTLED).await;
        let first = server.wait_for(before + 4).await.split_off(before);
        let copy = |name: &str| first.iter().find(|mail| mail.to[0].starts_with(name)).unwrap();
        let link = |name: &str| token_in(copy(name).header("list-unsubscribe").unwrap());
        assert_eq!(app.post(&format!("/u/{}", link("leaves")), &[]).await.status(), 200);
        app.app.invitations.suppress("suppressed@example.net", "added", &Actor::System).await.unwrap();
        let admin = app.key(Scope::Admin).await;
        let erasure = app.client.post(format!("{}/api/v1/erasures", app.url)).bearer_auth(admin);
        let erased = erasure.json(&serde_json::json!({ "address": "erased@example.net" })).send().await.unwrap();
        assert!(erased.status().is_success(), "{}", erased.text().await.unwrap());
        let answer = [("score", "4"), ("choice", "linked")];
        assert_eq!(app.post(&format!("/s/{}", link("answers")), &answer).await.status(), 200);
        server.set_mode(Mode::Accept);
        app.pass(Duration::from_secs(61)).await;
        // A customer who has answered gets the copy too: else the outbox would reveal who has answered.
        let second = server.wait_for(before + 5).await.split_off(before + 4);
        assert_eq!((second.len(), second[0].raw()), (1, copy("answers").raw()));
        let mut states = Vec::new();
        for id in &asked {
            states.push(state_of(&app, id).await);
        }
        let told: Vec<_> = states.iter().map(|(state, why)| (state.as_str(), why.as_deref())).collect();
        assert_eq!(told[..2], [("skipped", Some("unsubscribed")), ("skipped", Some("added"))]);
        assert_eq!((told[2].0, told[3]), ("closed", ("sent", None)));
        for _ in 0..48 {
            app.pass(Duration::from_secs(3600)).await;
        }
        assert_eq!(server.messages().len(), before + 5);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_costs_no_mail() {
    // A port that nothing listens on.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url: afterword::config::MailUrl = format!("smtp://127.0.0.1:{port}").parse().unwrap();
    let app = TestApp::start_with(|c| c.mail.url = url).await;
    let id = app.call("1", "jerry@example.net").await;
    app.pass(SETTLED).await;
    let stopped = app.app.mail.stopped().await.unwrap().unwrap();
    assert!(stopped.reason.contains("no connection"), "{stopped:?}");
    let mail = only(&app).await;
    assert_eq!((mail.state.as_str(), mail.attempts), ("queued", 0), "it is not the mail's fault");
    // It is retried as long as the survey is open.
    for _ in 0..13 {
        app.pass(Duration::from_secs(86_400)).await;
        assert_eq!(state_of(&app, &id).await.0, "scheduled");
    }
    app.pass(Duration::from_secs(2 * 86_400)).await;
    assert_eq!((state_of(&app, &id).await.0.as_str(), count(&app, State::Cancelled).await), ("closed", 1));
    let left = afterword::jobs::failed(&app.app.db).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn it_signs_in_and_encrypts_where_it_is_offered() {
    let auth = Some(("aw", "se:cr@t"));
    for (setup, encrypted) in
        [(Setup { auth, ..Setup::default() }, false), (Setup { tls: Tls::Offered, ..Setup::default() }, true)]
    {
        let signs_in = setup.auth.is_some();
        let Some(server) = SmtpServer::start_with(setup) else { return };
        let off = if signs_in { "?tls=off" } else { "" };
        let url = format!("{}{off}", server.url().replace("se:cr@t", "se%3Acr%40t")).parse().unwrap();
        let app = TestApp::start_with(|c| c.mail.url = url).await;
        app.call("1", "jerry@example.net").await;
        app.pass(SETTLED).await;
        let mail = server.wait_for(1).await.remove(0);
        assert_eq!((mail.authenticated, mail.encrypted), (signs_in, encrypted));
    }
}

#[tokio::test]
async fn many_mails_share_few_connections() {
    let Some(server) = SmtpServer::start() else { return };
    let app = app_for(&server).await;
    for n in 0..40 {
        app.call(&n.to_string(), &format!("c{n}@example.net")).await;
    }
    app.pass(SETTLED).await;
    let mut to: Vec<_> = server.wait_for(40).await.into_iter().flat_map(|mail| mail.to).collect();
    to.sort();
    to.dedup();
    assert_eq!(to.len(), 40);
    assert_eq!(count(&app, State::Sent).await, 40);
}

#[tokio::test]
async fn bounces_come_back_to_the_mail_and_name_nothing() {
    let Some(server) = SmtpServer::start() else { return };
    let url: afterword::config::MailUrl = server.url().parse().unwrap();
    let change = |c: &mut afterword::config::Config| {
        (c.mail.url, c.mail.bounces) = (url.clone(), "bounces@northwind.example".into());
    };
    for app in TestApp::on_both(change).await {
        let before = server.messages().len();
        app.call("1", "jerry@example.net").await;
        app.call("2", "george@example.net").await;
        app.pass(SETTLED).await;
        let mails = server.wait_for(before + 2).await.split_off(before);
        let tag = |sender: &str| {
            sender.strip_prefix("bounces+").unwrap().strip_suffix("@northwind.example").unwrap().to_owned()
        };
        let tags: Vec<_> = mails.iter().map(|mail| tag(&mail.from)).collect();
        assert_ne!(tags[0], tags[1]);
        for (mail, tag) in mails.iter().zip(&tags) {
            assert!(tag.len() == 32 && tag.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{tag}");
            for told in [tag.clone(), tag.to_uppercase()] {
                let found = app.app.mail.returned(&told).await.unwrap().unwrap();
                assert_eq!(Some(found.message_id.as_str()), mail.header("message-id"));
                assert_eq!(found.kind, "invitation");
                assert!(!mail.from.contains(&found.id.to_string()) && !mail.from.contains(&found.reference));
            }
            assert_eq!(mail.header("from"), Some("Northwind <survey@northwind.example>"));
            assert!(!String::from_utf8(mail.raw()).unwrap().contains(tag.as_str()), "it stands in the envelope alone");
        }
        for nothing in ["", "x", &tags[0][..31], &"0".repeat(32), &format!("{}'", &tags[0][..31])] {
            assert_eq!(app.app.mail.returned(nothing).await.unwrap(), None);
        }
    }
}
