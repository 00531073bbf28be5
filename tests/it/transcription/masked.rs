//! All users see the masked text; views of the unmasked text need the right, and are audited.

use crate::app::{Session, TestApp, call_body};
use crate::training::{leave_untranscribed, transcribe};
use afterword::access::Role;
use afterword::access::principal::Scope;
use afterword::audit::Filter;
use afterword::database::Sql;
use afterword::ids::InteractionId;
use afterword::paging::Cursor;
use afterword::{execute, fetch_all};
use serde_json::{Value, json};
use std::time::Duration;

const SECRET: &str = "Hi, Jerry here, my e-mail is jerry dot cruncher at example dot net.";
const PUBLIC: &str = "Hi, [name] here, my e-mail is [e-mail].";

async fn call(app: &TestApp) -> InteractionId {
    let id = app.call("1", "jerry@example.net").await;
    app.record("1", super::short_call(9)).await;
    leave_untranscribed(app).await;
    transcribe(app, &id, &[(500, 2_000, "agent", "How can I help?"), (2_100, 6_000, "customer", SECRET)]).await;
    id
}

/// Returns the number of lines in the audit log about unmasked text.
async fn looks(app: &TestApp) -> usize {
    let filter = Filter { action: "transcript.original_viewed".into(), ..Filter::default() };
    app.app.audit.lines(&filter, &Cursor::start(), 100).await.unwrap().items.len()
}

async fn text(session: &Session, path: &str) -> (u16, String) {
    let answer = session.get(path).await;
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn words_leave_masked_by_every_way() {
    for app in TestApp::on_both(|_| {}).await {
        let id = call(&app).await;
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let agent = app.sign_in(Role::Agent, &[], Some("17")).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let api = format!("/api/v1/interactions/{id}/transcript");
        for session in [&supervisor, &agent, &admin] {
            for end in ["", ".vtt", ".srt", ".txt"] {
                let (status, text) = text(session, &format!("{api}{end}")).await;
                assert_eq!(status, 200);
                assert!(
                    text.contains(PUBLIC) && !text.contains("cruncher") && !text.contains("Jerry"),
                    "{end}: {text}"
                );
            }
            let page = session.page(&format!("/interactions/{id}")).await;
            assert!(page.contains(">e-mail</span>") && !page.contains("cruncher") && !page.contains("Jerry"), "{page}");
        }
        assert_eq!(looks(&app).await, 0);
        let key = app.key(Scope::Read).await;
        let by_key = app.client.get(format!("{}{api}", app.url)).bearer_auth(key).send().await.unwrap();
        assert!(by_key.text().await.unwrap().contains(PUBLIC));
    }
}

#[tokio::test]
async fn original_words_need_a_right_and_each_look_is_noted() {
    for app in TestApp::on_both(|_| {}).await {
        let id = call(&app).await;
        let page = format!("/interactions/{id}?words=original");
        let api = format!("/api/v1/interactions/{id}/transcript");
        let mut seen = 0;
        for (role, teams, agent, sees) in [
            (Role::Supervisor, &["Orders"][..], None, 200),
            (Role::Supervisor, &["Billing"][..], None, 404),
            (Role::Admin, &[][..], None, 200),
            (Role::Agent, &[][..], Some("17"), 403),
            (Role::Hr, &[][..], None, 403),
        ] {
            let session = app.sign_in(role, teams, agent).await;
            for path in [
                page.clone(),
                format!("{api}?words=original"),
                format!("{api}.vtt?words=original"),
                format!("{api}.txt?words=original"),
                format!("{api}.srt?words=original"),
            ] {
                let (status, text) = text(&session, &path).await;
                assert_eq!(status, sees, "{role:?} {path}");
                assert_eq!(text.contains("cruncher"), sees == 200, "{role:?} {path}: {text}");
                seen += usize::from(sees == 200);
                assert_eq!(looks(&app).await, seen, "{role:?} {path}");
            }
            if sees == 200 || sees == 403 && role == Role::Agent {
                let masked = session.page(&format!("/interactions/{id}")).await;
                assert_eq!(masked.contains("Show original words"), sees == 200, "{role:?}");
            }
        }
        for (scope, status) in [(Scope::Read, 403), (Scope::Admin, 200)] {
            let key = app.key(scope).await;
            let answer =
                app.client.get(format!("{}{api}?words=original", app.url)).bearer_auth(key).send().await.unwrap();
            assert_eq!(answer.status(), status, "{scope:?}");
        }
        let odd = app.sign_in(Role::Admin, &[], None).await.get(&format!("{api}?words=everything")).await;
        assert_eq!(odd.status(), 400);
    }
}

fn chat_body(named: bool) -> Value {
    let mut body = json!({
        "channel": "chat", "phase": "final", "agent": { "external_id": "17", "name": "Sydney Carton" }, "team": "Orders",
        "messages": [
            { "from": "system", "text": "Jerry Cruncher has joined the chat." },
            { "from": "agent", "text": "Hello Jerry, Sydney here. What is your date of birth?" },
            { "from": "customer", "text": "3 May 1982. I live at 12 Hill Street, order 47291." },
        ]
    });
    if named {
        body["customer"] = json!({ "email": "jerry@example.net", "name": "Jerry Cruncher" });
    }
    body
}

const CHAT: [&str; 3] = [
    "[name] has joined the chat.",
    "Hello [name], Sydney here. What is your date of birth?",
    "[date of birth]. I live at [address], order 47291.",
];

async fn messages(session: &Session, id: &InteractionId, more: &str) -> Vec<String> {
    let (status, text) = text(session, &format!("/api/v1/interactions/{id}{more}")).await;
    assert_eq!(status, 200, "{text}");
    let answer: Value = serde_json::from_str(&text).unwrap();
    answer["messages"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn chats_are_masked_whenever_the_name_comes_and_stay_so_when_it_is_erased() {
    for app in TestApp::on_both(|_| {}).await {
        // Name and words at once; words first; name first.
        let at_once = app.interaction("a", &chat_body(true)).await;
        let words_first = app.interaction("b", &chat_body(false)).await;
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        assert_ne!(
            messages(&supervisor, &words_first, "").await,
            CHAT,
            "a greeting alone is not known to name a customer"
        );
        let only_name = json!({ "customer": { "name": "Jerry Cruncher" } });
        app.interaction("b", &only_name).await;
        let name_first = app.interaction("c", &only_name).await;
        app.interaction("c", &chat_body(false)).await;
        for id in [&at_once, &words_first, &name_first] {
            assert_eq!(messages(&supervisor, id, "").await, CHAT);
        }
        // The survey is decided: the name is deleted, its masks are kept.
        app.pass(Duration::from_secs(3600)).await;
        const NAMES: Sql = Sql::both("SELECT customer_name, name_hashes FROM interactions");
        let mut reader = app.app.db.read().await.unwrap();
        let rows = fetch_all!(reader.conn(), NAMES => (Option<String>, Option<String>)).unwrap();
        drop(reader);
        assert!(
            rows.iter()
                .all(|(name, marks)| name.is_none() && !marks.as_ref().unwrap().to_lowercase().contains("jerry")),
            "{rows:?}"
        );
        // The same words again, without the name, as sources send them: found by the masks.
        app.interaction("a", &chat_body(false)).await;
        for id in [&at_once, &words_first, &name_first] {
            assert_eq!(messages(&supervisor, id, "").await, CHAT);
        }
        assert!(messages(&supervisor, &at_once, "?words=original").await[2].contains("12 Hill Street"));
        assert_eq!(looks(&app).await, 1);
        let agent = app.sign_in(Role::Agent, &[], Some("17")).await;
        assert_eq!(agent.get(&format!("/api/v1/interactions/{at_once}?words=original")).await.status(), 403);
        let page = agent.page(&format!("/interactions/{at_once}")).await;
        assert!(
            page.contains(">address</span>") && !page.contains("Hill Street") && !page.contains("Show original"),
            "{page}"
        );
    }
}

#[tokio::test]
async fn a_name_that_comes_after_the_transcript_is_masked_too() {
    for app in TestApp::on_both(|_| {}).await {
        let mut nameless = call_body("jerry@example.net");
        nameless.as_object_mut().unwrap().remove("customer");
        let id = app.interaction("1", &nameless).await;
        app.record("1", super::short_call(9)).await;
        leave_untranscribed(&app).await;
        transcribe(&app, &id, &[(500, 2_000, "customer", "This is Jerry, mail jerry@example.net")]).await;
        // Detected without a name, as by the job.
        const LOOKED: Sql = Sql::both("UPDATE segments SET masks = '[]'");
        let mut tx = app.app.db.begin().await.unwrap();
        execute!(tx.conn(), LOOKED).unwrap();
        tx.commit().await.unwrap();
        let text = async || app.app.transcription.find(&id).await.unwrap().segments[0].text.clone();
        assert_eq!(text().await, "This is Jerry, mail jerry@example.net");
        app.call("1", "jerry@example.net").await;
        app.work().await;
        assert_eq!(text().await, "This is [name], mail [e-mail]");
    }
}
