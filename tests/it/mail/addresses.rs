//! Addresses: hosts in ASCII, quoted names, and one form of each, over a real mail server.

use crate::app::{TestApp, call_body};
use crate::support::smtp::SmtpServer;
use crate::surveys::{SETTLED, state_of, token_in};
use std::time::Duration;

#[tokio::test]
async fn addresses_are_written_as_mail_servers_take_them() {
    let Some(server) = SmtpServer::start() else { return };
    let url: afterword::config::MailUrl = server.url().parse().unwrap();
    for app in
        TestApp::on_both(|c| (c.mail.url, c.mail.from) = (url.clone(), "Über <survey@nördwind.example>".into())).await
    {
        for (id, email, written) in [
            ("idn", "user@exämple.de", "user@xn--exmple-cua.de"),
            ("quoted", "\"john doe\"@example.com", "\"john doe\"@example.com"),
            ("dots", "john..doe@docomo.example", "\"john..doe\"@docomo.example"),
            ("named", "Jerry <jerry@example.org>", "jerry@example.org"),
            ("bare", "\"jerry\"@Example.NET", "jerry@example.net"),
        ] {
            let before = server.messages().len();
            let asked = app.interaction(id, &call_body(email)).await;
            app.pass(SETTLED).await;
            assert_eq!(state_of(&app, &asked).await, ("sent".into(), None), "{email}");
            let mail = server.wait_for(before + 1).await.remove(before);
            // The server drops the quotes of names that it can do without.
            assert!(mail.to == [written] || mail.to == [written.replace('"', "")], "{:?}", mail.to);
            assert_eq!(mail.from, "survey@xn--nrdwind-90a.example");
            let head = String::from_utf8(mail.raw()).unwrap();
            let to = head.lines().find(|line| line.starts_with("To: ")).unwrap();
            assert!(to.contains(written) && to.is_ascii(), "{to}");
            assert!(head.split("\r\n\r\n").next().unwrap().is_ascii(), "{head}");
        }
    }
}

#[tokio::test]
async fn an_unsubscription_holds_for_every_spelling() {
    let Some(server) = SmtpServer::start() else { return };
    let url: afterword::config::MailUrl = server.url().parse().unwrap();
    for app in TestApp::on_both(|c| c.mail.url = url.clone()).await {
        let before = server.messages().len();
        app.interaction("1", &call_body("user@exämple.de")).await;
        app.pass(SETTLED).await;
        let mail = server.wait_for(before + 1).await.remove(before);
        let traces = app.app.invitations.traces("USER@xn--exmple-cua.de").await.unwrap().unwrap();
        assert_eq!((traces.open, traces.asked, traces.about.len()), (1, true, 1), "erasure by address finds it");
        let token = token_in(mail.header("list-unsubscribe").unwrap());
        assert_eq!(app.post(&format!("/u/{token}"), &[]).await.status(), 200);
        app.pass(Duration::from_secs(31 * 86_400)).await;
        for (id, spelling) in ["USER@EXÄMPLE.de", "user@xn--exmple-cua.de"].into_iter().enumerate() {
            let next = app.interaction(&format!("next{id}"), &call_body(spelling)).await;
            app.pass(SETTLED).await;
            assert_eq!(state_of(&app, &next).await, ("skipped".into(), Some("unsubscribed".into())), "{spelling}");
        }
        assert_eq!(server.messages().len(), before + 1);
    }
}
