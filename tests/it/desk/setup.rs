//! `/admin` and its links.

use super::mails_go_out;
use crate::app::TestApp;
use afterword::access::Role;
use afterword::config::MailUrl;
use afterword::effects::Effects;
use afterword::jobs::NewJob;

#[tokio::test]
async fn every_card_leads_to_a_page() {
    let app = TestApp::start().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let index = admin.page("/admin").await;
    let cards: Vec<_> =
        index.split("<h2>").skip(1).filter_map(|part| part.split(r#"<a href=""#).nth(1)?.split('"').next()).collect();
    assert!(cards.len() >= 8, "{cards:?}");
    for path in cards {
        let status = admin.get(path).await.status();
        assert!(status.is_success() || status.is_redirection(), "{path}: {status}");
    }
}

#[tokio::test]
async fn held_mail_is_shown_without_its_links() {
    let app = TestApp::start_with(|config| config.mail.url = MailUrl::Hold).await;
    app.call("1", "jerry@example.net").await;
    mails_go_out(&app).await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    assert!(admin.page("/").await.contains("held"), "the desk says so");
    let page = admin.page("/admin/mail").await;
    assert!(
        page.contains("No mail server is set up") && !page.contains("jerry@example.net"),
        "the address is shortened"
    );
    let preview = page.split(r#"<a href="/admin/mail/"#).nth(1).unwrap().split('"').next().unwrap();
    let text = admin.page(&format!("/admin/mail/{preview}")).await;
    assert!(text.contains("Northwind") && !text.contains("/s/") && !text.contains("jerry@"), "{text}");
    let sent = admin.post("/admin/mail/held/delivery", &[]).await;
    assert_eq!(sent.headers()["location"], "/admin/mail?did=held", "nothing was sent, nothing is lost");
    assert_eq!(admin.get("/admin/mail/7d8f6c1e-0000-4000-8000-000000000000").await.status(), 404);
}

#[tokio::test]
async fn the_configuration_is_shown_without_secrets() {
    let app = TestApp::start_with(|config| {
        config.mail.url = "smtp://mailer:s3cret@mail.example.com".parse().unwrap();
    })
    .await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let page = admin.page("/admin/configuration").await;
    assert!(page.contains("mail.example.com") && page.contains("mailer") && !page.contains("s3cret"));
}

#[tokio::test]
async fn work_is_listed_in_words_and_a_stranger_retries_nothing() {
    let app = TestApp::start().await;
    app.call("1", "jerry@example.net").await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let page = admin.page("/admin/work").await;
    assert!(page.contains("Decide whether a survey is due") && page.contains("No failed jobs"));
    // Each kind of job has words of its own beside its name.
    let kinds: Vec<&str> = app.app.jobs().iter().map(|kind| kind.name).collect();
    let later = app.app.clock.now().plus(std::time::Duration::from_secs(86_400));
    let jobs: Vec<NewJob> = kinds.iter().map(|kind| NewJob::new(kind, "example", later)).collect();
    let mut tx = app.app.db.begin().await.unwrap();
    Effects::new().jobs(jobs).save(tx.conn(), app.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let page = admin.page("/admin/work").await;
    for kind in kinds {
        let name = format!("<code>{kind}</code>");
        assert!(page.contains(&name) && !page.contains(&format!("<td>{kind} <small>")), "{kind} has no words");
    }
    let unknown = "/admin/work/7d8f6c1e-0000-4000-8000-000000000000/retry";
    assert_eq!(admin.post(unknown, &[]).await.headers()["location"], "/admin/work?did=gone");
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    assert_eq!(supervisor.post(unknown, &[]).await.status(), 403);
    assert_eq!(app.post(unknown, &[]).await.status(), 303, "nobody signed in");
}
