//! A real PostgreSQL (Debian's): one server for all test processes of a run, a database for each test.
//!
//! The first test that needs it starts it; it ends by itself when no test has used it for twenty seconds
//! (`postgres_keeper.sh`).

use super::{process, skip};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A database, dropped together with this.
pub struct TestDatabase {
    name: String,
    port: u16,
}

impl TestDatabase {
    /// Returns the URL for `database.url`.
    pub fn url(&self) -> String {
        url(self.port, &self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (port, name) = (self.port, std::mem::take(&mut self.name));
        // A thread, as the test's own runtime can't be blocked on from here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(administer(port, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")))
        });
        if !matches!(dropped.join(), Ok(Ok(()))) {
            eprintln!("a test database stays until its server ends");
        }
    }
}

/// Returns an empty database; `None` where PostgreSQL is not installed (the test is skipped).
pub async fn fresh_database() -> Option<TestDatabase> {
    let server = server()?;
    Some(create(server.port, "template1").await)
}

/// Returns a copy of the database that `migrate` fills. It is called once for each `kind` and build of the tests, with
/// the URL of an empty database, and must have closed its connections when it returns.
pub async fn migrated_database(kind: &str, migrate: impl AsyncFnOnce(&str)) -> Option<TestDatabase> {
    let server = server()?;
    let template = template_name(kind);
    let lock = lock_file("template");
    lock.lock().unwrap();
    if !exists(server.port, &template).await {
        let unfinished = create(server.port, "template1").await;
        migrate(&unfinished.url()).await;
        let rename = format!("ALTER DATABASE {} RENAME TO {template}", unfinished.name);
        administer(server.port, rename).await.expect("no connection to the database that was migrated stays open");
    }
    lock.unlock().unwrap();
    Some(create(server.port, &template).await)
}

struct Server {
    port: u16,
    /// Locked (shared) as long as this process lives; the keeper checks it.
    _users: File,
}

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let Some(programs) = programs() else {
        return skip::tool("PostgreSQL's server programs");
    };
    Some(SERVER.get_or_init(|| join(&programs)))
}

/// Joins the running server, or starts one.
fn join(programs: &Path) -> Server {
    let start = lock_file("start");
    start.lock().unwrap();
    let users = lock_file("users");
    users.lock_shared().unwrap();
    let port = running().or_else(|| (0..3).find_map(|_| launch(programs)));
    Server { port: port.unwrap_or_else(|| panic!("PostgreSQL does not start:\n{}", log())), _users: users }
}

fn running() -> Option<u16> {
    let port = std::fs::read_to_string(state().join("port")).ok()?.trim().parse().ok()?;
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok().then_some(port)
}

/// Returns `None` when it failed, as when the port was taken in between.
fn launch(programs: &Path) -> Option<u16> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).unwrap().port();
    let _ = std::fs::remove_file(state().join("port"));
    let log = File::create(state().join("log")).unwrap();
    let mut keeper = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/postgres_keeper.sh"))
        .args([programs.as_os_str(), state().as_os_str(), free.to_string().as_ref()])
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        // It outlives this test, and signals to this test's process group.
        .process_group(0)
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while begun.elapsed() < process::START && keeper.try_wait().unwrap().is_none() {
        if let Some(port) = running() {
            return Some(port);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    None
}

/// Returns the folder of the newest installed server.
pub(super) fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let mut debian: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    debian.sort_by_key(|bin| bin.to_str().and_then(|path| path.split('/').nth(4)?.parse::<u32>().ok()));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = debian.into_iter().rev().chain(std::env::split_paths(&path));
    all.into_iter().find(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
}

fn state() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn log() -> String {
    std::fs::read_to_string(state().join("log")).unwrap_or_default()
}

fn lock_file(name: &str) -> File {
    File::options().create(true).append(true).open(state().join(name)).unwrap()
}

/// Another build of the tests may have other migrations.
fn template_name(kind: &str) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let binary = std::env::current_exe().unwrap();
    let metadata = binary.metadata().unwrap();
    let mut hasher = DefaultHasher::new();
    (binary, metadata.len(), metadata.modified().unwrap()).hash(&mut hasher);
    format!("migrated_{kind}_{:x}", hasher.finish())
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://afterword@127.0.0.1:{port}/{database}")
}

async fn create(port: u16, template: &str) -> TestDatabase {
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    administer(port, format!("CREATE DATABASE {name} TEMPLATE {template}")).await.unwrap();
    TestDatabase { name, port }
}

async fn exists(port: u16, database: &str) -> bool {
    let mut connection = PgConnection::connect(&url(port, "postgres")).await.unwrap();
    let found = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(database);
    found.fetch_optional(&mut connection).await.unwrap().is_some()
}

async fn administer(port: u16, statement: String) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(&url(port, "postgres")).await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn fill(url: &str) {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql("CREATE TABLE books (title TEXT)").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn count(url: &str) -> sqlx::Result<i64> {
        let mut connection = PgConnection::connect(url).await?;
        sqlx::query_scalar("SELECT count(*) FROM books").fetch_one(&mut connection).await
    }

    #[tokio::test]
    async fn each_test_has_a_database_of_its_own() {
        let Some(one) = fresh_database().await else { return };
        let Some(two) = fresh_database().await else { return };
        fill(&one.url()).await;
        assert_eq!(count(&one.url()).await.unwrap(), 0);
        assert!(count(&two.url()).await.is_err(), "the table is in the first only");
        let gone = one.url();
        drop(one);
        assert!(PgConnection::connect(&gone).await.is_err());
    }

    #[tokio::test]
    async fn a_migrated_database_is_filled_once_and_copied() {
        let mut filled = 0;
        let Some(one) = migrated_database("books", async |url| {
            filled += 1;
            fill(url).await;
        })
        .await
        else {
            return;
        };
        let Some(two) = migrated_database("books", async |_| filled += 1).await else {
            return;
        };
        assert!(filled <= 1, "an earlier run with the same build may have filled it");
        for database in [one, two] {
            assert_eq!(count(&database.url()).await.unwrap(), 0);
        }
    }
}
