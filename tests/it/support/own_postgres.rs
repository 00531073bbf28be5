//! A PostgreSQL for one test, to be stopped, suspended and started again.

use super::{postgres, process, skip};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server; ends when dropped.
pub struct OwnPostgres {
    programs: PathBuf,
    port: u16,
    server: Option<Child>,
    folder: tempfile::TempDir,
}

impl OwnPostgres {
    /// Creates and starts one; `None` where PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        let Some(programs) = postgres::programs() else { return skip::tool("PostgreSQL's server programs") };
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let mut this = Self { programs, port, server: None, folder };
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(this.folder.path()));
        }
        let mut initdb = this.program("initdb");
        initdb.arg("--pgdata").arg(this.data()).args(["--username=afterword", "--auth=trust", "--encoding=UTF8"]);
        run(initdb.args(["--locale=C.UTF-8", "--no-sync", "--no-instructions"]));
        this.serve();
        Some(this)
    }

    /// Returns the URL for `database.url`.
    pub fn url(&self) -> String {
        format!("postgres://afterword@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it (again) and waits until it accepts connections.
    pub fn serve(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let mut postgres = self.program("postgres");
        postgres.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
        postgres.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"]);
        self.server = Some(postgres.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
        let begun = Instant::now();
        loop {
            let mut ready = self.program("pg_isready");
            ready.args(["--quiet", "--host=127.0.0.1", "--dbname=postgres", "--username=afterword", "--port"]);
            if ready.arg(self.port.to_string()).status().unwrap().success() {
                return;
            }
            assert!(begun.elapsed() < process::START, "PostgreSQL does not come up:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it like a crash: SIGQUIT, "immediate shutdown".
    pub fn crash(&mut self) {
        self.signal("QUIT");
        self.server.take().unwrap().wait().unwrap();
    }

    /// Suspends all of its processes, which keep their connections and answer nothing.
    pub fn freeze(&self) {
        self.signal_all("STOP");
    }

    /// Resumes them.
    pub fn thaw(&self) {
        self.signal_all("CONT");
    }

    fn signal(&self, name: &str) {
        let pid = self.server.as_ref().unwrap().id().to_string();
        run(Command::new("kill").args(["-s", name, &pid]));
    }

    fn signal_all(&self, name: &str) {
        self.signal(name);
        let parent = self.server.as_ref().unwrap().id().to_string();
        run(Command::new("pkill").args(["--signal", name, "--parent", &parent]));
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// PostgreSQL does not run as root; Debian's package creates a user for it.
    fn program(&self, name: &str) -> Command {
        let program: &Path = &self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // It may be suspended, or have ended by itself. SIGKILL of the first process ends the others.
            let _ = Command::new("pkill").args(["--signal", "CONT", "--parent", &server.id().to_string()]).output();
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0"
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
