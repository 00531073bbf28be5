//! Commands to serve, to work, to migrate, and to print the specification.

use super::listener::{self, Listeners};
use super::{Failure, say, stopping};
use crate::app::{self, App};
use crate::clock::SystemClock;
use crate::config::{Config, DatabaseUrl};
use crate::database::Db;
use crate::jobs::{Kind, Runner, RunnerOptions};
use crate::vault::Vault;
use crate::web::server::{self, Limits, Stop};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::net::TcpListener;
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
    // Before anything is opened or changed: a second instance started by mistake ends here.
    let listeners = Listeners::bind(&config).await?;
    let app = open(config, false).await?;
    if let Some(token) = app.staff.first_admin_link().await? {
        say(format!(
            "Nobody can sign in yet. Open this link to make the administrator's account; it works once:\n  {}/welcome/{token}\n",
            app.site.public_url
        ));
    }
    run(app, listeners, work).await
}

/// Serves and works until it is stopped; then waits for running work.
pub(super) async fn run(app: App, listeners: Listeners, work: bool) -> Result<(), Failure> {
    app.prepare_files().await;
    // Before the first response is accepted: earlier responses keep the batch size that was promised for them.
    app.releases.note_min_batch_size().await?;
    let limits = Limits::new(&app.config.http, stopping::raise_file_limit());
    let stop = stopping::on_signal(&app);
    let listen = app.config.http.listen;
    say(format!(
        "Afterword {} is listening on http://{listen} and serves {}",
        env!("CARGO_PKG_VERSION"),
        app.site.public_url
    ));
    if let Err(missing) = app.transcription.engine().model() {
        tracing::warn!("recordings wait to be transcribed: {missing}");
    }
    let runner = work.then(|| tokio::spawn(runner(&app, RunnerOptions::default(), &stop.draining).run()));
    tokio::join!(
        server::serve(listeners.pages, app.routes(), limits.clone(), stop.clone()),
        serve_operators(&app, listeners.operators, limits, &stop),
        stopping::finish(runner, &app, &stop),
    );
    stopping::close(&app).await;
    Ok(())
}

/// Serves health checks and metrics on a separate listener, where one is configured.
async fn serve_operators(app: &App, listener: Option<TcpListener>, limits: Limits, stop: &Stop) {
    if let Some(listener) = listener {
        server::serve(listener, app.operator_routes(), limits, stop.clone()).await;
    }
}

/// Checks that each of `only` is a prefix of a kind of job.
///
/// # Errors
/// A failure that names the first one that is not, and the kinds that there are.
fn check_kinds(kinds: &[Kind], only: &[String]) -> Result<(), Failure> {
    let begins = |wanted: &String| kinds.iter().any(|kind| kind.name.starts_with(wanted.as_str()));
    let Some(unknown) = only.iter().find(|wanted| !begins(wanted)) else { return Ok(()) };
    let groups: BTreeSet<&str> = kinds.iter().filter_map(|kind| kind.name.split('.').next()).collect();
    let groups = groups.into_iter().collect::<Vec<_>>().join(", ");
    Err(Failure::usage(format!("--only {unknown}: no job is of that kind; there are {groups}")))
}

fn runner(app: &App, options: RunnerOptions, stop: &CancellationToken) -> Arc<Runner> {
    Arc::new(Runner::new(app.db.clone(), Arc::clone(&app.clock), app.jobs(), options, stop.clone()))
}

/// `afterword worker`
pub(super) async fn work(config: Config, only: Vec<String>) -> Result<(), Failure> {
    let probes = listener::bind_optional("worker.listen", config.worker.listen).await?;
    let app = open(config, false).await?;
    check_kinds(&app.jobs(), &only)?;
    app.prepare_files().await;
    app.releases.note_min_batch_size().await?;
    let limits = Limits::new(&app.config.http, stopping::raise_file_limit());
    let stop = stopping::on_signal(&app);
    let options = RunnerOptions { only, ..RunnerOptions::default() };
    let runner = tokio::spawn(runner(&app, options, &stop.draining).run());
    say("Working. Ctrl-C stops.");
    tokio::join!(serve_operators(&app, probes, limits, &stop), stopping::finish(Some(runner), &app, &stop));
    stopping::close(&app).await;
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

/// `afterword openapi`: prints the specification, with an empty temporary database.
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
