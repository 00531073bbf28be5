//! The durable queue: leases, retries, giving up, on both databases.

use crate::app::TestApp;
use afterword::clock::SharedClock;
use afterword::effects::Effects;
use afterword::jobs::{self, Kind, NewJob, Outcome, Runner, RunnerOptions, pause_after};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn runner(app: &TestApp, kinds: Vec<Kind>) -> Arc<Runner> {
    let clock: SharedClock = Arc::clone(&app.app.clock);
    Arc::new(Runner::new(app.app.db.clone(), clock, kinds, RunnerOptions::default(), CancellationToken::new()))
}

async fn queue(app: &TestApp, jobs: Vec<NewJob>) {
    let now = app.app.clock.now();
    let mut tx = app.app.db.begin().await.unwrap();
    Effects::new().jobs(jobs).save(tx.conn(), now).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn one_job_for_a_key_runs_once_and_not_early() {
    for app in TestApp::on_both(|_| {}).await {
        let ran = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&ran);
        let kind = Kind::new("test.run", move |job| {
            let seen = Arc::clone(&seen);
            async move {
                seen.lock().unwrap().push(job.key);
                Outcome::Done
            }
        });
        let now = app.app.clock.now();
        let later = now.plus(Duration::from_secs(60));
        queue(&app, vec![NewJob::new("test.run", "a", now), NewJob::new("test.run", "late", later)]).await;
        queue(&app, vec![NewJob::new("test.run", "a", now)]).await;
        let runner = runner(&app, vec![kind]);
        runner.drain().await.unwrap();
        assert_eq!(*ran.lock().unwrap(), ["a"]);
        app.clock.advance(Duration::from_secs(60));
        runner.drain().await.unwrap();
        assert_eq!(*ran.lock().unwrap(), ["a", "late"]);
    }
}

#[tokio::test]
async fn failures_are_tried_again_after_growing_pauses_then_given_up_with_the_reason() {
    for app in TestApp::on_both(|_| {}).await {
        let tries = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&tries);
        let kind = Kind::new("test.fail", move |job| {
            counted.store(job.attempt as usize, Ordering::SeqCst);
            async { Outcome::Retry("no luck".into()) }
        });
        let runner = runner(&app, vec![kind.most_tries(3)]);
        queue(&app, vec![NewJob::new("test.fail", "a", app.app.clock.now())]).await;
        for attempt in 1..=3 {
            runner.drain().await.unwrap();
            assert_eq!(tries.load(Ordering::SeqCst), attempt);
            app.clock.advance(pause_after(attempt as u32) - Duration::from_millis(1));
            runner.drain().await.unwrap();
            assert_eq!(tries.load(Ordering::SeqCst), attempt, "tried before the pause was over");
            app.clock.advance(Duration::from_millis(1));
        }
        assert_eq!(runner.drain().await.unwrap(), 0);
        let failed = jobs::failed(&app.app.db).await.unwrap();
        assert_eq!((failed.len(), failed[0].last_error.as_deref()), (1, Some("no luck")));
        assert!(jobs::retry_failed(&app.app.db, &failed[0].id, app.app.clock.now()).await.unwrap());
        runner.drain().await.unwrap();
        assert_eq!(tries.load(Ordering::SeqCst), 1, "a retried job begins to count anew");
    }
}

#[tokio::test]
async fn what_is_queued_again_while_it_runs_runs_once_more() {
    for app in TestApp::on_both(|_| {}).await {
        let (started, wait) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        let (tell, hold, runs) = (Arc::clone(&started), Arc::clone(&wait), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&runs);
        let kind = Kind::new("test.again", move |_| {
            let (tell, hold, counted) = (Arc::clone(&tell), Arc::clone(&hold), Arc::clone(&counted));
            async move {
                if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                    tell.notify_one();
                    hold.notified().await;
                }
                Outcome::Done
            }
        });
        let now = app.app.clock.now();
        queue(&app, vec![NewJob::new("test.again", "a", now)]).await;
        let runner = runner(&app, vec![kind]);
        let node = tokio::spawn(async move { runner.drain().await.unwrap() });
        started.notified().await;
        queue(&app, vec![NewJob::new("test.again", "a", now)]).await;
        wait.notify_one();
        assert_eq!((node.await.unwrap(), runs.load(Ordering::SeqCst)), (2, 2));
    }
}

#[tokio::test]
async fn what_panics_costs_one_try() {
    let app = TestApp::start().await;
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let kind = Kind::new("test.panic", move |_| {
        let counted = Arc::clone(&counted);
        async move {
            assert_ne!(counted.fetch_add(1, Ordering::SeqCst), 0, "the first try panics, as this test wants it");
            Outcome::Done
        }
    });
    queue(&app, vec![NewJob::new("test.panic", "a", app.app.clock.now())]).await;
    let runner = runner(&app, vec![kind]);
    runner.drain().await.unwrap();
    app.clock.advance(pause_after(1));
    runner.drain().await.unwrap();
    assert_eq!(tries.load(Ordering::SeqCst), 2);
    assert!(jobs::failed(&app.app.db).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_node_that_died_loses_its_lease() {
    for app in TestApp::on_both(|_| {}).await {
        let (started, wait) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        let (tell, hold) = (Arc::clone(&started), Arc::clone(&wait));
        // The first node takes the job and never comes back: its task is dropped with its runtime's handle.
        let stuck = Kind::new("test.lease", move |_| {
            let (tell, hold) = (Arc::clone(&tell), Arc::clone(&hold));
            async move {
                tell.notify_one();
                hold.notified().await;
                Outcome::Done
            }
        });
        queue(&app, vec![NewJob::new("test.lease", "a", app.app.clock.now())]).await;
        let dead = runner(&app, vec![stuck]);
        let node = tokio::spawn(async move { dead.drain().await });
        started.notified().await;
        node.abort();
        let ran = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&ran);
        let heir = runner(
            &app,
            vec![Kind::new("test.lease", move |job| {
                counted.store(job.attempt as usize, Ordering::SeqCst);
                async { Outcome::Done }
            })],
        );
        heir.drain().await.unwrap();
        assert_eq!(ran.load(Ordering::SeqCst), 0, "the job was taken while its lease held");
        app.clock.advance(Duration::from_secs(31));
        heir.drain().await.unwrap();
        assert_eq!(ran.load(Ordering::SeqCst), 2);
        wait.notify_one();
    }
}
