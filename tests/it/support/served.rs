//! The program itself, serving on a port of its own, with surveyed customers.

use super::process::START;
use super::small_disk::SmallDisk;
use afterword::transcription::TEST_MODEL;
use serde_json::json;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running program and its folder; killed when dropped.
pub struct Served {
    pub client: reqwest::Client,
    pub url: String,
    /// An API key with every scope.
    pub key: String,
    listen: String,
    settings: Vec<(String, String)>,
    open_files: Option<u32>,
    child: Option<Child>,
    folder: tempfile::TempDir,
    disk: Option<SmallDisk>,
    /// Path of the folder in this process.
    seen: PathBuf,
}

/// A customer who received a survey.
pub struct Mailed {
    pub address: String,
    /// URL of the survey.
    pub page: String,
}

impl Mailed {
    pub fn token(&self) -> &str {
        self.page.rsplit('/').next().unwrap()
    }
}

impl Served {
    /// Starts it with these settings, and mail as files.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), None, settings, None).await
    }

    /// The same, with a maximum number of open files of the process, half of it at the start.
    pub async fn start_limited(settings: &[(&str, &str)], open_files: Option<u32>) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), None, settings, open_files).await
    }

    /// The same with all its files on a disk of this size; `None` where this user may not mount one.
    pub async fn start_on_small_disk(mebibytes: usize, settings: &[(&str, &str)]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let disk = SmallDisk::mount(folder.path(), mebibytes)?;
        Some(Self::start_in(folder, Some(disk), settings, None).await)
    }

    async fn start_in(
        folder: tempfile::TempDir,
        disk: Option<SmallDisk>,
        settings: &[(&str, &str)],
        open_files: Option<u32>,
    ) -> Self {
        let seen = disk.as_ref().map_or_else(|| folder.path().to_owned(), SmallDisk::seen);
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let usual = [
            ("AFTERWORD__MAIL__URL", "file:mail"),
            ("AFTERWORD__SURVEY__SETTLE", "0s"),
            ("AFTERWORD__SURVEY__TOO_FAST", "0s"),
            ("AFTERWORD__SURVEY__MAX_AGE", "0s"),
            ("AFTERWORD__TRANSCRIPTION__MODEL", TEST_MODEL),
        ];
        let settings = usual.iter().chain(settings).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut served = Self {
            // Without idle connections: a stopping program might wait for them.
            client: reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap(),
            url: format!("http://{listen}"),
            key: String::new(),
            listen,
            settings,
            open_files,
            child: None,
            folder,
            disk,
            seen,
        };
        assert!(served.command().arg("migrate").status().unwrap().success());
        let made =
            served.command().args(["key", "add", "test", "--scope", "admin"]).stdout(Stdio::piped()).output().unwrap();
        served.key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        served.serve().await;
        served
    }

    /// Returns the program with these settings, in its folder; with the most permissive umask, on which nothing may
    /// rely.
    pub fn command(&self) -> Command {
        let limit = self.open_files.map(|files| format!("ulimit -S -n {}; ulimit -H -n {files}; ", files / 2));
        let script = format!("umask 0; {}exec \"$0\" \"$@\"", limit.unwrap_or_default());
        let mut command = match &self.disk {
            Some(disk) => disk.command("sh"),
            None => Command::new("sh"),
        };
        command.args(["-c", &script, env!("CARGO_BIN_EXE_afterword")]);
        command.current_dir(self.folder.path()).env("AFTERWORD__HTTP__LISTEN", &self.listen);
        command.envs(self.settings.iter().map(|(key, value)| (key, value))).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Starts it again, after it was killed.
    pub async fn serve(&mut self) {
        self.run("serve");
        let tries = START.as_millis() / 50;
        for _ in 0..tries {
            if self.client.get(format!("{}/readyz", self.url)).send().await.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the program does not come up: {}", self.log());
    }

    /// Runs one of its commands in the background, on the same data.
    pub fn run(&mut self, command: &str) {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        self.child = Some(self.command().arg(command).stderr(Stdio::from(log)).spawn().unwrap());
    }

    /// `kill -9`
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Returns an API key with every scope.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// `kill -TERM`, and waits for its end; returns the time.
    pub fn terminate(&mut self) -> Duration {
        self.tell_to_stop();
        let begun = std::time::Instant::now();
        assert!(self.child.take().unwrap().wait().unwrap().success(), "{}", self.log());
        begun.elapsed()
    }

    /// Sends SIGTERM, and does not wait.
    pub fn tell_to_stop(&self) {
        let pid = rustix::process::Pid::from_child(self.child.as_ref().unwrap());
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits until it has ended; returns its exit code, and the time.
    pub async fn ended(&mut self) -> (Option<i32>, Duration) {
        let begin = std::time::Instant::now();
        let mut child = self.child.take().unwrap();
        let status = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
        (status.code(), begin.elapsed())
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> &str {
        &self.listen
    }

    /// Returns its process id.
    pub fn pid(&self) -> String {
        self.child.as_ref().unwrap().id().to_string()
    }

    pub fn folder(&self) -> &Path {
        &self.seen
    }

    /// Returns the disk that it is on.
    pub fn disk(&self) -> &SmallDisk {
        self.disk.as_ref().unwrap()
    }

    /// Returns its standard error.
    pub fn log(&self) -> String {
        std::fs::read(self.folder.path().join("log"))
            .map(|b| String::from_utf8_lossy(&b).into_owned())
            .unwrap_or_default()
    }

    /// Sends calls of that many more customers and waits for their mails.
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

    /// Returns the sent mails, as files.
    pub fn mails(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.seen.join("mail")).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "eml")).collect()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.kill();
    }
}
