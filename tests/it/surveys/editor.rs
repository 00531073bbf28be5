//! The administrator's editor: drafts, versions, logos, the archive; on both databases.

use super::{SETTLED, answer, ask_about, mails};
use crate::app::{Session, TestApp, call_body};
use afterword::access::Role;
use serde_json::{Value, json};

/// Returns the value of a page's hidden field.
pub fn hidden(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name} in {page}"));
    let rest = &page[at + name.len() + 15..];
    rest[..rest.find('"').unwrap()].to_owned()
}

/// Creates a survey through the form; returns its id.
pub async fn create(admin: &Session, name: &str) -> String {
    let made = admin.post("/surveys/new", &[("name", name)]).await;
    assert_eq!(made.status(), 303);
    let location = made.headers()["location"].to_str().unwrap();
    location.strip_prefix("/surveys/").unwrap().to_owned()
}

/// Publishes the draft, which must be valid.
pub async fn publish(admin: &Session, id: &str) {
    let page = admin.page(&format!("/surveys/{id}/publish")).await;
    let edition = hidden(&page, "edition");
    let done = admin.post(&format!("/surveys/{id}/publish"), &[("edition", &edition)]).await;
    assert_eq!(
        (done.status().as_u16(), done.headers()["location"].to_str().unwrap()),
        (303, &*format!("/surveys/{id}?did=published")),
        "{page}"
    );
}

async fn edition(admin: &Session, id: &str) -> String {
    hidden(&admin.page(&format!("/surveys/{id}")).await, "edition")
}

/// Saves fields of the page of questions; returns the redirect's URL.
pub async fn save(admin: &Session, id: &str, fields: &[(&str, &str)]) -> String {
    let edition = edition(admin, id).await;
    let all: Vec<_> = fields.iter().copied().chain([("edition", &*edition), ("part", "questions")]).collect();
    let saved = admin.post(&format!("/surveys/{id}"), &all).await;
    let status = saved.status();
    let location = saved.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
    assert_eq!(status, 303, "{}", saved.text().await.unwrap());
    location.unwrap()
}

#[tokio::test]
async fn a_survey_is_written_published_asked_and_changed_while_old_links_keep_their_wording() {
    for app in TestApp::on_both(|_| {}).await {
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let first = ask_about(&app, "1", &call_body("early@example.net")).await;
        assert!(admin.page("/surveys").await.contains("After every conversation"));
        // The standard survey with a further question that is shown to unsatisfied customers.
        save(&admin, "standard", &[("do", "add"), ("new_kind", "one_of")]).await;
        let to = save(
            &admin,
            "standard",
            &[
                ("q.4.label", "What went wrong?"),
                ("q.4.kind", "one_of"),
                ("q.4.v.1", "The wait"),
                ("q.4.v.2", "The answer"),
                ("q.4.if", "1"),
                ("q.4.when", "1"),
                ("q.4.when", "2"),
                ("do", "save"),
            ],
        )
        .await;
        assert!(to.contains("did=saved"), "{to}");
        let page = admin.page("/surveys/standard/publish").await;
        assert!(page.contains("can’t be published yet") && page.contains("Deutsch: question 4 is missing"), "{page}");
        for language in ["de", "es", "fr", "zh"] {
            let edition = edition(&admin, "standard").await;
            let fields = [
                ("edition", &*edition),
                ("part", "texts"),
                ("language", language),
                ("q.4.label", "?"),
                ("q.4.v.1", "a"),
                ("q.4.v.2", "b"),
            ];
            assert_eq!(admin.post("/surveys/standard", &fields).await.status(), 303);
        }
        let page = admin.page("/surveys/standard/publish").await;
        assert!(page.contains("“What went wrong?” is new (one of several)."), "{page}");
        publish(&admin, "standard").await;
        let versions = admin.page("/surveys/standard/versions").await;
        assert!(
            versions.contains("Version 2") && versions.contains("asked now") && versions.contains("What went wrong?")
        );
        // Customers invited before see the old version; new ones see the new question.
        assert!(!app.get(&first.page()).await.text().await.unwrap().contains("What went wrong?"));
        answer(&app, &first, &[("score", "2"), ("choice", "linked")]).await;
        let second = ask_about(&app, "2", &call_body("late@example.net")).await;
        let shown = app.get(&second.page()).await.text().await.unwrap();
        assert!(shown.contains("What went wrong?") && shown.contains("The wait"), "{shown}");
        answer(&app, &second, &[("score", "1"), ("q4", "2"), ("choice", "linked")]).await;
        // An old version becomes the draft; the published version does not change.
        let edition = hidden(&versions, "edition");
        assert_eq!(admin.post("/surveys/standard/versions/1/restore", &[("edition", &edition)]).await.status(), 303);
        assert!(!admin.page("/surveys/standard").await.contains("What went wrong?"));
        assert!(admin.page("/surveys/standard/publish").await.contains("“What went wrong?” is gone"));
        let (edition, third) = (hidden(&admin.page("/surveys/standard/publish").await, "edition"), "third@example.net");
        assert_eq!(admin.post("/surveys/standard/discard", &[("edition", &edition)]).await.status(), 303);
        let third = ask_about(&app, "3", &call_body(third)).await;
        assert!(app.get(&third.page()).await.text().await.unwrap().contains("What went wrong?"));
    }
}

#[tokio::test]
async fn of_two_who_write_at_once_nobody_loses_anything() {
    for app in TestApp::on_both(|_| {}).await {
        let (one, other) = (app.sign_in(Role::Admin, &[], None).await, app.sign_in(Role::Admin, &[], None).await);
        let id = create(&one, "Ours").await;
        let same = edition(&one, &id).await;
        let path = format!("/surveys/{id}");
        let mine = [
            ("edition", &*same),
            ("part", "questions"),
            ("q.1.label", "One’s words"),
            ("q.1.kind", "csat"),
            ("q.1.required", "1"),
            ("q.1.role", "1"),
        ];
        assert_eq!(one.post(&path, &mine).await.status(), 303);
        let theirs = [
            ("edition", &*same),
            ("part", "questions"),
            ("q.2.label", "The other’s words"),
            ("q.2.kind", "yes_no"),
            ("q.9.label", "Of a question that is gone"),
        ];
        // A request by a script gets a reply without a redirect.
        let quiet = app
            .client
            .post(format!("{}{path}", app.url))
            .header("cookie", &other.cookie)
            .header("accept", "application/json");
        let fields: Vec<_> = theirs.iter().copied().chain([("csrf", &*other.csrf)]).collect();
        let quiet = quiet.form(&fields).send().await.unwrap();
        assert_eq!(quiet.status(), 409);
        assert_eq!(quiet.json::<Value>().await.unwrap(), json!({ "conflict": "Some Administrator" }));
        // The page shows both versions, the other author, and the changes that saving would make.
        let refused = other.post(&path, &theirs).await;
        assert_eq!(refused.status(), 409);
        let page = refused.text().await.unwrap();
        for text in [
            "Not saved yet: Some Administrator has changed",
            "One’s words",
            "value=\"The other’s words\"",
            "“The other’s words” has other words in English",
            "Of a question that is gone",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(!one.page(&path).await.contains("The other’s words"), "nothing was saved");
        let now = hidden(&page, "edition");
        let again: Vec<_> = theirs
            .iter()
            .map(|(name, value)| if *name == "edition" { ("edition", &*now) } else { (*name, *value) })
            .collect();
        assert_eq!(other.post(&path, &again).await.status(), 303);
        let page = one.page(&path).await;
        assert!(page.contains("One’s words") && page.contains("The other’s words"));
        // Only the confirmed edition is published.
        let stale = one.post(&format!("{path}/publish"), &[("edition", &now)]).await;
        assert_eq!(stale.status(), 409);
        publish(&one, &id).await;
        assert_eq!(other.post(&format!("{path}/discard"), &[("edition", &now)]).await.status(), 409);
    }
}

#[tokio::test]
async fn bad_input_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let before = admin.page("/surveys").await;
    let long = "x".repeat(121);
    for (path, fields, status) in [
        ("/surveys/new", &[("name", "")][..], 409),
        ("/surveys/new", &[("name", &*long)], 409),
        ("/surveys/new", &[], 400),
        ("/surveys/unknown", &[("edition", "0")], 404),
        ("/surveys/standard", &[("part", "questions")], 400),
        ("/surveys/standard", &[("edition", "x")], 400),
        ("/surveys/standard", &[("edition", "7"), ("part", "look"), ("accent", "#123456")], 409),
        ("/surveys/standard/publish", &[("edition", "0")], 303),
        ("/surveys/standard/publish", &[], 400),
        ("/surveys/standard/name", &[("name", "  ")], 409),
        ("/surveys/standard/versions/9/restore", &[("edition", "0")], 404),
        ("/surveys/standard/archive", &[], 409),
        ("/surveys/unknown/copies", &[], 404),
        ("/surveys/unknown/archive", &[], 404),
        ("/surveys/rules", &[("edition", "0"), ("do", "up.nothing")], 404),
        ("/surveys/rules/new", &[("edition", "0"), ("share", "0")], 422),
        ("/surveys/rules/new", &[("edition", "0"), ("share", "50"), ("ask", "unknown")], 422),
        ("/surveys/rules/new", &[("edition", "0"), ("share", "50"), ("ask", "")], 422),
        ("/surveys/rules/unknown", &[("edition", "0"), ("share", "50"), ("ask", "-")], 404),
        ("/surveys/rules/undo", &[("edition", "0")], 404),
    ] {
        let answer = admin.post(path, fields).await;
        assert_eq!(answer.status(), status, "{path} {fields:?}");
    }
    assert_eq!(admin.page("/surveys").await, before);
    let unsigned = app
        .client
        .post(format!("{}/surveys/new", app.url))
        .header("cookie", &admin.cookie)
        .form(&[("name", "x"), ("csrf", "x")]);
    assert_eq!(unsigned.send().await.unwrap().status(), 403);
    for role in [Role::Supervisor, Role::Agent, Role::Hr] {
        let session = app.sign_in(role, &[], None).await;
        for path in [
            "/surveys",
            "/surveys/rules",
            "/surveys/standard",
            "/surveys/standard/preview",
            "/surveys/standard/publish",
        ] {
            assert_eq!(session.get(path).await.status(), 403, "{path} as {role:?}");
        }
        assert_eq!(session.post("/surveys/new", &[("name", "x")]).await.status(), 403);
    }
}

/// Returns a picture in a form with the page's file field.
fn picture(csrf: &str, edition: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in [("csrf", csrf), ("edition", edition)] {
        body.extend(format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    body.extend(
        b"--b\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n",
    );
    body.extend(bytes);
    body.extend(b"\r\n--b--\r\n");
    ("multipart/form-data; boundary=b".into(), body)
}

#[tokio::test]
async fn a_logo_is_a_picture_by_its_content_and_served_by_us() {
    for app in TestApp::on_both(|_| {}).await {
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let send = async |csrf: &str, edition: &str, bytes: &[u8]| {
            let (kind, body) = picture(csrf, edition, bytes);
            let request = app.client.post(format!("{}/surveys/standard/logo", app.url)).header("cookie", &admin.cookie);
            request.header("content-type", kind).body(body).send().await.unwrap()
        };
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend([0, 0, 0, 40, 0, 0, 0, 20, 8, 6, 0, 0, 0]);
        assert_eq!(send("x", "0", &png).await.status(), 403);
        for wrong in [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"", &vec![0x89; 90_000]] {
            assert_eq!(send(&admin.csrf, "0", wrong).await.status(), 409);
        }
        assert_eq!(send(&admin.csrf, "5", &png).await.status(), 409, "somebody was faster");
        assert_eq!(send(&admin.csrf, "0", &png).await.status(), 303);
        let page = admin.page("/surveys/standard?part=look").await;
        let at = page.find("/logos/").unwrap();
        let address = &page[at..at + 71];
        assert!(admin.page("/surveys/standard/preview").await.contains(address));
        let served = app.get(address).await;
        assert_eq!((served.status().as_u16(), served.headers()["content-type"].to_str().unwrap()), (200, "image/png"));
        assert!(served.headers()["content-security-policy"].to_str().unwrap().contains("sandbox"));
        assert_eq!(served.bytes().await.unwrap(), png);
        assert_eq!(app.get("/logos/../admin").await.status(), 303);
        assert_eq!(app.get("/logos/x").await.status(), 404);
    }
}

#[tokio::test]
async fn a_draft_is_shown_as_it_is_and_can_send_nothing() {
    let app = TestApp::start().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let edition = edition(&admin, "standard").await;
    let fields = [("edition", &*edition), ("part", "look"), ("accent", "#123456}</style><script>alert(1)</script>")];
    assert_eq!(admin.post("/surveys/standard", &fields).await.status(), 303);
    let page = admin.page("/surveys/standard?part=look").await;
    assert!(page.contains("Write a colour such as") && page.contains("is no colour"), "{page}");
    let shown = admin.get("/surveys/standard/preview?language=de&channel=chat&mode=dark").await;
    let policy = shown.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let shown = shown.text().await.unwrap();
    assert!(policy.contains("form-action 'none'") && policy.contains("default-src 'none'"));
    assert!(
        shown.contains("lang=\"de\"") && !shown.contains("<script") && shown.contains("@media all{:root"),
        "{shown}"
    );
    assert_eq!(admin.get("/surveys/unknown/preview").await.status(), 404);
    assert_eq!(admin.get("/surveys/standard/preview?version=7").await.status(), 404);
}

#[tokio::test]
async fn the_archive_keeps_what_was_and_asks_nobody() {
    for app in TestApp::on_both(|_| {}).await {
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let id = {
            let copied = admin.post("/surveys/standard/copies", &[]).await;
            let to = copied.headers()["location"].to_str().unwrap().to_owned();
            to.trim_start_matches("/surveys/").split('?').next().unwrap().to_owned()
        };
        publish(&admin, &id).await;
        assert_eq!(admin.post("/surveys/standard/archive", &[]).await.status(), 303);
        let page = admin.page("/surveys?did=archived&survey=standard").await;
        assert!(page.contains("In the archive") && page.contains("Undo"), "{page}");
        app.call("1", "jerry@example.net").await;
        app.pass(SETTLED).await;
        assert_eq!(mails(&app).len(), 0, "no rule asks, and the standard one is in the archive");
        assert_eq!(admin.post("/surveys/standard/unarchive", &[]).await.status(), 303);
        app.call("2", "jerry@example.net").await;
        app.pass(SETTLED).await;
        assert_eq!(mails(&app).len(), 1);
    }
}
