//! Background jobs wait for the database and continue automatically.

use super::locked::{Lock, limits};
use crate::app::TestApp;
use afterword::effects::Effects;
use afterword::jobs::{self, Kind, NewJob, Outcome, Runner, RunnerOptions};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

fn runner(app: &TestApp, kind: Kind, stop: &CancellationToken) -> Arc<Runner> {
    let options = RunnerOptions { poll: Duration::from_millis(20), ..RunnerOptions::default() };
    Arc::new(Runner::new(app.app.db.clone(), Arc::clone(&app.app.clock), vec![kind], options, stop.clone()))
}

#[tokio::test]
async fn what_a_job_came_to_is_stored_as_soon_as_the_database_takes_it() {
    for app in TestApp::on_both(limits).await {
        let (started, go_on, runs) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
        let (tell, hold, counted) = (Arc::clone(&started), Arc::clone(&go_on), Arc::clone(&runs));
        let kind = Kind::new("test.long", move |_| {
            let (tell, hold, counted) = (Arc::clone(&tell), Arc::clone(&hold), Arc::clone(&counted));
            async move {
                counted.fetch_add(1, Ordering::SeqCst);
                tell.notify_one();
                hold.notified().await;
                Outcome::Done
            }
        });
        let now = app.app.clock.now();
        let mut tx = app.app.db.begin().await.unwrap();
        Effects::new().job(NewJob::new("test.long", "a", now)).save(tx.conn(), now).await.unwrap();
        tx.commit().await.unwrap();
        let stop = CancellationToken::new();
        let node = tokio::spawn(runner(&app, kind, &stop).run());
        started.notified().await;
        let lock = Lock::take(&app).await;
        go_on.notify_one();
        // Longer than one attempt to store it may take.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        lock.release().await;
        let gone = async {
            while jobs::backlog(&app.app.db).await.unwrap().iter().any(|lane| lane.kind == "test.long") {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), gone).await.expect("the job is done");
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        stop.cancel();
        node.await.unwrap();
    }
}

#[tokio::test]
async fn what_comes_back_by_itself_is_tried_again_soon_after_a_failure() {
    for app in TestApp::on_both(|_| {}).await {
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let kind = Kind::new("test.daily", move |_| {
            let run = counted.fetch_add(1, Ordering::SeqCst);
            async move { if run == 0 { Outcome::Retry("no database".into()) } else { Outcome::Done } }
        });
        let day = Duration::from_secs(86_400);
        let runner = runner(&app, kind.every(day), &CancellationToken::new());
        runner.schedule().await.unwrap();
        runner.drain().await.unwrap();
        for (pause, runs_by_then) in [(jobs::pause_after(1), 2), (day - Duration::from_secs(1), 2), (day, 3)] {
            app.clock.advance(pause);
            runner.drain().await.unwrap();
            assert_eq!(runs.load(Ordering::SeqCst), runs_by_then);
        }
    }
}
