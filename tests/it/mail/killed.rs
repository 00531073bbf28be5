//! kill -9 while mail is sent, again and again, with the real program: no invitation is lost, and none is sent twice
//! except those that were on a connection at that moment.

use crate::support::smtp::SmtpServer;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Number of customers asked in each round.
const EACH: usize = 30;
const ROUNDS: usize = 10;
const CONNECTIONS: usize = 4;

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // SIGKILL.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(folder: &Path, listen: &str, mail: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_afterword"));
    command
        .current_dir(folder)
        .env("AFTERWORD__HTTP__LISTEN", listen)
        .env("AFTERWORD__MAIL__URL", mail)
        .env("AFTERWORD__MAIL__CONNECTIONS", CONNECTIONS.to_string())
        .env("AFTERWORD__SURVEY__SETTLE", "0s")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

async fn serve(folder: &Path, listen: &str, mail: &str) -> Program {
    let program = Program(command(folder, listen, mail).arg("serve").spawn().unwrap());
    for _ in 0..600 {
        if reqwest::get(format!("http://{listen}/readyz")).await.is_ok_and(|answer| answer.status() == 200) {
            return program;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the program does not come up on {listen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_invitation_is_lost_and_none_leaves_twice_but_what_was_on_its_way() {
    let Some(server) = SmtpServer::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (folder, mail) = (folder.path(), server.url());
    let key = command(folder, &listen, &mail)
        .args(["key", "add", "test", "--scope", "admin"])
        .stdout(Stdio::piped())
        .output();
    let key = String::from_utf8(key.unwrap().stdout).unwrap().trim().to_owned();
    let client = reqwest::Client::new();
    for round in 0..ROUNDS {
        let program = serve(folder, &listen, &mail).await;
        let puts = (0..EACH).map(|n| {
            let (client, key, url) = (&client, &key, format!("http://{listen}/api/v1/interactions/phone/{round}-{n}"));
            async move {
                let body = json!({ "channel": "call", "outcome": "answered", "phase": "final", "talk_ms": 60_000,
                    "agent": { "external_id": "17" }, "team": "Orders", "customer": { "email": format!("c{round}-{n}@example.net") } });
                let answer = client.put(url).bearer_auth(key).json(&body).send().await.unwrap();
                assert!(answer.status().is_success(), "{}", answer.status());
            }
        });
        futures_util::future::join_all(puts).await;
        // Between the decision and the settlement of the last mail; the exact moment varies by round.
        let seen = server.messages().len();
        let wanted = seen + round * EACH / ROUNDS;
        for _ in 0..200 {
            if server.messages().len() > wanted {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(program);
    }
    let all = ROUNDS * EACH;
    let program = serve(folder, &listen, &mail).await;
    let counts = async || {
        let mut by_recipient: BTreeMap<String, usize> = BTreeMap::new();
        for mail in server.messages() {
            *by_recipient.entry(mail.to[0].clone()).or_default() += 1;
        }
        by_recipient
    };
    for _ in 0..600 {
        if counts().await.len() == all {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let counts = counts().await;
    assert_eq!(counts.len(), all, "invitations were lost");
    let twice = counts.values().map(|copies| copies - 1).sum::<usize>();
    assert!(
        twice <= ROUNDS * CONNECTIONS,
        "{twice} copies too many over {ROUNDS} kills with {CONNECTIONS} connections"
    );
    assert!(counts.values().all(|copies| *copies <= 3), "{counts:?}");
    drop(program);
}
