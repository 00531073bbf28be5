//! Limits of recipients' domains.

use super::count;
use crate::app::TestApp;
use crate::support::smtp::{Mode, SmtpServer, Stage};
use crate::surveys::{SETTLED, mails};
use afterword::clock::{Clock, Timestamp};
use afterword::database::{Conn, DbError};
use afterword::jobs::{Runner, RunnerOptions};
use afterword::mail::{Compose, ComposeError, Composed, DeliveryStatus, ManyUnwanted, NewMail, Preview, State, hint};
use futures_util::future::{BoxFuture, FutureExt, ready};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn sent_to(app: &TestApp, domain: &str) -> usize {
    mails(app).iter().filter(|mail| mail.lines().any(|line| line.starts_with("To: ") && line.contains(domain))).count()
}

#[tokio::test]
async fn a_domain_gets_its_rate_and_holds_up_nobody_else() {
    let limit = |c: &mut afterword::config::Config| {
        c.mail.rate.insert("Example.NET".into(), "600/h".parse().unwrap());
        c.mail.rate.insert("default".into(), "1000/s".parse().unwrap());
    };
    for app in TestApp::on_both(limit).await {
        for n in 0..25 {
            app.call(&format!("n{n}"), &format!("c{n}@example.net")).await;
        }
        for n in 0..5 {
            app.call(&format!("o{n}"), &format!("c{n}@example.org")).await;
        }
        app.pass(SETTLED).await;
        assert_eq!((sent_to(&app, "@example.net"), sent_to(&app, "@example.org")), (10, 5), "a minute's worth");
        app.pass(Duration::from_secs(5)).await;
        assert_eq!(sent_to(&app, "@example.net"), 10);
        for second in 1..=10 {
            app.pass(Duration::from_secs(6)).await;
            assert_eq!(sent_to(&app, "@example.net"), 10 + second, "one every six seconds");
        }
        app.pass(Duration::from_secs(60)).await;
        assert_eq!((sent_to(&app, "@example.net"), count(&app, State::Sent).await), (25, 30));
        assert_eq!(
            app.app.mail.list(None, &afterword::paging::Cursor::start(), 50).await.unwrap().items[0].attempts,
            1
        );
    }
}

#[tokio::test]
async fn no_more_than_so_many_are_on_their_way_to_a_domain() {
    let Some(mut server) = SmtpServer::start() else { return };
    let url: afterword::config::MailUrl = server.url().parse().unwrap();
    let app = TestApp::start_with(|c| {
        c.mail.url = url;
        c.mail.rate.insert("example.net".into(), "1 at once".parse().unwrap());
    })
    .await;
    server.set_mode(Mode::Slow { ms: 20 });
    for n in 0..6 {
        app.call(&format!("n{n}"), &format!("c{n}@example.net")).await;
        app.call(&format!("o{n}"), &format!("c{n}@example.org")).await;
    }
    app.pass(SETTLED).await;
    assert_eq!(count(&app, State::Sent).await, 12);
    for mail in server.wait_for(12).await {
        let crowded = mail.to[0].ends_with("@example.net") && mail.beside.iter().any(|to| to.ends_with("@example.net"));
        assert!(!crowded, "{} beside {:?}", mail.to[0], mail.beside);
    }
}

/// Mail without content, to the address that is its reference.
struct Plain;

impl Compose for Plain {
    fn compose<'a>(&'a self, reference: &'a str, _: Timestamp) -> BoxFuture<'a, Result<Composed, ComposeError>> {
        let (subject, text, html) = ("Hello".to_owned(), "Hello".to_owned(), "<p>Hello</p>".to_owned());
        ready(Ok(Composed { to: reference.parse().unwrap(), subject, text, html, headers: vec![] })).boxed()
    }

    fn still_wanted<'a>(&'a self, references: &'a [&'a str], _: Timestamp) -> BoxFuture<'a, ManyUnwanted> {
        ready(Ok(vec![None; references.len()])).boxed()
    }

    fn preview<'a>(&'a self, _: &'a str, _: Timestamp) -> BoxFuture<'a, Result<Option<Preview>, DbError>> {
        ready(Ok(None)).boxed()
    }

    fn note<'a>(
        &'a self,
        _: Conn<'a>,
        _: &'a str,
        _: &'a DeliveryStatus,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        ready(Ok(())).boxed()
    }
}

/// Enqueues mail to these addresses, one due after the other.
async fn enqueue(app: &TestApp, addresses: &[&str]) {
    app.app.mail.register("plain", Arc::new(Plain));
    let mut tx = app.app.db.begin().await.unwrap();
    for address in addresses {
        app.clock.advance(Duration::from_millis(1));
        let new = NewMail { kind: "plain", reference: (*address).to_owned(), hint: hint(address) };
        app.app.mail.enqueue(tx.conn(), &new, app.clock.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn batches_side_by_side_share_a_domain_s_limit_and_no_batch_waits_for_it_with_a_connection_in_hand() {
    let Some(mut server) = SmtpServer::start() else { return };
    let url: afterword::config::MailUrl = server.url().parse().unwrap();
    for app in TestApp::on_both(|c| {
        (c.mail.url, c.mail.connections) = (url.clone(), 2);
        c.mail.rate.insert("example.net".into(), "1 at once".parse().unwrap());
    })
    .await
    {
        let before = server.messages().len();
        server.set_mode_for("first@example.net", Mode::Hang);
        let (stop, options) =
            (CancellationToken::new(), RunnerOptions { only: vec!["mail".into()], ..Default::default() });
        let (db, clock) = (app.app.db.clone(), Arc::clone(&app.app.clock));
        let runner = Arc::new(Runner::new(db, clock, app.app.jobs(), options, stop.clone()));
        // A batch whose first mail is in transit as long as the server delays it, and whose second has to wait for it.
        enqueue(&app, &["first@example.net", "second@example.net"]).await;
        let running = tokio::spawn(runner.run());
        server.wait_for(before + 1).await;
        // Another batch, over the one connection that is left.
        enqueue(&app, &["third@example.net", "fourth@example.org"]).await;
        let to: Vec<_> =
            server.wait_for(before + 2).await.split_off(before).into_iter().flat_map(|mail| mail.to).collect();
        assert_eq!(to, ["first@example.net", "fourth@example.org"]);
        running.abort();
        stop.cancel();
    }
}

#[tokio::test]
async fn what_was_given_up_and_is_tried_again_has_its_domain_s_limit() {
    let Some(mut server) = SmtpServer::start() else { return };
    let url: afterword::config::MailUrl = server.url().parse().unwrap();
    let limit = |c: &mut afterword::config::Config| {
        c.mail.url = url.clone();
        c.mail.rate.insert("example.net".into(), "60/h".parse().unwrap());
    };
    for app in TestApp::on_both(limit).await {
        let minute = Duration::from_secs(60);
        server.set_mode(Mode::Refuse { stage: Stage::Rcpt, code: 550, text: "5.2.1 mailbox disabled" });
        enqueue(&app, &["a@example.net", "b@example.net", "c@example.net"]).await;
        for _ in 0..3 {
            app.pass(minute).await;
        }
        let failed = app.app.mail.troubles().await.unwrap();
        assert!(
            failed.len() == 3 && failed.iter().all(|mail| mail.state == "failed" && mail.hint.is_empty()),
            "{failed:?}"
        );
        server.set_mode(Mode::Accept);
        for mail in &failed {
            assert!(app.app.mail.retry(&mail.id).await.unwrap());
        }
        for minutes in 1..=3 {
            app.pass(minute).await;
            assert_eq!(count(&app, State::Sent).await, minutes, "one a minute");
        }
    }
}
