//! A clock that jumps.

use super::{count, only};
use crate::app::{BEGIN, TestApp};
use crate::support::smtp::{Mode, SmtpServer, Stage};
use crate::surveys::{SETTLED, mails, state_of};
use afterword::database::{Sql, execute_raw};
use afterword::mail::State;
use std::time::Duration;

const YEAR: Duration = Duration::from_secs(365 * 86_400);

#[tokio::test]
async fn what_was_put_off_while_the_clock_was_ahead_is_not_lost_when_it_goes_back() {
    let Some(mut server) = SmtpServer::start() else { return };
    let url: afterword::config::MailUrl = server.url().parse().unwrap();
    for app in TestApp::on_both(|c| c.mail.url = url.clone()).await {
        server.set_mode(Mode::Refuse { stage: Stage::Rcpt, code: 450, text: "4.2.0 greylisted" });
        let id = app.call("1", "jerry@example.net").await;
        app.pass(SETTLED).await;
        assert_eq!(only(&app).await.attempts, 1);
        // Ahead for a day, in which it was tried and postponed again.
        app.pass(Duration::from_secs(86_400)).await;
        assert_eq!(only(&app).await.attempts, 2);
        app.clock.set(BEGIN.plus(SETTLED));
        server.set_mode(Mode::Accept);
        app.work().await;
        assert_eq!(state_of(&app, &id).await.0, "sent");
    }
}

#[tokio::test]
async fn a_batch_in_a_dead_hand_of_the_future_is_taken_up() {
    let app = TestApp::start().await;
    app.call("1", "jerry@example.net").await;
    app.clock.advance(SETTLED);
    app.work().await;
    let undo = format!(
        "UPDATE outbox SET state = 'queued', batch = 'dead node', due_at = {}",
        app.app.clock.now().plus(YEAR).0
    );
    let mut tx = app.app.db.begin().await.unwrap();
    execute_raw(tx.conn(), Sql::both(undo.leak())).await.unwrap();
    tx.commit().await.unwrap();
    app.work().await;
    assert_eq!(count(&app, State::Queued).await, 1, "its time may still come");
    // After a jump forth and back, a lease so far in the future is recognised as impossible.
    app.pass(Duration::from_secs(3600)).await;
    app.clock.set(BEGIN.plus(SETTLED));
    app.work().await;
    assert_eq!(count(&app, State::Sent).await, 1);
    assert_eq!(mails(&app).len(), 1);
}

#[tokio::test]
async fn lines_of_the_outbox_go_when_their_time_is_over() {
    for app in TestApp::on_both(|c| c.retention.outbox = "10d".parse().unwrap()).await {
        app.call("1", "jerry@example.net").await;
        app.pass(SETTLED).await;
        assert_eq!(count(&app, State::Sent).await, 1);
        app.pass(Duration::from_secs(9 * 86_400)).await;
        assert_eq!(count(&app, State::Sent).await, 1);
        app.pass(Duration::from_secs(2 * 86_400)).await;
        assert_eq!(count(&app, State::Sent).await, 0);
    }
}
