//! What was acknowledged survives kill -9, and what was not is there whole or not at all.

use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(folder: &Path, listen: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_afterword"));
    command.current_dir(folder).env("AFTERWORD__HTTP__LISTEN", listen).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

async fn serve(folder: &Path, listen: &str) -> Program {
    let program = Program(command(folder, listen).arg("serve").spawn().unwrap());
    for _ in 0..600 {
        if reqwest::get(format!("http://{listen}/readyz")).await.is_ok_and(|answer| answer.status() == 200) {
            return program;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the program does not come up on {listen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let key = command(folder.path(), &listen)
        .args(["key", "add", "test", "--scope", "admin"])
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    let key = String::from_utf8(key.stdout).unwrap().trim().to_owned();
    let client = reqwest::Client::new();
    let mut acknowledged = Vec::new();
    for round in 0..5 {
        let program = serve(folder.path(), &listen).await;
        let puts = (0..40).map(|n| {
            let (client, key, url) = (&client, &key, format!("http://{listen}/api/v1/interactions/phone/{round}-{n}"));
            async move {
                let body = json!({ "channel": "call", "agent": { "external_id": n.to_string() }, "team": "Orders", "phase": "final" });
                let answer = client.put(url).bearer_auth(key).json(&body).send().await.ok()?;
                answer.json::<Value>().await.ok()?["id"].as_str().map(str::to_owned)
            }
        });
        let kill = async {
            // Somewhere in the middle; where exactly is what the rounds try out.
            tokio::time::sleep(Duration::from_millis(round * 15)).await;
            drop(program);
        };
        let (answers, ()) = tokio::join!(futures_util::future::join_all(puts), kill);
        acknowledged.extend(answers.into_iter().flatten());
    }
    assert!(!acknowledged.is_empty(), "nothing was acknowledged in any round: the test tried nothing");
    let _program = serve(folder.path(), &listen).await;
    for id in acknowledged {
        let url = format!("http://{listen}/api/v1/interactions/{id}");
        let answer = client.get(url).bearer_auth(&key).send().await.unwrap();
        assert_eq!(answer.status(), 200, "an acknowledged interaction is gone");
        let seen: Value = answer.json().await.unwrap();
        assert!(
            seen["agent"].is_object() && seen["team"]["name"] == "Orders" && seen["phase"] == "final",
            "half of it: {seen}"
        );
    }
}
