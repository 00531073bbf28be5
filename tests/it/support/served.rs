//! The program itself, serving on a port of its own, with customers who were asked.

use super::postgres::TestDatabase;
use super::process::START;
use afterword::config::DatabaseUrl;
use afterword::database::Db;
use serde_json::json;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running program and its folder; killed when dropped.
pub struct Served {
    pub client: reqwest::Client,
    pub url: String,
    pub key: String,
    listen: String,
    settings: Vec<(String, String)>,
    child: Option<Child>,
    folder: tempfile::TempDir,
    /// PostgreSQL's database; `None` on SQLite.
    database: Option<TestDatabase>,
}

/// A customer who was asked.
pub struct Mailed {
    pub address: String,
    /// The survey's whole address.
    pub page: String,
}

impl Mailed {
    pub fn token(&self) -> &str {
        self.page.rsplit('/').next().unwrap()
    }
}

impl Served {
    /// Starts it on SQLite with these settings, and mail as files.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_on(None, settings).await
    }

    /// Starts it on this database of PostgreSQL (SQLite where there is none) with these settings, and mail as files.
    pub async fn start_on(database: Option<TestDatabase>, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let usual = [
            ("AFTERWORD__MAIL__URL", "file:mail"),
            ("AFTERWORD__SURVEY__SETTLE", "0s"),
            ("AFTERWORD__SURVEY__TOO_FAST", "0s"),
        ];
        let settings = usual.iter().chain(settings).map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let url = database.iter().map(|database| ("AFTERWORD__DATABASE__URL".to_owned(), database.url()));
        let mut served = Self {
            client: reqwest::Client::new(),
            url: format!("http://{listen}"),
            key: String::new(),
            listen,
            settings: settings.chain(url).collect(),
            child: None,
            folder,
            database,
        };
        assert!(served.command().arg("migrate").status().unwrap().success());
        let made =
            served.command().args(["key", "add", "test", "--scope", "admin"]).stdout(Stdio::piped()).output().unwrap();
        served.key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        served.serve().await;
        served
    }

    /// The program with this one's settings, in its folder.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_afterword"));
        command.current_dir(self.folder.path()).env("AFTERWORD__HTTP__LISTEN", &self.listen);
        command.envs(self.settings.iter().map(|(key, value)| (key, value))).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Starts it again, after it was killed.
    pub async fn serve(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        self.child = Some(self.command().arg("serve").stderr(Stdio::from(log)).spawn().unwrap());
        let tries = START.as_millis() / 50;
        for _ in 0..tries {
            if self.client.get(format!("{}/readyz", self.url)).send().await.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the program does not come up: {}", self.log());
    }

    /// `kill -9`
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Its process.
    pub fn pid(&self) -> String {
        self.child.as_ref().unwrap().id().to_string()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its database, opened beside it.
    pub async fn database(&self) -> Db {
        let url = match &self.database {
            Some(database) => DatabaseUrl::Postgres(database.url()),
            None => DatabaseUrl::Sqlite(self.folder().join("data/afterword.db")),
        };
        Db::open(&url).await.unwrap()
    }

    /// What it has written to standard error.
    pub fn log(&self) -> String {
        std::fs::read(self.folder.path().join("log"))
            .map(|b| String::from_utf8_lossy(&b).into_owned())
            .unwrap_or_default()
    }

    /// Takes in calls of so many customers more and waits for their mails.
    pub async fn ask(&self, how_many: usize) -> Vec<Mailed> {
        let mut addresses = Vec::new();
        for _ in 0..how_many {
            let name = uuid::Uuid::new_v4().simple().to_string();
            let address = format!("{name}@example.net");
            let mut body = crate::app::call_body(&address);
            body["agent"] = json!({ "external_id": "17", "name": "Sydney Carton" });
            let url = format!("{}/api/v1/interactions/phone/{name}", self.url);
            let answer = self.client.put(url).bearer_auth(&self.key).json(&body).send().await.unwrap();
            assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
            addresses.push(address);
        }
        let mut asked = Vec::new();
        for address in addresses {
            asked.push(self.mail_to(&address).await);
        }
        asked
    }

    async fn mail_to(&self, address: &str) -> Mailed {
        for _ in 0..START.as_millis() / 50 {
            for path in self.mails() {
                let text = std::fs::read_to_string(path).unwrap_or_default().replace("=\r\n", "").replace("=3D", "=");
                let at = text.find("/u/").filter(|_| text.contains(address));
                if let Some(token) = at.and_then(|at| text.get(at + 3..at + 35)) {
                    return Mailed { address: address.to_owned(), page: format!("{}/s/{token}", self.url) };
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no mail to {address}: {}", self.log());
    }

    /// The mails that have left, as files.
    pub fn mails(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join("mail")).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "eml")).collect()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.kill();
    }
}
