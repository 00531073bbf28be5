//! Erasure with callback requests and texts of supervisors.

use super::RARE;
use crate::anonymity::{bytes_on_disk, dump, holds};
use crate::app::{Session, TestApp};
use crate::followups::{list, ripen};
use crate::surveys::{Asked, answer, ask, post};
use afterword::access::Role;
use afterword::access::principal::Scope;
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

async fn callback(app: &TestApp, asked: &Asked, reach: &str, join: &str) {
    let form = [("name", "Jerry Cruncher"), ("reach", reach), ("about", RARE), ("join", join)];
    let (status, text) = post(app, &format!("{}/contact", asked.page()), &form).await;
    assert!(status == 200 && text.contains("We will get in touch"), "{status}: {text}");
}

/// Creates a linked answer with a quotable comment, and a callback request joined to it.
async fn joined(app: &TestApp, name: &str, reach: &str) -> Asked {
    let asked = ask(app, name).await;
    answer(app, &asked, &[("score", "1"), ("comment", RARE), ("choice", "linked"), ("quote", "yes")]).await;
    callback(app, &asked, reach, "yes").await;
    asked
}

async fn handed_over(app: &TestApp) {
    ripen(app).await;
    app.pass(DAY).await;
    app.pass(Duration::from_secs(3600)).await;
}

async fn contact(session: &Session, follow_up: &Value) -> u16 {
    let id = follow_up["id"].as_str().unwrap();
    session.post(&format!("/follow-ups/{id}/contact"), &[]).await.status().as_u16()
}

#[tokio::test]
async fn what_was_left_and_written_about_a_conversation_goes_with_it() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = joined(&app, "jerry", "+44 306 999 0123").await;
        let other = ask(&app, "kramer").await;
        callback(&app, &other, "+44 306 999 0456", "").await;
        handed_over(&app).await;
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let path = |what: &str| format!("/interactions/{}/{what}", asked.interaction);
        assert_eq!(own.post(&path("follow-ups"), &[("why", RARE)]).await.status(), 303);
        assert_eq!(own.post(&path("kudos"), &[("text", RARE)]).await.status(), 303);
        let open = list(&own, "open").await;
        assert_eq!(open.len(), 4, "a low rating, by hand, and two wishes: {open:?}");
        for one in &open {
            let note = format!("/follow-ups/{}/notes", one["id"].as_str().unwrap());
            let text = if one["interaction_id"].is_null() { "rang once" } else { RARE };
            assert_eq!(own.post(&note, &[("note", text)]).await.status(), 303);
        }
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let (before, form) = (dump(&app).await, [("interaction", asked.interaction.as_str())]);
        let preview = admin.post("/admin/erasure/preview", &form).await.text().await.unwrap();
        assert_eq!(dump(&app).await, before, "looking erases nothing");
        let receipt = admin.post("/admin/erasure", &form).await.text().await.unwrap();
        assert!(preview.contains("1 commendation<") && receipt.contains("1 commendation<"), "{preview} {receipt}");
        // An erasure does not reveal whether the customer answered, or requested a callback.
        for told in ["follow-up,", "follow-ups,", "<li>1 callback request", "quote<"] {
            assert!(!preview.contains(told) && !receipt.contains(told), "{told}: {preview} {receipt}");
        }
        let all = dump(&app).await;
        assert_eq!((all["callback_requests"].len(), all["kudos"].len(), all["quotes"].len()), (1, 0, 0));
        assert!(!format!("{all:?}").contains(RARE));
        let line = all["audit_log"].iter().find(|row| row.contains("interaction.erased")).unwrap();
        assert!(line.contains("kudos") && !line.contains("callback_requests") && !line.contains("Cruncher"), "{line}");
        // The remaining follow-up says that there was a request, which can't be opened any more.
        let (open, closed) = (list(&own, "open").await, list(&own, "closed").await);
        assert_eq!((open.len(), closed.len()), (1, 3));
        for one in &closed {
            assert_eq!((&one["reason"], &one["outcome"]), (&json!("removed"), &json!("erased")));
            assert!(one["agent"].is_null() && one["interaction_id"].is_null() && one["has_contact"] == false, "{one}");
            assert_eq!(contact(&own, one).await, 409);
            let undo = format!("/follow-ups/{}/undo", one["id"].as_str().unwrap());
            assert_eq!(own.post(&undo, &[]).await.status(), 409);
            let page = own.page(&format!("/follow-ups/{}", one["id"].as_str().unwrap())).await;
            assert!(page.contains("erased what was written here"), "{page}");
        }
        assert_eq!(contact(&own, &open[0]).await, 200, "somebody else's stays");
        let steps = own.page(&format!("/follow-ups/{}", open[0]["id"].as_str().unwrap())).await;
        assert!(steps.contains("rang once"), "{steps}");
        // The other one, whose sealed text still has the rare word, does not interfere.
        assert!(!holds(&bytes_on_disk(&app), RARE), "on disk");
    }
}

#[tokio::test]
async fn callback_requests_are_found_by_address_and_joined_conversation() {
    for app in TestApp::on_both(|_| {}).await {
        let (jerry, kramer) = (ask(&app, "jerry").await, ask(&app, "kramer").await);
        callback(&app, &jerry, "Jerry <JERRY@Example.net>", "").await;
        callback(&app, &kramer, "kramer@example.net", "").await;
        joined(&app, "emma", "+44 306 999 0123").await;
        handed_over(&app).await;
        // Not handed over yet.
        let late = ask(&app, "late").await;
        callback(&app, &late, "jerry@example.net", "").await;
        let own = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        for one in list(&own, "open").await {
            let note = format!("/follow-ups/{}/notes", one["id"].as_str().unwrap());
            own.post(&note, &[("note", "Jerry prefers mornings")]).await;
        }
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let form = [("address", "jerry@example.net")];
        let preview = admin.post("/admin/erasure/preview", &form).await.text().await.unwrap();
        assert!(
            preview.contains("<li>1 callback request, with its follow-up</li>"),
            "what the team has got: {preview}"
        );
        let key = app.key(Scope::Admin).await;
        for (address, left) in [("jerry@example.net", 2), ("emma@example.net", 1)] {
            let request = app.client.post(format!("{}/api/v1/erasures", app.url)).bearer_auth(&key);
            let request = request.json(&json!({ "address": address }));
            let receipt: Value = request.send().await.unwrap().json().await.unwrap();
            assert_eq!(receipt["counts"]["callback_requests"], 1, "{receipt}");
            assert_eq!(dump(&app).await["callback_requests"].len(), left);
        }
        let (open, closed) = (list(&own, "open").await, list(&own, "closed").await);
        assert_eq!((open.len(), closed.len()), (2, 2), "the third customer's wish and the low rating: {open:?}");
        for one in &closed {
            assert_eq!(contact(&own, one).await, 409);
        }
        assert_eq!(dump(&app).await["follow_up_steps"].iter().filter(|row| row.contains("mornings")).count(), 2);
        handed_over(&app).await;
        assert_eq!(list(&own, "open").await.len(), 2, "the one that waited was not handed over");
    }
}
