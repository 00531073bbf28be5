//! Schemathesis sends valid and invalid requests of the specification, and checks every response against it.

use crate::app::{Session, TestApp};
use crate::followups::ripen;
use crate::support::skip;
use crate::surveys::{answer, ask};
use crate::training::{chat, recorded_call, supervisor, transcribe};
use afterword::access::Role;
use afterword::access::principal::Scope;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Overrides the number of generated examples per operation, for a manual search for faults.
const EXAMPLES: &str = "AFTERWORD_SCHEMATHESIS_EXAMPLES";

/// Sender of the requests.
enum Sender<'a> {
    Key(&'a str),
    Session(&'a Session),
}

impl Sender<'_> {
    /// Returns the authentication part of schemathesis' configuration.
    fn configuration(&self) -> String {
        match self {
            Self::Key(key) => format!("[auth.openapi]\napi_key = {{ bearer = \"{key}\" }}\n"),
            Self::Session(session) => format!(
                "[auth.openapi]\nsession = {{ api_key = \"{}\" }}\ncsrf = {{ api_key = \"{}\" }}\n",
                session.cookie.trim_start_matches("afterword="),
                session.csrf
            ),
        }
    }
}

/// Returns ids of existing objects, for the hooks.
async fn fill(app: &TestApp, supervisor: &Session) -> Value {
    let call = recorded_call(app).await;
    let lines = [(0, 4_000, "agent", "Orders, this is Sydney."), (4_500, 9_000, "customer", "My parcel is lost.")];
    transcribe(app, &call, &lines).await;
    let written = chat(app, "chat", "Orders").await;
    let asked = ask(app, "asked").await;
    answer(app, &asked, &[("score", "2"), ("choice", "linked"), ("comment", "Slow.")]).await;
    ripen(app).await;
    app.interaction("coming", &json!({ "channel": "call", "phase": "in_progress" })).await;
    let clip = json!({
        "interaction": written, "start_ms": 0, "end_ms": 20_000, "title": "Sorry", "why": "Says sorry.", "skills": ["Empathy"]
    });
    let clip = made(supervisor, "/api/v1/clips", &clip).await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let webhook = json!({ "url": "https://hooks.example/1", "note": "Test", "events": ["interaction.created"] });
    let webhook = made(&admin, "/api/v1/webhooks", &webhook).await["webhook"]["id"].clone();
    let webhook = webhook.as_str().unwrap();
    let test = admin.api(reqwest::Method::POST, &format!("/api/v1/webhooks/{webhook}/tests"), None).await;
    assert_eq!(test.status(), 202);
    let deliveries = first_id(&admin, &format!("/api/v1/webhooks/{webhook}/deliveries")).await;
    let suppressed = made(&admin, "/api/v1/suppressions", &json!({ "address": "jerry@example.org" })).await;
    let follow_up = json!({ "interaction_id": call, "why": "Ask how it went." });
    let follow_up = made(supervisor, "/api/v1/follow-ups", &follow_up).await;
    let low = first_id(supervisor, "/api/v1/follow-ups").await;
    let staff = app.app.staff.accounts().await.unwrap().into_iter().map(|account| account.id).collect::<Vec<_>>();
    json!({
        "interaction": [call, written, asked.interaction], "clip": [clip["id"]], "webhook": [webhook],
        "delivery": [deliveries], "suppression": [suppressed["id"]], "follow_up": [follow_up["id"], low],
        "survey": ["standard"], "staff": staff, "team": [app.team("Orders").await], "agent": [app.agent("17").await],
    })
}

async fn made(session: &Session, path: &str, body: &Value) -> Value {
    let answer = session.api(reqwest::Method::POST, path, Some(body)).await;
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert_eq!(status, 201, "{path}: {text}");
    serde_json::from_str(&text).unwrap()
}

async fn first_id(session: &Session, path: &str) -> Value {
    let page: Value = session.get(path).await.json().await.unwrap();
    page["items"][0]["id"].clone()
}

/// Runs it over the whole specification; panics with its report at any fault.
async fn check(app: &TestApp, known: &Value, sender: &Sender<'_>, phases: &str, examples: u32) {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/schemathesis");
    let (document, settings) = (app.folder().join("openapi.yaml"), app.folder().join("schemathesis.toml"));
    std::fs::write(&document, app.get("/openapi.yaml").await.text().await.unwrap()).unwrap();
    let common = std::fs::read_to_string(tools.join("schemathesis.toml")).unwrap();
    std::fs::write(&settings, format!("{common}\n{}", sender.configuration())).unwrap();
    let examples = std::env::var(EXAMPLES).unwrap_or_else(|_| examples.to_string());
    let mut command = Command::new(program());
    command.current_dir(app.folder()).env("AFTERWORD_KNOWN", known.to_string());
    command.env("PYTHONPATH", &tools).env("PYTHONDONTWRITEBYTECODE", "1").env("SCHEMATHESIS_HOOKS", "hooks");
    command.arg("--config-file").arg(settings).arg("run").arg(document);
    command.args(["--url", &app.url, "--seed", "8", "--phases", phases, "--max-examples", &examples]);
    command.args(["--warnings", "off"]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
}

fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/schemathesis")
}

/// Returns the filled app, a supervisor, and the ids of its objects.
async fn filled(app: TestApp) -> (TestApp, Session, Value) {
    app.call("first", "first@example.net").await;
    let supervisor = supervisor(&app, "Orders").await;
    let known = fill(&app, &supervisor).await;
    (app, supervisor, known)
}

/// Whether schemathesis is installed; reports a skipped test where it is not.
fn is_installed() -> bool {
    program().exists() || skip::tool::<()>("schemathesis in .venv").is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_it_true_with_a_key_of_each_scope() {
    if !is_installed() {
        return;
    }
    let (app, _, known) = filled(TestApp::start().await).await;
    for (scope, phases, examples) in
        [(Scope::Admin, "examples,coverage,fuzzing", 5), (Scope::Read, "coverage", 1), (Scope::Ingest, "coverage", 1)]
    {
        let key = app.key(scope).await;
        check(&app, &known, &Sender::Key(&key), phases, examples).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_it_true_with_a_session() {
    if !is_installed() {
        return;
    }
    let (app, supervisor, known) = filled(TestApp::start().await).await;
    check(&app, &known, &Sender::Session(&supervisor), "examples,coverage,fuzzing", 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_it_true_on_postgres() {
    if !is_installed() {
        return;
    }
    let Some(app) = TestApp::start_on_postgres(|_| {}).await else { return };
    let (app, _, known) = filled(app).await;
    let key = app.key(Scope::Admin).await;
    check(&app, &known, &Sender::Key(&key), "coverage", 1).await;
}
