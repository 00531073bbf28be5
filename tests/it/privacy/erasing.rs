//! Erased data are gone: from the tables, from the files, from the bytes on disk.

use super::{RARE, full_call, stored, tables_with};
use crate::anonymity::{bytes_on_disk, dump, holds};
use crate::app::{TestApp, call_body};
use crate::surveys::{SETTLED, answer, ask, mails, page, state_of};
use afterword::access::Role;
use afterword::access::principal::Scope;
use serde_json::{Value, json};

#[tokio::test]
async fn a_conversation_goes_with_everything_that_hangs_on_it() {
    for app in TestApp::on_both(|_| {}).await {
        let (gone, stays) = (full_call(&app, "gone").await, full_call(&app, "stays").await);
        assert_eq!(stored(&app), 2);
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let before = dump(&app).await;
        let seen = admin.page(&format!("/admin/erasure?interaction={}", gone.interaction)).await;
        for there in
            ["1 recording", "1 transcript", "2 lines that search finds", "1 survey, with its answer if there is one"]
        {
            assert!(seen.contains(there), "{there}: {seen}");
        }
        assert_eq!(dump(&app).await, before, "looking erases nothing");
        let done = admin.post("/admin/erasure", &[("interaction", gone.interaction.as_str())]).await;
        let receipt = done.text().await.unwrap();
        assert!(receipt.contains("Erased") && receipt.contains("1 recording"), "{receipt}");
        app.work().await;
        assert_eq!(
            tables_with(&app, &gone.interaction).await,
            ["audit_log"],
            "who erased it stands there, and nothing else"
        );
        assert_eq!(stored(&app), 1);
        let all = dump(&app).await;
        for table in ["recordings", "transcripts", "responses", "invitations", "outbox", "search_state"] {
            assert_eq!(all[table].len(), 1, "{table}: the other one's");
        }
        assert_eq!(page(&app, &gone.page()).await.0, 404);
        assert_eq!(page(&app, &stays.page()).await.0, 200);
        let line = all["audit_log"].iter().find(|row| row.contains("interaction.erased")).unwrap();
        assert!(
            line.contains("recordings")
                && line.contains("invitations")
                && !line.contains("answers")
                && !line.contains(RARE),
            "{line}"
        );
        // A second erasure finds nothing, and nothing is left in the file.
        let again = admin.post("/admin/erasure", &[("interaction", gone.interaction.as_str())]).await;
        assert_eq!(again.status(), 404);
        admin.post("/admin/erasure", &[("interaction", stays.interaction.as_str())]).await;
        assert!(!holds(&bytes_on_disk(&app), RARE), "on disk");
    }
}

#[tokio::test]
async fn programs_erase_by_the_id_that_they_know() {
    let app = TestApp::start().await;
    let asked = full_call(&app, "4711").await;
    let url = format!("{}/api/v1/interactions/phone/4711", app.url);
    let delete = async |key: &str| app.client.delete(&url).bearer_auth(key).send().await.unwrap();
    for scope in [Scope::Ingest, Scope::Read] {
        assert_eq!(delete(&app.key(scope).await).await.status(), 403);
    }
    let key = app.key(Scope::Admin).await;
    let receipt: Value = delete(&key).await.json().await.unwrap();
    assert_eq!((&receipt["counts"]["recordings"], &receipt["counts"]["invitations"]), (&json!(1), &json!(1)));
    let gone = delete(&key).await;
    assert_eq!(gone.status(), 404);
    assert_eq!(gone.json::<Value>().await.unwrap()["code"], "interaction_not_found");
    assert_eq!(tables_with(&app, &asked.interaction).await, ["audit_log", "jobs"][..1].to_vec());
}

#[tokio::test]
async fn totals_that_were_released_stay() {
    let app = TestApp::start().await;
    let asked = crate::anonymity::ask_many(&app, "17", "Orders", 5).await;
    for one in &asked {
        answer(&app, one, &[("score", "5"), ("choice", "linked")]).await;
    }
    assert_eq!(crate::anonymity::ripen_and_release(&app).await, 1);
    let hr = app.sign_in(Role::Hr, &[], None).await;
    let before = hr.page("/ratings.csv").await;
    assert!(before.contains(",5,1.0000,"), "five answers: {before}");
    let admin = app.sign_in(Role::Admin, &[], None).await;
    for one in &asked[..2] {
        assert_eq!(admin.post("/admin/erasure", &[("interaction", one.interaction.as_str())]).await.status(), 200);
    }
    let after = hr.page("/ratings.csv").await;
    // The rate is per invitation, and two of those are erased; no answer is.
    let bare = |text: &str| {
        text.lines().map(|line| line.split(',').take(18).collect::<Vec<_>>().join(",")).collect::<Vec<_>>()
    };
    assert_eq!(bare(&before), bare(&after), "an erasure alters no released figure");
}

#[tokio::test]
async fn of_an_address_keyed_hashes_are_all_that_is_left() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        let other = ask(&app, "kramer").await;
        // Not decided yet, and with another spelling.
        let waiting = app.interaction("waiting", &call_body("Jerry@Example.NET")).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let seen =
            admin.post("/admin/erasure/preview", &[("address", " JERRY@example.net")]).await.text().await.unwrap();
        assert!(seen.contains("1 open survey") && seen.contains("1 address that waits"), "{seen}");
        let bad = admin.post("/admin/erasure", &[("address", "nobody")]).await;
        assert_eq!(bad.status(), 422);
        let receipt = admin.post("/admin/erasure", &[("address", "jerry@example.net")]).await.text().await.unwrap();
        assert!(receipt.contains("1 open survey, which closes"), "{receipt}");
        assert_eq!(page(&app, &asked.page()).await.0, 410, "closed");
        assert_eq!(page(&app, &other.page()).await.0, 200);
        assert_eq!(state_of(&app, &waiting).await, ("skipped".into(), Some("added".into())));
        app.pass(SETTLED).await;
        let later = app.interaction("later", &call_body("jerry@example.net")).await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &later).await, ("skipped".into(), Some("added".into())));
        assert_eq!(mails(&app).len(), 2, "no further mail");
        let (all, vault) = (dump(&app).await, &app.app.vault);
        let mut opened = 0;
        for text in all.values().flatten().flat_map(|row| row.split(['|', '\'', '"'])) {
            assert!(!text.to_lowercase().contains("jerry@"), "{text}");
            for purpose in ["invitation.address", "interaction.customer.email"] {
                let plain = vault.open(purpose, text).map(|b| String::from_utf8_lossy(&b).into_owned());
                assert!(plain.as_ref().map_or(true, |plain| !plain.to_lowercase().contains("jerry@")));
                opened += usize::from(plain.is_ok());
            }
        }
        assert_eq!(opened, 1, "the other customer's is still there");
        let key = app.key(Scope::Admin).await;
        let body = json!({ "address": "jerry@example.net", "conversations": true });
        let request = app.client.post(format!("{}/api/v1/erasures", app.url)).bearer_auth(&key).json(&body);
        let receipt: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(receipt["counts"]["conversations"], 1, "the one that was asked about: {receipt}");
        assert_eq!(tables_with(&app, &asked.interaction).await, ["audit_log"]);
    }
}

/// Rule 3: an apart answer can't be found by anyone, so an erasure can't include it; the link can delete it, until it
/// is counted.
#[tokio::test]
async fn an_apart_answer_goes_by_its_link_alone() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "jerry").await;
        answer(&app, &asked, &[("score", "1"), ("comment", RARE), ("choice", "apart")]).await;
        let kept = ask(&app, "kramer").await;
        answer(&app, &kept, &[("score", "2"), ("choice", "apart")]).await;
        let sealed = dump(&app).await["sealed_answers"].len();
        answer(&app, &asked, &[("do", "withdraw")]).await;
        assert_eq!(dump(&app).await["sealed_answers"].len(), sealed - 2);
        answer(&app, &asked, &[("score", "1"), ("choice", "apart")]).await;
        let before = dump(&app).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        admin.post("/admin/erasure", &[("interaction", asked.interaction.as_str())]).await;
        admin.post("/admin/erasure", &[("address", "kramer@example.net")]).await;
        let after = dump(&app).await;
        for table in ["sealed_answers", "spent_tokens"] {
            assert_eq!(before[table], after[table], "{table}");
        }
    }
}

#[tokio::test]
async fn nobody_else_may_erase() {
    let app = TestApp::start().await;
    let id = app.call("1", "jerry@example.net").await;
    for role in [Role::Supervisor, Role::Agent, Role::Hr] {
        let session = app.sign_in(role, &["Orders"], (role == Role::Agent).then_some("17")).await;
        for path in ["/admin/erasure", "/admin/erasure/preview"] {
            assert_eq!(session.post(path, &[("interaction", id.as_str())]).await.status(), 403, "{role:?}");
        }
    }
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let forged = app.client.post(format!("{}/admin/erasure", app.url)).header("cookie", &admin.cookie);
    let forged = forged.form(&[("interaction", id.as_str()), ("csrf", "guessed")]).send().await.unwrap();
    assert_eq!(forged.status(), 403);
    assert!(!tables_with(&app, &id).await.is_empty());
}
