//! Stopping the process: it is first taken out of service, then it finishes running work, within limits.

use crate::app::App;
use crate::web::server::Stop;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Maximum wait for background jobs once the port is closed. A job that takes longer is claimed again by another
/// process or the next start, as after a crash.
const MAX_WAIT_FOR_WORK: Duration = Duration::from_secs(5);
/// Maximum wait for connections to the database to be returned.
const MAX_WAIT_FOR_DATABASE: Duration = Duration::from_secs(2);

/// Waits for Ctrl-C or SIGTERM in the background. Then readiness answers 503 and background jobs are cancelled; after
/// `http.drain`, or a second signal, the port is closed.
pub(super) fn on_signal(app: &App) -> Stop {
    let stop = Stop { draining: app.draining.clone(), ..Stop::default() };
    let mut terminate = terminate();
    let (told, drain, interactions) = (stop.clone(), app.config.http.drain.0, app.interactions.clone());
    tokio::spawn(async move {
        asked_to_stop(&mut terminate).await;
        tracing::info!(drain = ?drain, "stopping: readiness answers 503, and what is running may finish");
        told.draining.cancel();
        tokio::select! {
            () = sleep(drain) => {}
            () = asked_to_stop(&mut terminate) => {}
        }
        interactions.stop_renditions();
        told.closing.cancel();
    });
    stop
}

fn terminate() -> Option<Signal> {
    signal(SignalKind::terminate())
        .inspect_err(|error| tracing::warn!(%error, "SIGTERM can't be received; Ctrl-C can"))
        .ok()
}

async fn asked_to_stop(terminate: &mut Option<Signal>) {
    let terminated = async {
        match terminate {
            Some(signal) => signal.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
}

/// Waits for background jobs once the port is closed, within the limit.
pub(super) async fn finish(runner: Option<JoinHandle<()>>, app: &App, stop: &Stop) {
    stop.closing.cancelled().await;
    let Some(runner) = runner else { return };
    let limit = MAX_WAIT_FOR_WORK.min(app.config.http.stop_timeout.0);
    if timeout(limit, runner).await.is_err() {
        tracing::warn!("background work did not end in time; it is taken up again later");
    }
}

/// Closes the database.
pub(super) async fn close(app: &App) {
    if timeout(MAX_WAIT_FOR_DATABASE, app.db.close()).await.is_err() {
        tracing::warn!("connections to the database are still in use; what was committed is safe");
    }
}

/// Raises the number of files that the process may open to the system's maximum, and returns it.
pub(super) fn raise_file_limit() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    if let Err(error) = raised {
        tracing::warn!(%error, "the number of files that may be open can't be raised");
    }
    // None: no limit.
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
