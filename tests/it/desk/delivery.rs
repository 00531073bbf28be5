//! Figures of mail delivery; skipped surveys; a test mail. Never who answered.

use crate::app::{TestApp, call_body};
use crate::support::smtp::{Mode, SmtpServer, Stage};
use crate::surveys::{SETTLED, ask, page};
use afterword::access::Role;
use afterword::access::principal::Scope;
use afterword::config::{Config, MailUrl, ReturnedUrl};
use serde_json::Value;
use std::time::Duration;

const LOOK: Duration = Duration::from_secs(61);

fn with_folder(config: &mut Config) {
    let folder = config.anonymity.key_file.parent().unwrap().join("returned");
    std::fs::create_dir_all(&folder).unwrap();
    config.mail.bounces = "bounces@northwind.example".into();
    config.mail.returned = ReturnedUrl::File(folder);
}

/// Returns the number on a tile.
fn tile(page: &str, words: &str) -> i64 {
    let end = page.find(&format!("</b><span>{words}</span>")).unwrap_or_else(|| panic!("no tile {words}"));
    let begin = page[..end].rfind("<b>").unwrap() + 3;
    page[begin..end].parse().unwrap()
}

#[tokio::test]
async fn what_was_sent_came_back_and_was_not_asked_is_counted() {
    for app in TestApp::on_both(with_folder).await {
        ask(&app, "gone").await;
        ask(&app, "here").await;
        let tag = crate::mail::returned::newest_tag(&app).await;
        let bounce =
            crate::mail::returned::bounce(&tag, "x@example.net", "Action: failed\nStatus: 5.1.1", "550 no such user");
        std::fs::write(app.folder().join("returned/1.eml"), bounce).unwrap();
        let mut none = call_body("");
        none["customer"] = Value::Null;
        app.interaction("none", &none).await;
        app.pass(LOOK + SETTLED).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let shown = admin.page("/admin/delivery").await;
        let of = |words| tile(&shown, words);
        assert_eq!(
            [of("sent"), of("returned"), of("failed"), of("held"), of("customers not surveyed")],
            [2, 1, 0, 0, 1]
        );
        for words in
            ["There is no such mailbox.", "not written to any more", "No e-mail address of the customer is known."]
        {
            assert!(shown.contains(words), "{words}");
        }
        assert!(!shown.contains("@example.net") && shown.contains("<svg viewBox=\"0 0 640 220\""));
        // An answer changes nothing on this page.
        let token = crate::surveys::token_in(&crate::surveys::mail_to(&app, "here@example.net"));
        assert_eq!(
            crate::surveys::post(&app, &format!("/s/{token}"), &[("score", "5"), ("choice", "linked")]).await.0,
            200
        );
        let without = |text: &str| text.split("name=\"csrf\"").next().unwrap().to_owned();
        assert_eq!(without(&admin.page("/admin/delivery").await), without(&shown));
        assert_eq!(page(&app, &format!("/s/{token}")).await.0, 200);
    }
}

#[tokio::test]
async fn what_was_given_up_is_tried_again_after_a_question() {
    let Some(mut server) = SmtpServer::start() else { return };
    let url: MailUrl = server.url().parse().unwrap();
    let app = TestApp::start_with(|config| config.mail.url = url).await;
    server.set_mode(Mode::Refuse { stage: Stage::Data, code: 554, text: "5.6.0 content refused" });
    app.call("1", "jerry@example.net").await;
    app.pass(SETTLED).await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let shown = admin.page("/admin/delivery").await;
    if tile(&shown, "failed") == 0 {
        // The server's reply was classified as a server problem rather than a mail problem: it waits.
        return;
    }
    assert!(shown.contains("content refused"), "{shown}");
    let question = admin.page("/admin/delivery/retry?days=14").await;
    assert!(question.contains("1 mail") && question.contains("can’t be called back"));
    assert!(server.messages().is_empty(), "asking sends nothing");
    server.set_mode(Mode::Accept);
    let answer = admin.post("/admin/delivery/retry", &[("days", "14")]).await;
    assert!(answer.headers()["location"].to_str().unwrap().ends_with("did=retried"));
    app.work().await;
    server.wait_for(1).await;
    assert_eq!(tile(&admin.page("/admin/delivery").await, "sent"), 1);
}

#[tokio::test]
async fn a_test_mail_leaves_at_once_or_says_why_not() {
    let Some(mut server) = SmtpServer::start() else { return };
    let url: MailUrl = server.url().parse().unwrap();
    let app = TestApp::start_with(|config| config.mail.url = url).await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let answer = admin.post("/admin/delivery/trial", &[("to", "me@northwind.example")]).await;
    assert!(answer.headers()["location"].to_str().unwrap().ends_with("did=trial-sent"));
    let mail = server.wait_for(1).await.remove(0);
    assert_eq!(mail.to, ["me@northwind.example"]);
    assert!(mail.text().unwrap().contains("Northwind"));
    server.set_mode(Mode::Refuse { stage: Stage::Rcpt, code: 550, text: "5.1.1 <me@northwind.example> unknown here" });
    let shown = admin.post("/admin/delivery/trial", &[("to", "me@northwind.example")]).await.text().await.unwrap();
    assert!(
        shown.contains("did not leave") && shown.contains("unknown here") && !shown.contains("me@northwind"),
        "{shown}"
    );
    let shown = admin.post("/admin/delivery/trial", &[("to", "nobody")]).await.text().await.unwrap();
    assert!(shown.contains("not an e-mail address"));
    // Each is in the audit log, without the address; their number is limited.
    let lines = app
        .app
        .audit
        .lines(&afterword::audit::Filter::default(), &afterword::paging::Cursor::start(), 20)
        .await
        .unwrap();
    let tested: Vec<_> = lines.items.iter().filter(|line| line.action == "mail.tested").collect();
    assert_eq!(tested.len(), 3);
    assert!(tested.iter().all(|line| !format!("{line:?}").contains("me@")));
    let mut last = 200;
    for _ in 0..4 {
        last = admin.post("/admin/delivery/trial", &[("to", "nobody")]).await.status().as_u16();
    }
    assert_eq!(last, 429);
    assert_eq!(
        app.post("/admin/delivery/trial", &[("to", "me@northwind.example")]).await.status(),
        303,
        "nobody signed in"
    );
}

#[tokio::test]
async fn who_is_not_asked_stands_beside_the_others() {
    for app in TestApp::on_both(|_| {}).await {
        for n in 0..60 {
            let mut body = call_body(&format!("c{n}@example.net"));
            let cheats = n % 2 == 0;
            body["agent"] = if cheats {
                serde_json::json!({ "external_id": "13", "name": "=Cheat" })
            } else {
                serde_json::json!({ "external_id": "17", "name": "Sydney Carton" })
            };
            if cheats && n % 4 == 0 {
                body["customer"] = Value::Null;
            }
            app.interaction(&n.to_string(), &body).await;
        }
        app.pass(SETTLED).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let shown = admin.page("/admin/skipped").await;
        assert_eq!((tile(&shown, "conversations decided"), tile(&shown, "agents with unusual figures")), (60, 1));
        let (cheat, fair) = (shown.find("=Cheat").unwrap(), shown.find("Sydney Carton").unwrap());
        assert!(
            cheat < fair
                && shown[cheat..fair].contains("flagged")
                && !shown[fair..].split("</tr>").next().unwrap().contains("flagged")
        );
        let file = admin.get("/admin/skipped.csv?days=7").await;
        assert_eq!(file.headers()["content-type"], "text/csv; charset=utf-8");
        let file = String::from_utf8(file.bytes().await.unwrap().to_vec()).unwrap();
        assert!(file.starts_with("\u{feff}agent,"), "{file}");
        assert!(file.contains("'=Cheat,") && file.contains("no_address,15,yes"), "{file}");
        let key = app.key(Scope::Admin).await;
        let asked =
            app.client.get(format!("{}/api/v1/skipped?days=7", app.url)).bearer_auth(&key).send().await.unwrap();
        let report: Value = asked.json().await.unwrap();
        assert_eq!((report["all"]["interactions"].as_i64(), report["all"]["not_asked"].as_i64()), (Some(60), Some(15)));
        assert_eq!(report["agents"][0]["reasons"][0]["stands_out"], true);
        assert_eq!(report["agents"][1]["share_of_others"], 0.5);
    }
}
