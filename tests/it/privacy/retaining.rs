//! Retention runs automatically, removes files with their rows, and is reported.

use super::{RARE, full_call, stored, tables_with};
use crate::anonymity::{dump, holds};
use crate::app::{TestApp, call_body, demo_sound};
use crate::support::heard::raw;
use afterword::access::Role;
use afterword::database::{Sql, execute_raw};
use afterword::interactions::Reached;
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(86_400);

fn days(n: u32) -> Duration {
    DAY * n
}

async fn rows(app: &TestApp, table: &str) -> usize {
    dump(app).await[table].len()
}

#[tokio::test]
async fn each_goes_when_its_time_is_over_and_not_before() {
    let times = |c: &mut afterword::config::Config| {
        c.retention.recordings = "30d".parse().unwrap();
        c.retention.transcripts = "60d".parse().unwrap();
        c.retention.interactions = "120d".parse().unwrap();
        c.retention.audit = "90d".parse().unwrap();
    };
    for app in TestApp::on_both(times).await {
        let asked = full_call(&app, "old").await;
        let mut chat = call_body("chat@example.net");
        chat["channel"] = "chat".into();
        chat["messages"] = serde_json::json!([{ "at": "2026-11-20T11:24:31Z", "from": "customer", "text": RARE }]);
        app.interaction("chat", &chat).await;
        app.pass(days(25)).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let forecast = admin.page("/admin/retention").await;
        assert!(forecast.contains("30 days") && forecast.contains("1 recording<"), "{forecast}");
        assert!(forecast.contains("Nothing has been deleted yet"), "{forecast}");
        assert_eq!((rows(&app, "recordings").await, stored(&app)), (1, 1));
        app.pass(days(6)).await;
        assert_eq!((rows(&app, "recordings").await, stored(&app)), (0, 0), "row and file together");
        assert_eq!((rows(&app, "transcripts").await, rows(&app, "messages").await), (1, 1));
        app.pass(days(30)).await;
        for table in ["transcripts", "segments", "messages", "search_lines"] {
            assert_eq!(rows(&app, table).await, 0, "{table}");
        }
        assert_eq!((rows(&app, "interactions").await, rows(&app, "responses").await), (2, 1));
        assert!(rows(&app, "measures").await > 0, "measures stay");
        let lines = rows(&app, "audit_log").await;
        app.pass(days(60)).await;
        assert_eq!((rows(&app, "interactions").await, rows(&app, "responses").await), (0, 0));
        assert!(tables_with(&app, &asked.interaction).await.is_empty(), "its lines of the audit log went as well");
        assert!(rows(&app, "audit_log").await < lines);
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let report = admin.page("/admin/retention").await;
        for went in ["1 recording<", "2 conversations", "lines of the audit log"] {
            assert!(report.contains(went), "{went}: {report}");
        }
        assert!(admin.page("/admin/audit").await.contains("Deleted data at the end of its retention"));
        // Only older entries of the log can be deleted.
        let mut tx = app.app.db.begin().await.unwrap();
        assert!(execute_raw(tx.conn(), Sql::both("DELETE FROM audit_log")).await.is_err());
    }
}

#[tokio::test]
async fn where_nothing_is_set_nothing_goes() {
    let app = TestApp::start().await;
    full_call(&app, "old").await;
    app.pass(days(3000)).await;
    for table in ["recordings", "transcripts", "interactions", "responses"] {
        assert_eq!(rows(&app, table).await, 1, "{table}");
    }
    assert_eq!(stored(&app), 1);
    let admin = app.sign_in(Role::Admin, &[], None).await;
    assert!(admin.page("/admin/retention").await.contains("until erased"));
}

#[tokio::test]
async fn hundreds_go_in_batches_and_a_run_that_is_stopped_goes_on_later() {
    for app in TestApp::on_both(|c| c.retention.interactions = "30d".parse().unwrap()).await {
        for n in 0..45 {
            app.interaction(&format!("n{n}"), &call_body(&format!("n{n}@example.net"))).await;
        }
        app.clock.advance(days(31));
        let stop = tokio_util::sync::CancellationToken::new();
        stop.cancel();
        app.app.privacy.retain(&stop).await.unwrap();
        assert_eq!(rows(&app, "interactions").await, 45, "told to stop before it began");
        app.app.privacy.retain(&tokio_util::sync::CancellationToken::new()).await.unwrap();
        assert_eq!((rows(&app, "interactions").await, rows(&app, "jobs").await), (0, rows(&app, "jobs").await));
        let decide = dump(&app).await["jobs"].iter().filter(|row| row.contains("survey.decide")).count();
        assert_eq!(decide, 0, "no job is left about what is gone");
    }
}

/// A crash between the file and its row, or between the row and its file, leaves nothing permanently.
#[tokio::test]
async fn files_that_belong_to_nothing_are_swept_and_others_left_alone() {
    let app = TestApp::start().await;
    full_call(&app, "kept").await;
    let folder = app.folder().join("recordings");
    // Clock of the store.
    let now = std::fs::metadata(&folder).unwrap().modified().unwrap();
    let old = now - DAY * 3;
    let put = |name: &str, when: SystemTime| {
        let path = folder.join(name);
        std::fs::write(&path, b"sound").unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(when).unwrap();
        path
    };
    let orphan = put("5f0c9f4e-0b1f-4a3e-9d55-0a9a1d3c2b11.ogg", old);
    let young = put("6f0c9f4e-0b1f-4a3e-9d55-0a9a1d3c2b11.ogg", now);
    let foreign = put("notes.txt", old);
    for entry in std::fs::read_dir(&folder).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        if entry.file_name().to_string_lossy() != "6f0c9f4e-0b1f-4a3e-9d55-0a9a1d3c2b11.ogg" {
            std::fs::File::options().write(true).open(entry.path()).unwrap().set_modified(old).unwrap();
        }
    }
    let retain = async || app.app.privacy.retain(&tokio_util::sync::CancellationToken::new()).await.unwrap();
    retain().await;
    assert!(orphan.exists(), "once a day is often enough");
    app.clock.advance(DAY);
    retain().await;
    assert!(!orphan.exists() && young.exists() && foreign.exists());
    assert_eq!(stored(&app), 3, "the one with a row is there");
}

/// The address of a conversation that never ends is erased after a time.
#[tokio::test]
async fn an_address_does_not_wait_forever() {
    for app in TestApp::on_both(|_| {}).await {
        let mut body = call_body("jerry@example.net");
        body["phase"] = "in_progress".into();
        let id = app.interaction("endless", &body).await;
        app.pass(days(29)).await;
        assert_eq!(crate::surveys::state_of(&app, &id).await.0, "waiting");
        app.pass(days(2)).await;
        assert_eq!(crate::surveys::state_of(&app, &id).await, ("skipped".into(), Some("never_final".into())));
        let text = format!("{:?}", dump(&app).await["interactions"]);
        let sealed = text.split(['|', '\'', '"']).filter(|word| {
            ["interaction.customer.email", "interaction.customer.name"]
                .iter()
                .any(|purpose| app.app.vault.open(purpose, word).is_ok())
        });
        assert_eq!(sealed.count(), 0);
    }
}

#[tokio::test]
async fn what_was_deleted_is_gone_from_the_disk_after_a_run() {
    let app = TestApp::start_with(|c| c.retention.transcripts = "10d".parse().unwrap()).await;
    full_call(&app, "old").await;
    raw(&app, "UPDATE responses SET comment = NULL").await;
    assert!(holds(&crate::anonymity::bytes_on_disk(&app), RARE));
    app.pass(days(11)).await;
    assert!(!holds(&crate::anonymity::bytes_on_disk(&app), RARE));
}

/// A run does not read a conversation twice, so that its work does not grow with the kept data.
#[tokio::test]
async fn a_run_walks_past_each_conversation_once() {
    for app in TestApp::on_both(|_| {}).await {
        for n in 0..25 {
            let mut body = call_body(&format!("n{n}@example.net"));
            if n % 2 == 0 {
                body["messages"] = serde_json::json!([{ "from": "customer", "text": RARE }]);
            }
            app.interaction(&format!("n{n}"), &body).await;
        }
        let (before, mut reached, mut seen) = (app.app.clock.now(), Reached::default(), Vec::new());
        for wanted in [5, 5, 3, 0] {
            // Nothing is removed in between.
            let some = app.app.interactions.with_words(before, &mut reached, 5).await.unwrap();
            assert_eq!(some.len(), wanted);
            seen.extend(some);
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 13, "all of one moment, and none twice");
        for n in [0, 1, 2] {
            assert!(app.record(&format!("n{n}"), demo_sound("call-good.ogg")).await.status().is_success());
        }
        let mut reached = Reached::default();
        let mut remove = async || app.app.interactions.remove_recordings(before, &mut reached, 2).await.unwrap();
        assert_eq!((remove().await, remove().await, remove().await), (2, 1, 0));
        assert_eq!(rows(&app, "recordings").await, 0);
    }
}

/// Address hashes are deleted when neither a bounce nor a link needs them any more.
#[tokio::test]
async fn closed_surveys_forget_whose_they_were() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = crate::surveys::ask(&app, "jerry").await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        assert!(admin.page("/admin/retention").await.contains("90 days after the survey"));
        let vault = &app.app.vault;
        let hash = vault.keyed_hash("address", b"jerry@example.net");
        app.pass(days(15)).await;
        app.pass(days(88)).await;
        assert_eq!(tables_with_text(&app, &hash).await, ["invitations"], "the quiet period is over");
        assert_eq!(app.get(&asked.leave()).await.status(), 200);
        app.pass(days(2)).await;
        assert!(tables_with_text(&app, &hash).await.is_empty());
        assert_eq!(app.get(&asked.leave()).await.status(), 404);
        assert_eq!(app.post(&asked.leave(), &[]).await.status(), 404);
        assert!(dump(&app).await["suppressions"].is_empty(), "nobody is put on the list in their place");
        let admin = app.sign_in(Role::Admin, &[], None).await;
        assert!(admin.page("/admin/retention").await.contains("1 scrambled address at a closed survey"));
    }
}

async fn tables_with_text(app: &TestApp, text: &str) -> Vec<String> {
    let all = dump(app).await;
    all.into_iter().filter(|(_, rows)| rows.iter().any(|row| row.contains(text))).map(|(table, _)| table).collect()
}
