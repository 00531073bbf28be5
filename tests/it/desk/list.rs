//! `/interactions`.

use super::{answer, chat_body, mails_go_out};
use crate::app::{TestApp, call_body};
use afterword::access::Role;
use serde_json::json;
use std::collections::HashSet;

fn links(page: &str) -> Vec<String> {
    let parts = page.split(r#"class="row-link" href=""#).skip(1);
    parts.map(|part| part[..part.find('"').unwrap()].to_owned()).collect()
}

#[tokio::test]
async fn each_role_sees_its_own_and_ratings_are_for_supervisors() {
    let app = TestApp::start().await;
    app.call("1", "jerry@example.net").await;
    app.interaction("2", &chat_body("laura@example.net")).await;
    mails_go_out(&app).await;
    answer(&app, "jerry@", &[("score", "2"), ("choice", "linked")]).await;
    let seen = async |role, teams: &[&str], agent| {
        let page = app.sign_in(role, teams, agent).await.page("/interactions").await;
        (links(&page).len(), page.contains("class=\"rating r2\""))
    };
    assert_eq!(seen(Role::Admin, &[], None).await, (2, false));
    assert_eq!(seen(Role::Supervisor, &["Orders"], None).await, (1, true));
    assert_eq!(seen(Role::Supervisor, &["Billing"], None).await, (1, false));
    assert_eq!(seen(Role::Supervisor, &["Orders", "Billing"], None).await, (2, true));
    assert_eq!(seen(Role::Agent, &[], Some("17")).await, (1, false));
}

#[tokio::test]
async fn filters_work_without_scripts() {
    let app = TestApp::start().await;
    app.call("1", "jerry@example.net").await;
    app.interaction("2", &chat_body("laura@example.net")).await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let (orders, lucie) = (app.team("Orders").await, app.agent("18").await);
    for (query, count) in [
        ("channel=chat".to_owned(), 1),
        (format!("team={orders}"), 1),
        (format!("agent={lucie}&channel=call"), 0),
        ("survey=waiting".to_owned(), 2),
        ("team=&agent=&channel=&survey=".to_owned(), 2),
    ] {
        let page = admin.page(&format!("/interactions?{query}")).await;
        assert_eq!(links(&page).len(), count, "{query}");
    }
    let page = admin.page(&format!("/interactions?agent={lucie}")).await;
    assert!(page.contains(&format!(r#"<option value="{lucie}" selected>Lucie Manette"#)), "the choice stays");
    assert!(admin.page("/interactions?channel=chat&survey=sent").await.contains("No matching conversations"));
    for query in ["team=x", "agent=%3Cscript%3E", "channel=fax", "survey=answered"] {
        let refused = admin.get(&format!("/interactions?{query}")).await;
        assert_eq!(refused.status(), 400, "{query}");
        assert!(!refused.text().await.unwrap().contains("<script>alert"));
    }
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let page = supervisor.page("/interactions").await;
    assert!(!page.contains("Lucie") && !page.contains("Billing"), "nobody else's people to choose");
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat() {
    let app = TestApp::start().await;
    for n in 0..53 {
        app.call(&n.to_string(), "").await;
    }
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let first = admin.page("/interactions").await;
    let next = first
        .split(r#"rel="next" href=""#)
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&amp;", "&")
        .replace("&#38;", "&");
    let second = admin.page(&next).await;
    let all: HashSet<String> = links(&first).into_iter().chain(links(&second)).collect();
    assert_eq!((links(&first).len(), links(&second).len(), all.len()), (50, 3, 53));
    assert!(second.contains("That is all.") && second.contains("Newest</a>"));
    assert_eq!(links(&admin.page("/interactions?cursor=nonsense").await).len(), 50, "no cursor, the first page");
}

#[tokio::test]
async fn whatever_is_sent_is_shown_as_text() {
    let app = TestApp::start().await;
    let nasty = "<img src=x onerror=alert(1)>\"'&";
    let mut body = call_body("jerry@example.net");
    body["agent"] = json!({ "external_id": nasty, "name": format!("نور {nasty} 🦊") });
    body["team"] = json!(format!("T {nasty}"));
    body["queue"] = json!(nasty);
    body["tags"] = json!([nasty, "חבילה"]);
    body["outcome"] = json!(nasty);
    body["direction"] = json!(nasty);
    let id = app.interaction("nasty", &body).await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    for path in ["/", "/interactions", &format!("/interactions/{id}"), "/admin", "/admin/work", "/admin/mail"] {
        let page = admin.page(path).await;
        assert!(!page.contains("<img src=x"), "{path}");
    }
    let page = admin.page(&format!("/interactions/{id}")).await;
    assert!(page.contains("<bdi>") && page.contains("نور") && page.contains("🦊") && page.contains("חבילה"));
}
