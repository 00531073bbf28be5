//! The first start, by several processes at once.

use crate::support::postgres;
use std::path::Path;
use std::process::{Command, Stdio};

const PROCESSES: usize = 4;

/// All of them migrate the database, and agree on one key.
fn start_together(folder: &Path, database: &str) {
    let mut migrate = Command::new(env!("CARGO_BIN_EXE_afterword"));
    migrate.arg("migrate").current_dir(folder).env("AFTERWORD__DATABASE__URL", database);
    migrate.stdout(Stdio::piped()).stderr(Stdio::piped());
    let processes: Vec<_> = (0..PROCESSES).map(|_| migrate.spawn().unwrap()).collect();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let key = std::fs::read_to_string(folder.join("data/afterword.key")).unwrap();
    assert_eq!(key.trim().len(), 64);
    assert!(migrate.status().unwrap().success(), "the key is the one that the database knows");
}

#[test]
fn several_processes_can_start_first_on_sqlite() {
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        start_together(folder.path(), "sqlite:data/afterword.db");
        let files = std::fs::read_dir(folder.path().join("data")).unwrap().flatten();
        let left: Vec<_> =
            files.map(|file| file.file_name()).filter(|name| name.to_string_lossy().ends_with(".part")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[tokio::test]
async fn several_processes_can_start_first_on_postgresql() {
    let Some(database) = postgres::fresh_database().await else { return };
    let folder = tempfile::tempdir().unwrap();
    start_together(folder.path(), &database.url());
}
