//! Clients generated from the committed specification: the Python one makes a journey against a server, the TypeScript one
//! is compiled.

use super::{committed, operations, root};
use crate::app::TestApp;
use crate::support::skip;
use crate::surveys::{Asked, SETTLED, answer, mail_to, token_in};
use crate::training::{leave_untranscribed, supervisor, transcribe};
use afterword::access::Scope;
use afterword::ids::InteractionId;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

/// Warnings of openapi-python-client that are limits of its own: content types that it has no code for. An upload goes as
/// `application/octet-stream` then.
const KNOWN_WARNINGS: [&str; 2] =
    ["Unsupported content type audio/", "(Unsupported content_type application/x-subrip)"];

/// A program that the tests install; says loudly where it is missing.
fn tool(path: &str) -> Option<PathBuf> {
    let path = root().join(path);
    if path.exists() { Some(path) } else { skip::tool(&format!("{}", path.strip_prefix(root()).unwrap().display())) }
}

/// A command that finds the Node.js and the ruff of the tests.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", root().join(".venv/bin").display()));
    command
}

/// Runs to the end; what it has printed. Panics where it fails.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {printed}");
    printed
}

/// Generates the package `afterword_client` in a folder.
fn generate_python(generator: &Path, folder: &Path) -> PathBuf {
    let package = folder.join("afterword_client");
    let mut command = command(generator);
    command.arg("generate").arg("--path").arg(root().join("openapi.yaml")).arg("--output-path").arg(&package);
    let report = run(command.args(["--meta", "none"]));
    let reasons = |line: &&str| line.contains("nsupported") || line.starts_with("Cannot");
    for reason in report.lines().filter(reasons) {
        assert!(KNOWN_WARNINGS.iter().any(|known| reason.contains(known)), "{reason}");
    }
    assert!(!report.contains("ERROR"), "{report}");
    package
}

/// Names of the modules in the folders below `api`, one an operation.
fn generated_operations(package: &Path) -> BTreeSet<String> {
    let entries =
        |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let tags = entries(&package.join("api")).into_iter().filter(|path| path.is_dir());
    let modules = tags.flat_map(|tag| entries(&tag)).filter(|path| path.extension().is_some_and(|kind| kind == "py"));
    let names = modules.map(|path| path.file_stem().unwrap().to_str().unwrap().replace('_', ""));
    names.filter(|name| name != "init").collect()
}

#[test]
fn the_python_client_has_every_operation() {
    let Some(generator) = tool(".venv/bin/openapi-python-client") else { return };
    let folder = tempfile::tempdir().unwrap();
    let generated = generated_operations(&generate_python(&generator, folder.path()));
    let documented: BTreeSet<_> = operations(&committed()).into_iter().map(|one| one.id().to_lowercase()).collect();
    assert_eq!(generated, documented);
}

/// Answers the survey of the interaction, then writes its transcript.
async fn rate_and_transcribe(app: &TestApp, interaction: InteractionId) {
    leave_untranscribed(app).await;
    app.pass(SETTLED).await;
    let asked = Asked { token: token_in(&mail_to(app, "jerry@example.net")), interaction };
    answer(app, &asked, &[("score", "4"), ("comment", "Quick."), ("choice", "linked")]).await;
    let lines = [(0, 4_000, "agent", "Orders, this is Sydney."), (4_500, 9_000, "customer", "My parcel is lost.")];
    transcribe(app, &asked.interaction, &lines).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_makes_a_journey() {
    let Some(generator) = tool(".venv/bin/openapi-python-client") else { return };
    for app in TestApp::on_both(|_| {}).await {
        generate_python(&generator, app.folder());
        let (key, supervisor) = (app.key(Scope::Admin).await, supervisor(&app, "Orders").await);
        let mut journey = tokio::process::Command::new(root().join(".venv/bin/python"));
        journey.arg(root().join("tests/tools/clients/journey.py")).args([&app.url, &key]);
        journey.arg(supervisor.cookie.trim_start_matches("afterword=")).arg(root().join("tests/calls/call-good.ogg"));
        journey.env("PYTHONPATH", app.folder()).env("PYTHONDONTWRITEBYTECODE", "1");
        journey.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut journey = journey.spawn().unwrap();
        let mut printed = BufReader::new(journey.stdout.take().unwrap()).lines();
        let (mut errors, mut said) = (journey.stderr.take().unwrap(), String::new());
        let Some(id) = printed.next_line().await.unwrap() else {
            errors.read_to_string(&mut said).await.unwrap();
            panic!("{said}");
        };
        rate_and_transcribe(&app, id.parse().unwrap()).await;
        let result = printed.next_line().await.unwrap();
        errors.read_to_string(&mut said).await.unwrap();
        let result: Value = serde_json::from_str(&result.expect(&said)).unwrap();
        let expected = json!({
            "text": ["Orders, this is Sydney.", "My parcel is lost."], "agent": "Sydney Carton", "listed": [id], "next": null,
            "refused": 403, "score": 4, "comment": "Quick.", "rated": ["Sydney Carton"],
        });
        assert_eq!(result, expected);
    }
}

#[test]
fn the_typescript_client_compiles() {
    let Some(generator) = tool("node_modules/.bin/openapi-typescript") else { return };
    let Some(compiler) = tool("node_modules/.bin/tsc") else { return };
    let folder = tempfile::tempdir().unwrap();
    run(command(&generator).arg(root().join("openapi.yaml")).arg("-o").arg(folder.path().join("afterword.d.ts")));
    let program = folder.path().join("journey.ts");
    std::fs::copy(root().join("tests/tools/clients/journey.ts"), &program).unwrap();
    let options = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom"];
    run(command(&compiler).args(options).arg(program));
}
