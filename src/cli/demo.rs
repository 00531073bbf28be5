//! `afterword demo`: a made-up company in a throw-away folder.

use super::listener::Listeners;
use super::{Failure, say, serve};
use crate::app::{self, App};
use crate::clock::SystemClock;
use crate::config::{Config, DatabaseUrl, Log, MailUrl, RecordingsUrl, Span, Transcription};
use crate::demo::{self, PASSWORD, STEPS};
use crate::staff::DEMO_ACCOUNTS;
use crate::transcription::{ModelFolders, TEST_MODEL};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Speech model that the demo's calls were recorded for.
const MODEL: &str = "tiny.en";

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(super) struct DemoCommand {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Folder of its data; it is deleted and filled again without a question
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    folder: PathBuf,
    /// Delete and fill it again
    #[arg(long)]
    fresh: bool,
}

/// Returns the configuration of the demo: everything in one folder, mail captured.
fn demo_config(mut config: Config, command: &DemoCommand) -> Config {
    let folder = &command.folder;
    config.database.url = DatabaseUrl::Sqlite(folder.join("afterword.db"));
    config.recordings.url = RecordingsUrl::File(folder.join("recordings"));
    config.anonymity.key_file = folder.join("afterword.key");
    config.mail.journal = folder.join("mail-journal");
    config.mail.url = MailUrl::File(folder.join("mail"));
    config.mail.from = "Northwind <survey@northwind.example>".into();
    config.survey.company = "Northwind".into();
    // There is no load balancer in front of a demo.
    config.http.drain = Span::seconds(0);
    if let Some(listen) = command.listen {
        config.http.listen = listen;
    }
    config
}

/// Returns the model for the demo's calls: the configured one, else the one for English where it is installed, else the
/// test model.
fn model_for(config: &Transcription) -> String {
    if !config.model.is_empty() {
        return config.model.clone();
    }
    let installed = ModelFolders::new(&config.models_dir).find(MODEL).is_ok();
    if installed { MODEL } else { TEST_MODEL }.to_owned()
}

/// Returns the configuration with a quieter log: only problems are logged, unless the configuration sets a filter.
pub(super) fn quiet(config: &Config) -> Config {
    let mut config = config.clone();
    if config.log.filter == Log::default().filter {
        config.log.filter = "warn".into();
    }
    config
}

/// Deletes a folder only where it is empty, or was made by an earlier demo.
fn clear(folder: &Path) -> Result<(), Failure> {
    if !folder.exists() {
        return Ok(());
    }
    let ours = folder.join("afterword.db").exists() || folder.read_dir()?.next().is_none();
    if !ours {
        return Err(Failure::usage(format!(
            "{} holds something that is no demo: choose another --folder",
            folder.display()
        )));
    }
    Ok(std::fs::remove_dir_all(folder)?)
}

/// Fills the company where needed, and serves it.
pub(super) async fn demo(config: Config, command: DemoCommand) -> Result<(), Failure> {
    let mut config = demo_config(config, &command);
    config.transcription.model = model_for(&config.transcription);
    // Before anything is deleted: the folder may be that of a running demo.
    let listeners = Listeners::bind(&config).await?;
    if command.fresh || !usable(&config, &command.folder).await {
        clear(&command.folder)?;
        fill(&config).await?;
    }
    if config.transcription.model == TEST_MODEL {
        say(format!(
            "The calls are transcribed by the test model; with `afterword models fetch {MODEL}` a real one hears them.\n"
        ));
    }
    let db = app::open_database(&config, true).await?;
    let vault = app::open_vault(&config, &db).await?;
    let app = App::build(config, db, vault, Arc::new(SystemClock), true);
    introduce(&app);
    serve::run(app, listeners, true).await
}

/// Whether there is a complete demo of this version.
async fn usable(config: &Config, folder: &Path) -> bool {
    if !folder.join("afterword.db").exists() {
        return false;
    }
    let Ok(db) = app::open_database(config, true).await else { return false };
    let fresh = app::open_vault(config, &db).await.is_ok()
        && demo::is_fresh(&db, &config.transcription.model).await.unwrap_or(false);
    db.close().await;
    fresh
}

async fn fill(config: &Config) -> Result<(), Failure> {
    let style = ProgressStyle::with_template("Filling the demo company  {wide_bar} {percent}%");
    let bar = ProgressBar::new(1000).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let db = app::open_database(config, true).await?;
    let vault = app::open_vault(config, &db).await?;
    demo::fill(config, &db, &vault, |part| bar.set_position((part * 1000.0) as u64)).await?;
    bar.finish_and_clear();
    db.close().await;
    Ok(())
}

fn introduce(app: &App) {
    let url = &app.site.public_url;
    say(format!("The demo: {url}\n\nWho can sign in (the password of all is {PASSWORD}):"));
    for (email, name, role) in DEMO_ACCOUNTS {
        say(format!("  {role:<14} {name:<13} {email}"));
    }
    say("\nFive steps to try:");
    for (number, (what, path)) in STEPS.iter().enumerate() {
        say(format!("  {}. {what}\n     {url}{path}", number + 1));
    }
    say("\nTwo calls are being transcribed while you read this. Everything here is made up. Ctrl-C stops it.\n");
}
