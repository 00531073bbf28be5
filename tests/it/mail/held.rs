//! Held mail, mail as files, and the state after a crash.

use super::{count, only};
use crate::app::TestApp;
use crate::surveys::{SETTLED, mail_to, mails, page, state_of, token_in};
use afterword::app::App;
use afterword::clock::SharedClock;
use afterword::config::MailUrl;
use afterword::database::{Sql, execute_raw};
use afterword::jobs::{Runner, RunnerOptions};
use afterword::mail::State;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn without_a_way_out_mail_is_held_shown_and_not_lost() {
    for app in TestApp::on_both(|c| c.mail.url = MailUrl::Hold).await {
        let id = app.call("1", "jerry@example.net").await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &id).await.0, "held");
        let held = only(&app).await;
        assert_eq!((held.state.as_str(), held.hint.as_str()), ("held", "j…@example.net"));
        let preview = app.app.mail.preview(&held.id).await.unwrap().unwrap();
        assert_eq!(preview.subject, "How was your call with Northwind?");
        assert!(
            preview.text.contains("lost parcel") && preview.text.contains("[the link is made when the mail leaves]")
        );
        assert!(!preview.text.contains("/s/") && !preview.text.contains("jerry"), "{}", preview.text);
        assert_eq!(app.app.mail.release_held().await.unwrap(), 0, "there is still no way out");

        // The same deployment, started again with a folder for its mail.
        let mut config = (*app.app.config).clone();
        config.mail.url = MailUrl::File(app.folder().join("mail"));
        let clock: SharedClock = Arc::new(app.clock.clone());
        let again = App::build(config, app.app.db.clone(), app.app.vault.clone(), clock, false);
        assert_eq!(again.mail.release_held().await.unwrap(), 1);
        assert_eq!(state_of(&app, &id).await.0, "scheduled");
        let (db, clock) = (again.db.clone(), Arc::clone(&again.clock));
        let stop = CancellationToken::new();
        let runner = Arc::new(Runner::new(db, clock, again.jobs(), RunnerOptions::default(), stop));
        runner.drain().await.unwrap();
        assert_eq!(state_of(&app, &id).await.0, "sent");
        let token = token_in(&mail_to(&app, "jerry@example.net"));
        assert_eq!(page(&app, &format!("/s/{token}")).await.0, 200);
        let sent = only(&app).await;
        assert_eq!((sent.state.as_str(), sent.hint.as_str()), ("sent", ""));
    }
}

#[tokio::test]
async fn a_held_mail_whose_time_is_over_is_cancelled() {
    let app = TestApp::start_with(|c| c.mail.url = MailUrl::Hold).await;
    let id = app.call("1", "jerry@example.net").await;
    app.pass(SETTLED).await;
    app.pass(std::time::Duration::from_secs(15 * 86_400)).await;
    assert_eq!(state_of(&app, &id).await.0, "closed");
    let mut config = (*app.app.config).clone();
    config.mail.url = MailUrl::File(app.folder().join("mail"));
    let clock: SharedClock = Arc::new(app.clock.clone());
    let again = App::build(config, app.app.db.clone(), app.app.vault.clone(), Arc::clone(&clock), false);
    again.mail.release_held().await.unwrap();
    let stop = CancellationToken::new();
    Arc::new(Runner::new(again.db.clone(), clock, again.jobs(), RunnerOptions::default(), stop)).drain().await.unwrap();
    assert_eq!(mails(&app).len(), 0);
    assert_eq!(count(&app, State::Cancelled).await, 1);
    assert_eq!(state_of(&app, &id).await.0, "closed");
}

#[tokio::test]
async fn a_crash_between_sending_and_saying_so_sends_the_same_mail_again() {
    let app = TestApp::start().await;
    app.call("1", "jerry@example.net").await;
    app.pass(SETTLED).await;
    let first = mail_to(&app, "jerry@example.net");
    // As if the process had been killed when the file was written: the outbox row still waits.
    let undo = [
        format!("UPDATE outbox SET state = 'queued', batch = 'dead node', due_at = {}", app.app.clock.now().0 + 30_000),
        "UPDATE invitations SET state = 'scheduled'".to_owned(),
    ];
    let mut tx = app.app.db.begin().await.unwrap();
    for sql in undo {
        execute_raw(tx.conn(), Sql::both(sql.leak())).await.unwrap();
    }
    tx.commit().await.unwrap();
    app.work().await;
    assert_eq!(mail_to(&app, "jerry@example.net"), first, "the dead node's lease still holds");
    app.pass(std::time::Duration::from_secs(31)).await;
    // Still one file: its name and its Message-ID are the mail's own.
    let second = mail_to(&app, "jerry@example.net");
    let line = |mail: &str| mail.lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned();
    assert_eq!(line(&first), line(&second));
    assert_eq!(page(&app, &format!("/s/{}", token_in(&second))).await.0, 200);
    assert_eq!(page(&app, &format!("/s/{}", token_in(&first))).await.0, 404, "its token was replaced");
    let left: Vec<_> = std::fs::read_dir(app.folder().join("mail")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_tried_again() {
    let app = TestApp::start().await;
    let folder = app.folder().join("mail");
    std::fs::write(&folder, "a file in the way").unwrap();
    let id = app.call("1", "jerry@example.net").await;
    app.pass(SETTLED).await;
    assert_eq!(state_of(&app, &id).await.0, "scheduled");
    let stopped = app.app.mail.stopped().await.unwrap().unwrap();
    assert!(stopped.reason.contains("can't be written"), "{stopped:?}");
    std::fs::remove_file(&folder).unwrap();
    assert!(app.app.mail.go_on().await.unwrap());
    app.work().await;
    assert_eq!(state_of(&app, &id).await.0, "sent");
    assert_eq!(app.app.mail.stopped().await.unwrap(), None);
}
