//! Limits of recipients' domains.

use super::count;
use crate::app::TestApp;
use crate::support::smtp::{Mode, SmtpServer};
use crate::surveys::{SETTLED, mails};
use afterword::mail::State;
use std::time::Duration;

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
        assert_eq!(app.app.mail.list(None, &afterword::web::Cursor::start(), 50).await.unwrap().items[0].attempts, 1);
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
