//! Serving, working, migrating, printing the specification.

use super::{Failure, say};
use crate::app::{self, App};
use crate::clock::{SharedClock, SystemClock};
use crate::config::Config;
use crate::database::Db;
use crate::jobs::{Runner, RunnerOptions};
use crate::vault::Vault;
use poem::listener::{Listener, TcpAcceptor, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn system_clock() -> SharedClock {
    Arc::new(SystemClock)
}

/// Opens everything that a running service needs.
pub(super) async fn open(config: Config, migrate: bool) -> Result<App, Failure> {
    let db = app::open_database(&config, migrate).await?;
    let vault = app::open_vault(&config, &db).await?;
    Ok(App::build(config, db, vault, system_clock(), false))
}

/// `afterword serve`
pub(super) async fn serve(config: Config, work: bool) -> Result<(), Failure> {
    // Before anything is opened or changed: one that is started by mistake beside another ends here.
    let acceptor = listen(&config).await?;
    let app = open(config, false).await?;
    if let Some(token) = app.staff.first_admin_link().await? {
        say(format!(
            "Nobody can sign in yet. Open this link to make the administrator's account; it works once:\n  {}/welcome/{token}\n",
            app.site.public_url
        ));
    }
    run(app, acceptor, work).await
}

/// Takes the port.
pub(super) async fn listen(config: &Config) -> Result<TcpAcceptor, Failure> {
    let listen = config.http.listen;
    TcpListener::bind(listen).into_acceptor().await.map_err(|e| {
        Failure::usage(format!(
            "can't listen on {listen}: {e}. Is another one running? Set http.listen to another address."
        ))
    })
}

/// Serves and works until it is told to stop; then lets what is running finish.
pub(super) async fn run(app: App, acceptor: TcpAcceptor, work: bool) -> Result<(), Failure> {
    app.prepare_files().await;
    // Before the first answer is taken: what was given so far keeps the batch size that it was promised.
    app.releases.note_k().await?;
    let listen = app.config.http.listen;
    say(format!(
        "Afterword {} is listening on http://{listen} and serves {}",
        env!("CARGO_PKG_VERSION"),
        app.site.public_url
    ));
    let stop = CancellationToken::new();
    let runner = work.then(|| tokio::spawn(runner(&app, RunnerOptions::default(), &stop).run()));
    let (until, interactions) = (stop.clone(), app.interactions.clone());
    let told = async move {
        asked_to_stop().await;
        interactions.stop_renditions();
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
    app.prepare_files().await;
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
    let db = Db::open(&crate::config::DatabaseUrl::Sqlite(folder.join("empty.db"))).await?;
    let app = App::build(Config::default(), db, Vault::ephemeral(), system_clock(), false);
    say(app.openapi().trim_end());
    app.db.close().await;
    Ok(std::fs::remove_dir_all(folder)?)
}
