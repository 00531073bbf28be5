//! The demo's own pages.

use super::mails_go_out;
use crate::app::TestApp;
use afterword::access::Role;
use afterword::desk::Mailbox;

#[tokio::test]
async fn outside_of_the_demo_they_are_not_there() {
    let app = TestApp::start().await;
    app.call("1", "jerry@example.net").await;
    mails_go_out(&app).await;
    let mail = Mailbox::new(app.folder().join("mail")).list().await.unwrap().remove(0);
    let admin = app.sign_in(Role::Admin, &[], None).await;
    for path in ["/demo", "/demo/mail", "/demo/components"] {
        assert_eq!(admin.get(path).await.status(), 404, "{path}");
    }
    // Its links are valid: outside of the demo no staff member may read it.
    for path in [format!("/demo/mail/{}", mail.id), format!("/demo/mail/{}/html", mail.id)] {
        assert_eq!(admin.get(&path).await.status(), 404);
        assert_eq!(app.get(&path).await.status(), 404);
    }
}

#[tokio::test]
async fn captured_mail_opens_as_in_a_mail_program() {
    let app = TestApp::start_demo().await;
    assert!(app.get("/demo/mail").await.text().await.unwrap().contains("Survey mails will be here"));
    app.call("1", "jerry@example.net").await;
    mails_go_out(&app).await;
    let mail = Mailbox::new(app.folder().join("mail")).list().await.unwrap().remove(0);
    let path = format!("/demo/mail/{}", mail.id);
    let list = app.get("/demo/mail").await.text().await.unwrap();
    assert!(list.contains(&path) && list.contains("jerry@example.net"));
    let page = app.get(&path).await.text().await.unwrap();
    assert!(page.contains("sandbox=\"allow-popups") && page.contains("List-Unsubscribe"));
    let text = app.get(&format!("{path}?view=text")).await.text().await.unwrap();
    assert!(text.contains(&format!(r#"<a href="{}/s/"#, app.url)), "links of the text work, too");
    let html = app.get(&format!("{path}/html")).await;
    let policy = html.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(
        policy.starts_with("default-src 'none'") && policy.contains("sandbox") && !policy.contains("allow-scripts")
    );
    let html = html.text().await.unwrap();
    assert!(html.contains(r#"<base target="_blank">"#) && html.contains("/s/"));
    // A path can't contain a NUL character.
    for (hidden, status) in [("..%2Fafterword", 404), ("nothing", 404), ("%2e%2e", 404), ("x%00", 400)] {
        assert_eq!(app.get(&format!("/demo/mail/{hidden}")).await.status(), status, "{hidden}");
    }
    assert!(app.get("/demo").await.text().await.unwrap().contains("Five steps to try"));
    let admin = app.sign_in(Role::Admin, &[], None).await;
    assert!(admin.page("/demo/components").await.contains("Components"));
}
