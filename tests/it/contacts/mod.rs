//! The directory of customers' addresses by telephone number; on both databases.

use crate::anonymity::{bytes_on_disk, dump, holds};
use crate::app::{Session, TestApp, call_body};
use crate::surveys::{SETTLED, mail_to, mails, state_of};
use afterword::access::Role;
use afterword::access::principal::Scope;
use reqwest::Method;
use serde_json::{Value, json};
use std::process::Command;

/// A call that comes with a telephone number alone.
fn call_from(phone: &str) -> Value {
    let mut body = call_body("");
    body["customer"] = json!({ "phone": phone });
    body
}

/// Sends a request to `/api/v1/contacts…`; returns status and body.
async fn send(app: &TestApp, key: &str, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let request = app.client.request(method, format!("{}/api/v1/contacts{path}", app.url)).bearer_auth(key);
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn put(app: &TestApp, contacts: Value) -> Value {
    let key = app.key(Scope::Ingest).await;
    let (status, result) = send(app, &key, Method::PUT, "", Some(json!({ "contacts": contacts }))).await;
    assert_eq!(status, 200, "{result}");
    result
}

fn british(config: &mut afterword::config::Config) {
    config.company.country_code = "44".into();
}

#[tokio::test]
async fn a_customer_without_an_address_is_asked_at_that_of_their_number() {
    for app in TestApp::on_both(british).await {
        let jerry =
            json!({ "phone": "+44 (0)306 999 0123", "email": " Jerry@example.net", "name": "Jérôme", "locale": "fr" });
        assert_eq!(put(&app, json!([jerry])).await, json!({ "stored": 1, "rejected": [] }));
        let found = app.interaction("1", &call_from("0306 999-0123")).await;
        let unknown = app.interaction("2", &call_from("0306 999 0124")).await;
        let odd = app.interaction("3", &call_from("anonymous")).await;
        // An address that is sent takes precedence.
        let mut both = call_from("+44 306 999 0123");
        both["customer"]["email"] = "other@example.net".into();
        app.interaction("4", &both).await;
        let stored = dump(&app).await["interactions"].join("\n");
        assert!(!stored.contains("9990123") && !stored.contains("999-0123"), "{stored}");
        let number = app.app.interactions.for_survey(&found).await.unwrap().unwrap().phone_hash.unwrap();
        assert!(stored.contains(&number));
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &found).await, ("sent".into(), None));
        let mail = mail_to(&app, "Jerry@example.net");
        assert!(mail.contains("Bonjour"), "in the language of the directory: {mail}");
        mail_to(&app, "other@example.net");
        for id in [&unknown, &odd] {
            assert_eq!(state_of(&app, id).await, ("skipped".into(), Some("no_address".into())));
        }
        assert!(!dump(&app).await["interactions"].join("\n").contains(&number), "erased with the customer");
    }
}

#[tokio::test]
async fn a_contact_that_comes_within_the_wait_is_used() {
    let wait = |config: &mut afterword::config::Config| config.survey.address_wait = "1h".parse().unwrap();
    for app in TestApp::on_both(wait).await {
        let id = app.interaction("1", &call_from("+44 306 999 0123")).await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &id).await.1.as_deref(), Some("waiting_for_address"));
        put(&app, json!([{ "phone": "+443069990123", "email": "jerry@example.net" }])).await;
        app.pass(std::time::Duration::from_secs(3600)).await;
        assert_eq!(state_of(&app, &id).await, ("sent".into(), None));
    }
}

#[tokio::test]
async fn only_hashes_and_sealed_values_are_stored_and_an_erasure_removes_them() {
    for app in TestApp::on_both(|_| {}).await {
        let contact = |n: i64, email: &str| json!({ "phone": format!("+44306999{n:04}"), "email": email, "name": "Rumpelstiltskin" });
        let all = [contact(1, "jerry@example.net"), contact(2, "JERRY@example.net"), contact(3, "kramer@example.net")];
        put(&app, json!(all)).await;
        let stored = dump(&app).await["contacts"].join("\n");
        for secret in ["jerry", "JERRY", "Rumpel", "306999"] {
            assert!(!stored.contains(secret), "{secret}: {stored}");
        }
        assert!(!holds(&bytes_on_disk(&app), "Rumpelstiltskin"));
        // The same address is another hash in other tables.
        app.call("1", "kramer@example.net").await;
        app.pass(SETTLED).await;
        let tables = dump(&app).await;
        let address = afterword::invitations::address_hash(&app.app.vault, "kramer@example.net");
        assert!(tables["invitations"].join("").contains(&address) && !tables["contacts"].join("").contains(&address));
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let form = [("address", "jerry@example.net")];
        let seen = admin.post("/admin/erasure/preview", &form).await.text().await.unwrap();
        assert!(seen.contains("2 contacts"), "{seen}");
        let receipt = admin.post("/admin/erasure", &form).await.text().await.unwrap();
        assert!(receipt.contains("2 contacts"), "{receipt}");
        assert_eq!(dump(&app).await["contacts"].len(), 1);
    }
}

#[tokio::test]
async fn a_batch_tells_which_contacts_it_rejects() {
    for app in TestApp::on_both(|_| {}).await {
        let result = put(
            &app,
            json!([
                { "phone": "+44 306 999 0001", "email": "a@example.net" },
                { "phone": "none", "email": "b@example.net" },
                { "phone": "+44 306 999 0002", "email": "not an address" },
                { "phone": "+44 306 999 0001", "email": "last@example.net", "name": "x".repeat(501) },
                { "phone": "+44-306-999-0001", "email": "last@example.net" },
            ]),
        )
        .await;
        let rejected = result["rejected"].as_array().unwrap();
        let codes: Vec<_> =
            rejected.iter().map(|one| (one["index"].as_i64().unwrap(), one["code"].as_str().unwrap())).collect();
        assert_eq!(codes, [(1, "invalid_phone"), (2, "invalid_email"), (3, "name_too_long")]);
        assert_eq!(result["stored"], 1, "of several with one number the last one counts");
        app.interaction("1", &call_from("+443069990001")).await;
        app.pass(SETTLED).await;
        mail_to(&app, "last@example.net");
        let key = app.key(Scope::Admin).await;
        let phones = json!({ "phones": ["0044 306 999 0001", "+44 306 999 0009", "?"] });
        assert_eq!(send(&app, &key, Method::POST, "/deletions", Some(phones)).await, (200, json!({ "deleted": 1 })));
        let (_, left) = send(&app, &key, Method::GET, "", None).await;
        assert_eq!(left, json!({ "contacts": 0, "last_import": null }));
    }
}

#[tokio::test]
async fn ten_thousand_contacts_are_one_request() {
    for app in TestApp::on_both(|_| {}).await {
        let contact = |n: i64| json!({ "phone": format!("+4430699{n:05}"), "email": format!("c{n}@example.net") });
        assert_eq!(put(&app, (0..10_000).map(contact).collect()).await["stored"], 10_000);
        let key = app.key(Scope::Ingest).await;
        let more: Value = (0..10_001).map(contact).collect();
        let (status, _) = send(&app, &key, Method::PUT, "", Some(json!({ "contacts": more }))).await;
        assert!([400, 422].contains(&status), "{status}");
    }
}

/// Uploads a file on the page; returns status and text.
async fn upload(app: &TestApp, admin: &Session, file: &str) -> (u16, String) {
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n{file}\r\n--b--\r\n",
        admin.csrf
    );
    let request = app.client.post(format!("{}/admin/contacts", app.url)).header("cookie", &admin.cookie);
    let request = request.header("content-type", "multipart/form-data; boundary=b").body(body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_file_is_imported_on_a_page_and_its_faulty_lines_are_named() {
    for app in TestApp::on_both(british).await {
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let file = "\u{feff}Phone;E-Mail;Name\r\n0306 999 0123;jerry@example.net;Jerry\r\n?;b@example.net;\r\n0306 999 0124;none;\r\n";
        assert_eq!(upload(&app, &admin, file).await.0, 303);
        let page = admin.page("/admin/contacts?did=imported").await;
        assert!(page.contains("<b>1</b><span>contact</span>") && page.contains("1 stored, 2 rejected"), "{page}");
        for (line, reason) in [(3, "telephone number"), (4, "e-mail address")] {
            let row = page.split("<tr>").find(|row| row.contains(&format!("class=\"num\">{line}</td>"))).unwrap();
            assert!(row.contains(reason), "{row}");
        }
        assert!(!page.contains("jerry@") && !page.contains("b@example"), "nobody's data");
        let (status, refused) = upload(&app, &admin, "name,town\nJerry,London\n").await;
        assert!(status == 422 && refused.contains("columns phone and email"), "{refused}");
        let question = admin.page("/admin/contacts/removal").await;
        assert!(question.contains("Delete all contacts?") && question.contains("1 contact will be deleted"));
        assert_eq!(dump(&app).await["contacts"].len(), 1, "a question deletes nothing");
        admin.post("/admin/contacts/removal", &[]).await;
        assert_eq!(dump(&app).await["contacts"].len(), 0);
        let log = admin.page("/admin/audit").await;
        assert!(log.contains("Imported contacts") && log.contains("Deleted all contacts"));
        app.interaction("1", &call_from("0306 999 0123")).await;
        app.pass(SETTLED).await;
        assert_eq!(mails(&app).len(), 0);
    }
}

#[test]
fn a_file_is_imported_by_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("contacts.csv");
    std::fs::write(&file, "phone,email\n+443069990123,jerry@example.net\n12,b@example.net\n").unwrap();
    let run = |file: &std::path::Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_afterword"));
        command.args(["import", "contacts"]).arg(file).current_dir(folder.path()).output().unwrap()
    };
    let output = run(&file);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        said.contains("line 3: The telephone number") && said.contains("1 contacts stored, 1 lines rejected"),
        "{said}"
    );
    assert_eq!(run(&folder.path().join("missing.csv")).status.code(), Some(2));
}
