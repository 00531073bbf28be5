//! Certificates, passwords, and their errors: nothing is sent, nothing is lost, no secret is disclosed.

use super::only;
use crate::app::TestApp;
use crate::support::smtp::{Setup, Shows, SmtpServer, Tls};
use crate::surveys::{SETTLED, state_of};
use std::path::PathBuf;

/// Asks a customer through this server; returns the app, and the reason why nothing was sent.
async fn asked(url: &str, ca_file: Option<PathBuf>) -> (TestApp, Option<String>) {
    let url = url.parse().unwrap();
    let app = TestApp::start_with(|c| {
        c.mail.url = url;
        c.mail.ca_file = ca_file.unwrap_or_default();
    })
    .await;
    let id = app.call("1", "jerry@example.net").await;
    app.pass(SETTLED).await;
    let stopped = app.app.mail.stopped().await.unwrap().map(|stopped| stopped.reason);
    let wanted = if stopped.is_some() { "scheduled" } else { "sent" };
    assert_eq!(state_of(&app, &id).await.0, wanted, "{stopped:?}");
    (app, stopped)
}

#[tokio::test]
async fn a_certificate_that_is_not_right_stops_mail_and_says_what_is_wrong() {
    for (shows, trusted, words) in [
        (Shows::Expired, true, "has expired"),
        (Shows::AnothersName, true, "for another name"),
        (Shows::Right, false, "signed by nobody that is trusted"),
    ] {
        for tls in [Tls::Implicit, Tls::Offered] {
            let Some(server) = SmtpServer::start_with(Setup { tls, shows, ..Setup::default() }) else { return };
            let ca_file = trusted.then(|| server.certificate().unwrap().to_owned());
            let required = if tls == Tls::Offered { "?tls=required" } else { "" };
            let (app, stopped) = asked(&format!("{}{required}", server.url()), ca_file).await;
            let why = stopped.unwrap();
            assert!(why.contains(words) && why.contains("nothing was sent"), "{why}");
            assert!(server.messages().is_empty());
            assert_eq!(only(&app).await.attempts, 0);
            assert!(
                app.sign_in(afterword::access::Role::Admin, &[], None).await.page("/admin/mail").await.contains(words)
            );
        }
    }
}

#[tokio::test]
async fn a_certificate_of_an_authority_of_our_own_is_believed() {
    for tls in [Tls::Implicit, Tls::Offered] {
        let auth = Some(("aw", "secret"));
        let Some(server) = SmtpServer::start_with(Setup { tls, auth, ..Setup::default() }) else { return };
        let (_app, stopped) = asked(&server.url(), server.certificate().map(PathBuf::from)).await;
        assert_eq!(stopped, None);
        let mail = server.wait_for(1).await.remove(0);
        assert!(mail.encrypted && mail.authenticated);
    }
}

#[tokio::test]
async fn a_password_leaves_encrypted_or_not_at_all() {
    let auth = Some(("aw", "secret"));
    let Some(plain) = SmtpServer::start_with(Setup { auth, ..Setup::default() }) else { return };
    let (_app, stopped) = asked(&plain.url(), None).await;
    let why = stopped.unwrap();
    assert!(why.contains("offers no encryption") && why.contains("?tls=off") && !why.contains("secret"), "{why}");
    let Some(unknown) = SmtpServer::start_with(Setup { auth, tls: Tls::Offered, ..Setup::default() }) else { return };
    let (_app, stopped) = asked(&unknown.url(), None).await;
    assert!(stopped.unwrap().contains("signed by nobody"), "not even where encryption is there, but for anybody");
    assert!(plain.messages().is_empty() && unknown.messages().is_empty());
}

#[tokio::test]
async fn a_wrong_password_stops_all_mail_at_once_and_is_not_told() {
    let Some(server) = SmtpServer::start_with(Setup { auth: Some(("aw", "secret")), ..Setup::default() }) else {
        return;
    };
    let url = format!("{}?tls=off", server.url().replace("secret", "wrong-password"));
    let (app, stopped) = asked(&url, None).await;
    let why = stopped.unwrap();
    assert!(why.contains("sign-in failed") && why.contains("535") && !why.contains("wrong-password"), "{why}");
    assert_eq!(only(&app).await.attempts, 0);
    // After a correction no wait is needed.
    for _ in 0..20 {
        app.pass(std::time::Duration::from_secs(60)).await;
    }
    let stopped = app.app.mail.stopped().await.unwrap().unwrap();
    assert!((4..10).contains(&stopped.tries), "it is asked ever more rarely: {stopped:?}");
    assert!(app.app.mail.go_on().await.unwrap());
    app.work().await;
    assert_eq!(app.app.mail.stopped().await.unwrap().unwrap().tries, stopped.tries + 1);
}
