//! Serving, working, migrating, printing the specification.

use super::{Failure, say};
use crate::app::{self, App};
use crate::clock::SystemClock;
use crate::config::{Config, DatabaseUrl, RecordingsUrl};
use crate::database::Db;
use crate::jobs::{Runner, RunnerOptions};
use crate::vault::Vault;
use poem::listener::{Listener, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Opens everything that a running service needs.
pub(super) async fn open(config: Config, migrate: bool) -> Result<App, Failure> {
    let db = app::open_database(&config, migrate).await?;
    let vault = app::open_vault(&config, &db).await?;
    let clock = db.clock().await?;
    Ok(App::build(config, db, vault, clock, false))
}

/// `afterword serve`
pub(super) async fn serve(config: Config, work: bool) -> Result<(), Failure> {
    let app = open(config, false).await?;
    if let Some(token) = app.staff.first_admin_link().await? {
        say(format!(
            "Nobody can sign in yet. Open this link to make the administrator's account; it works once:\n  {}/welcome/{token}\n",
            app.site.public_url
        ));
    }
    run(app, work).await
}

/// Listens, serves and works until it is told to stop; then lets what is running finish.
pub(super) async fn run(app: App, work: bool) -> Result<(), Failure> {
    app.interactions.sweep_incoming();
    let RecordingsUrl::File(recordings) = &app.config.recordings.url;
    std::fs::create_dir_all(recordings)?;
    // Before the first answer is taken: what was given so far keeps the batch size that it was promised.
    app.releases.note_k().await?;
    let listen = app.config.http.listen;
    let acceptor = TcpListener::bind(listen).into_acceptor().await.map_err(|e| {
        Failure::usage(format!(
            "can't listen on {listen}: {e}. Is another one running? Set http.listen to another address."
        ))
    })?;
    say(format!(
        "Afterword {} is listening on http://{listen} and serves {}",
        env!("CARGO_PKG_VERSION"),
        app.site.public_url
    ));
    let stop = CancellationToken::new();
    let runner = work.then(|| tokio::spawn(runner(&app, RunnerOptions::default(), &stop).run()));
    let until = stop.clone();
    let told = async move {
        asked_to_stop().await;
        until.cancel();
    };
    poem::Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(app.routes(), told, Some(Duration::from_secs(20)))
        .await?;
    stop.cancel();
    if let Some(runner) = runner {
        let _ = tokio::time::timeout(Duration::from_secs(20), runner).await;
    }
    app.db.close().await;
    Ok(())
}

fn runner(app: &App, options: RunnerOptions, stop: &CancellationToken) -> Arc<Runner> {
    Arc::new(Runner::new(app.db.clone(), Arc::clone(&app.clock), app.jobs(), options, stop.clone()))
}

/// Ctrl-C, or the signal that service managers send.
async fn asked_to_stop() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(error) => {
            tracing::warn!(%error, "SIGTERM can't be heard; Ctrl-C can");
            let _ = tokio::signal::ctrl_c().await;
            return;
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping: what is running may finish");
}

/// `afterword worker`
pub(super) async fn work(config: Config, only: Vec<String>) -> Result<(), Failure> {
    let app = open(config, false).await?;
    app.releases.note_k().await?;
    let stop = CancellationToken::new();
    let options = RunnerOptions { only, ..RunnerOptions::default() };
    let runner = tokio::spawn(runner(&app, options, &stop).run());
    say("Working. Ctrl-C stops.");
    asked_to_stop().await;
    stop.cancel();
    let _ = tokio::time::timeout(Duration::from_secs(20), runner).await;
    app.db.close().await;
    Ok(())
}

/// `afterword migrate`
pub(super) async fn migrate(config: Config) -> Result<(), Failure> {
    let db = app::open_database(&config, true).await?;
    app::open_vault(&config, &db).await?;
    db.close().await;
    say("The database is up to date.");
    Ok(())
}

/// `afterword openapi`: from an empty database that is thrown away.
pub(super) async fn openapi() -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("afterword-openapi-{}", uuid::Uuid::new_v4()));
    let mut config = Config::default();
    config.database.url = DatabaseUrl::Sqlite(folder.join("empty.db"));
    let db = Db::open(&config.database).await?;
    let app = App::build(config, db, Vault::ephemeral(), Arc::new(SystemClock), false);
    say(app.openapi().trim_end());
    app.db.close().await;
    Ok(std::fs::remove_dir_all(folder)?)
}
