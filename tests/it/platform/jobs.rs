//! The durable queue: leases, retries, giving up, on both databases.

use crate::app::TestApp;
use afterword::clock::{SharedClock, Timestamp};
use afterword::database::Sql;
use afterword::effects::Effects;
use afterword::fetch_optional;
use afterword::jobs::{self, Kind, NewJob, Outcome, Runner, RunnerOptions, pause_after};
use futures_util::FutureExt;
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
        let runner = runner(&app, vec![kind.max_attempts(3)]);
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

/// The request is not yet committed when the job ends: the end waits for it, and does not delete it.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_queued_again_while_it_ends_runs_once_more() {
    const WAITING: Sql = Sql::both(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    let outcomes = |at: Timestamp| [Outcome::Done, Outcome::At(at), Outcome::GiveUp("no luck".into())];
    let Some(app) = TestApp::start_on_postgres(|_| {}).await else { return };
    let now = app.app.clock.now();
    for (number, outcome) in outcomes(now.plus(Duration::from_secs(3600))).into_iter().enumerate() {
        let (started, wait) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        let (tell, hold, first) = (Arc::clone(&started), Arc::clone(&wait), Arc::new(Mutex::new(Some(outcome))));
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let kind = Kind::new("test.again", move |_| {
            let (tell, hold, outcome) = (Arc::clone(&tell), Arc::clone(&hold), first.lock().unwrap().take());
            counted.fetch_add(1, Ordering::SeqCst);
            async move {
                let Some(outcome) = outcome else { return Outcome::Done };
                tell.notify_one();
                hold.notified().await;
                outcome
            }
        });
        let job = || NewJob::new("test.again", number.to_string(), now);
        queue(&app, vec![job()]).await;
        let runner = runner(&app, vec![kind]);
        let node = tokio::spawn(async move { runner.drain().await.unwrap() });
        started.notified().await;
        let mut tx = app.app.db.begin().await.unwrap();
        Effects::new().job(job()).save(tx.conn(), now).await.unwrap();
        wait.notify_one();
        let is_waiting = async || {
            let mut reader = app.app.db.read().await.unwrap();
            fetch_optional!(reader.conn(), WAITING => (i64,)).unwrap().is_some_and(|(waiting,)| waiting > 0)
        };
        while !is_waiting().await {
            tokio::task::yield_now().await;
        }
        tx.commit().await.unwrap();
        node.await.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 2, "outcome {number}");
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
        // The first node claims the job and never finishes: its task is dropped with its runtime's handle.
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

/// Returns a kind that records the order in which its jobs ran.
fn noted(name: &'static str) -> (Kind, Arc<Mutex<Vec<String>>>) {
    let ran = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ran);
    let kind = Kind::new(name, move |job| {
        let seen = Arc::clone(&seen);
        async move {
            seen.lock().unwrap().push(job.key);
            Outcome::Done
        }
    });
    (kind, ran)
}

#[tokio::test]
async fn those_who_share_a_kind_take_turns_and_what_is_urgent_goes_before_all() {
    for app in TestApp::on_both(|_| {}).await {
        let now = app.app.clock.now();
        let job = |key: &str, second: u64, share: Option<&str>| {
            NewJob::new("test.turns", key, now.plus(Duration::from_secs(second))).fairness_key(share.map(str::to_owned))
        };
        // A thousand of one team would be no different from five.
        let mut all: Vec<_> = (1..=5).map(|n| job(&format!("orders {n}"), n, Some("orders"))).collect();
        all.extend([
            job("returns 1", 6, Some("returns")),
            job("returns 2", 7, Some("returns")),
            job("nobody's", 8, None),
        ]);
        all.push(job("looked at", 9, Some("orders")).urgent());
        queue(&app, all).await;
        app.clock.advance(Duration::from_secs(60));
        let (kind, ran) = noted("test.turns");
        runner(&app, vec![kind.max_concurrent(1).fair()]).drain().await.unwrap();
        let wanted = [
            "looked at",
            "returns 1",
            "nobody's",
            "orders 1",
            "returns 2",
            "orders 2",
            "orders 3",
            "orders 4",
            "orders 5",
        ];
        assert_eq!(*ran.lock().unwrap(), wanted);
        // Turns are remembered: returns was served longest ago of the two that have jobs now.
        let later = [job("orders 6", 0, Some("orders")), job("returns 3", 1, Some("returns"))];
        queue(&app, later.to_vec()).await;
        let (kind, ran) = noted("test.turns");
        runner(&app, vec![kind.max_concurrent(1).fair()]).drain().await.unwrap();
        assert_eq!(*ran.lock().unwrap(), ["returns 3", "orders 6"]);
    }
}

#[tokio::test]
async fn a_place_is_kept_for_what_is_urgent_while_a_long_job_runs() {
    for app in TestApp::on_both(|_| {}).await {
        let (started, go_on) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        let ran = Arc::new(Mutex::new(Vec::new()));
        let (tell, hold, seen) = (Arc::clone(&started), Arc::clone(&go_on), Arc::clone(&ran));
        let kind = Kind::new("test.place", move |job| {
            let (tell, hold, seen) = (Arc::clone(&tell), Arc::clone(&hold), Arc::clone(&seen));
            async move {
                if job.key == "long" {
                    tell.notify_one();
                    hold.notified().await;
                }
                let ended = job.key.clone();
                seen.lock().unwrap().push(job.key);
                if ended == "second" {
                    hold.notify_one();
                }
                Outcome::Done
            }
        });
        let now = app.app.clock.now();
        let stop = CancellationToken::new();
        let options = RunnerOptions { poll: Duration::from_millis(5), ..RunnerOptions::default() };
        let clock: SharedClock = Arc::clone(&app.app.clock);
        let kinds = vec![kind.max_concurrent(1).urgent(1)];
        let runner = Arc::new(Runner::new(app.app.db.clone(), clock, kinds, options, stop.clone()));
        queue(&app, vec![NewJob::new("test.place", "long", now)]).await;
        let running = tokio::spawn(Arc::clone(&runner).run());
        started.notified().await;
        queue(&app, vec![NewJob::new("test.place", "usual", now), NewJob::new("test.place", "second", now)]).await;
        // It waits like the other until a user waits for it; then it runs, and ends the long one.
        assert!(jobs::hurry(&app.app.db, "test.place", "second").await.unwrap());
        assert!(!jobs::hurry(&app.app.db, "test.place", "second").await.unwrap(), "it is urgent already");
        assert!(!jobs::hurry(&app.app.db, "test.place", "nobody").await.unwrap());
        while ran.lock().unwrap().len() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(*ran.lock().unwrap(), ["second", "long", "usual"]);
        stop.cancel();
        running.await.unwrap();
    }
}

/// Leaves a job like a program that ends in the middle of it: running, with a lease that is not renewed.
async fn end_the_program_in(app: &TestApp, kind: &'static str) {
    let started = Arc::new(tokio::sync::Notify::new());
    let tell = Arc::clone(&started);
    let stuck = Kind::new(kind, move |_| {
        let tell = Arc::clone(&tell);
        async move {
            tell.notify_one();
            std::future::pending().await
        }
    });
    let (db, clock) = (app.app.db.clone(), Arc::clone(&app.app.clock));
    let dead = Arc::new(Runner::new(db, clock, vec![stuck], RunnerOptions::default(), CancellationToken::new()));
    let node = tokio::spawn(async move { dead.drain().await });
    started.notified().await;
    node.abort();
    app.clock.advance(Duration::from_secs(31));
}

#[tokio::test]
async fn a_job_that_ends_the_program_each_time_is_given_up_before_it_begins_once_more() {
    for app in TestApp::on_both(|_| {}).await {
        queue(&app, vec![NewJob::new("test.crash", "a", app.app.clock.now())]).await;
        let (begun, told) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counted, heard) = (Arc::clone(&begun), Arc::clone(&told));
        let kind = Kind::new("test.crash", move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            async { Outcome::Done }
        });
        let kind = kind.max_attempts(3).about("recording").on_give_up(move |_, job| {
            heard.lock().unwrap().push((job.key, job.why));
            async { Ok(()) }.boxed()
        });
        let heir = runner(&app, vec![kind]);
        for _ in 0..3 {
            end_the_program_in(&app, "test.crash").await;
        }
        heir.drain().await.unwrap();
        assert_eq!(begun.load(Ordering::SeqCst), 0, "it was begun a fourth time");
        let why = "the program ended 3 times while it worked on this recording";
        assert_eq!(*told.lock().unwrap(), [("a".to_owned(), why.to_owned())]);
        let failed = jobs::failed(&app.app.db).await.unwrap();
        assert_eq!((failed.len(), failed[0].attempts, failed[0].last_error.as_deref()), (1, 3, Some(why)));
        let admin = app.sign_in(afterword::access::Role::Admin, &[], None).await;
        assert!(admin.page("/admin/work").await.contains(why), "the administrator does not read why");
        // A manual retry: it has all its attempts.
        assert!(jobs::retry_failed(&app.app.db, &failed[0].id, app.app.clock.now()).await.unwrap());
        end_the_program_in(&app, "test.crash").await;
        heir.drain().await.unwrap();
        assert_eq!(begun.load(Ordering::SeqCst), 1);
        assert!(jobs::failed(&app.app.db).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn failures_and_ends_of_the_program_count_together() {
    for app in TestApp::on_both(|_| {}).await {
        queue(&app, vec![NewJob::new("test.both", "a", app.app.clock.now())]).await;
        let kind = || Kind::new("test.both", |_| async { Outcome::Retry("no luck".into()) }).max_attempts(2);
        let heir = runner(&app, vec![kind()]);
        heir.drain().await.unwrap();
        app.clock.advance(pause_after(1));
        end_the_program_in(&app, "test.both").await;
        heir.drain().await.unwrap();
        let failed = jobs::failed(&app.app.db).await.unwrap();
        let why = "the program ended once while it worked on this job; before that: no luck";
        assert_eq!(failed[0].last_error.as_deref(), Some(why));
    }
}

#[tokio::test]
async fn what_comes_back_by_itself_is_never_given_up_but_waits_longer() {
    for app in TestApp::on_both(|_| {}).await {
        let ran = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&ran);
        let kind = Kind::new("test.again", move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            async { Outcome::Done }
        });
        let hour = Duration::from_secs(3600);
        let heir = runner(&app, vec![kind.every(hour).max_attempts(2)]);
        heir.schedule().await.unwrap();
        for crashes in 1..=4 {
            end_the_program_in(&app, "test.again").await;
            // A node that starts queues recurring jobs: that must not end the pause.
            heir.schedule().await.unwrap();
            heir.drain().await.unwrap();
            app.clock.advance(pause_after(crashes) - Duration::from_millis(1));
            heir.drain().await.unwrap();
            assert_eq!(ran.load(Ordering::SeqCst), 0, "it began before its pause was over, after {crashes} crashes");
            app.clock.advance(Duration::from_millis(1));
        }
        heir.drain().await.unwrap();
        assert_eq!(ran.load(Ordering::SeqCst), 1);
        // It succeeded: the next crash counts as the first.
        app.clock.advance(hour);
        end_the_program_in(&app, "test.again").await;
        heir.drain().await.unwrap();
        app.clock.advance(pause_after(1));
        heir.drain().await.unwrap();
        assert_eq!(ran.load(Ordering::SeqCst), 2);
        assert!(jobs::failed(&app.app.db).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_panic_in_the_last_try_is_told_to_the_feature_too() {
    let app = TestApp::start().await;
    queue(&app, vec![NewJob::new("test.last", "a", app.app.clock.now())]).await;
    let told = Arc::new(AtomicUsize::new(0));
    let heard = Arc::clone(&told);
    let kind = Kind::new("test.last", |_| async { panic!("as this test wants it") }).max_attempts(1);
    let kind = kind.on_give_up(move |_, job| {
        assert!(job.why.contains("as this test wants it"), "{}", job.why);
        heard.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }.boxed()
    });
    runner(&app, vec![kind]).drain().await.unwrap();
    assert_eq!(told.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn small_jobs_have_a_place_that_no_large_one_takes() {
    for app in TestApp::on_both(|_| {}).await {
        let (started, go_on) = (Arc::new(tokio::sync::Semaphore::new(0)), Arc::new(tokio::sync::Semaphore::new(0)));
        let ran = Arc::new(Mutex::new(Vec::new()));
        let (tell, hold, seen) = (Arc::clone(&started), Arc::clone(&go_on), Arc::clone(&ran));
        let kind = Kind::new("test.small", move |job| {
            let (tell, hold, seen) = (Arc::clone(&tell), Arc::clone(&hold), Arc::clone(&seen));
            async move {
                if job.key.starts_with("large") {
                    tell.add_permits(1);
                    hold.acquire().await.unwrap().forget();
                }
                seen.lock().unwrap().push(job.key);
                Outcome::Done
            }
        });
        let now = app.app.clock.now();
        let job = |key: String, size| NewJob::new("test.small", key, now).size(size);
        let large = [job("large 1".into(), Some(3_600_000)), job("large 2".into(), None)];
        let small = (1..=6).map(|n| job(format!("small {n}"), Some(60_000)));
        let kinds = vec![kind.max_concurrent(1).small(1, 300_000).fair()];
        let stop = CancellationToken::new();
        let options = RunnerOptions { poll: Duration::from_millis(5), ..RunnerOptions::default() };
        let node = Arc::new(Runner::new(app.app.db.clone(), Arc::clone(&app.app.clock), kinds, options, stop.clone()));
        queue(&app, large.to_vec()).await;
        let running = tokio::spawn(node.run());
        started.acquire().await.unwrap().forget();
        queue(&app, small.collect()).await;
        while ran.lock().unwrap().len() < 6 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(ran.lock().unwrap().iter().all(|key| key.starts_with("small")));
        assert_eq!(started.available_permits(), 0, "the other large one took the place of small ones");
        go_on.add_permits(2);
        while ran.lock().unwrap().len() < 8 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
        running.await.unwrap();
    }
}
