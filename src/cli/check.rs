//! `afterword config check`: checks that a well-formed configuration works on this machine. Changes nothing on disk.

use super::{Failure, listener, mail, say};
use crate::app::{self, StartError};
use crate::config::{Config, DatabaseUrl, MailUrl, RecordingsUrl, ReturnedUrl};
use crate::mail::Settings;
use crate::transcription::engine_config;
use crate::transcription::models::{ModelError, Trial, check as check_model, check_processor};
use rustix::fs::{Access, AtFlags, CWD, accessat};
use std::path::Path;
use tokio::net::TcpListener;

/// Prints the problems, one a line, or that there are none.
pub(super) async fn check(config: Config) -> Result<(), Failure> {
    let mut complaints = Settings::new(&config.mail, &config.retention).complaints();
    complaints.extend(addresses(&config).await);
    complaints.extend(folders(&config));
    complaints.extend(database(&config).await);
    complaints.extend(model(&config).await?);
    if !complaints.is_empty() {
        return Err(Failure::usage(format!("the configuration can't be used:\n  {}", complaints.join("\n  "))));
    }
    say("The configuration can be used.");
    mail::show_dkim_record(&config)
}

/// Returns addresses that can't be listened on.
async fn addresses(config: &Config) -> Vec<String> {
    let settings = [
        ("http.listen", Some(config.http.listen)),
        ("metrics.listen", config.metrics.listen.0),
        ("worker.listen", config.worker.listen.0),
    ];
    let mut complaints = Vec::new();
    for (key, address) in settings {
        let Some(address) = address else { continue };
        if let Err(error) = TcpListener::bind(address).await {
            complaints.push(listener::complaint(key, address, &error));
        }
    }
    complaints
}

/// Returns folders that can't be written or created.
fn folders(config: &Config) -> Vec<String> {
    let RecordingsUrl::File(recordings) = &config.recordings.url;
    let mut settings = vec![("recordings.url", recordings.as_path()), ("mail.journal", config.mail.journal.as_path())];
    if let MailUrl::File(folder) = &config.mail.url {
        settings.push(("mail.url", folder));
    }
    if let DatabaseUrl::Sqlite(file) = &config.database.url {
        settings.push(("database.url", folder_of(file)));
    }
    if is_missing(&config.anonymity.key_file) {
        settings.push(("anonymity.key_file", folder_of(&config.anonymity.key_file)));
    }
    let mut complaints: Vec<_> = settings
        .into_iter()
        .filter_map(|(key, folder)| {
            let why = unwritable(folder)?;
            Some(format!(
                "{key}: the folder {} can't be written ({why}): make it writable for this user, or set another",
                folder.display()
            ))
        })
        .collect();
    if let ReturnedUrl::File(folder) = &config.mail.returned
        && let Err(error) = folder.read_dir()
    {
        complaints.push(format!(
            "mail.returned: the folder {} can't be read ({error}): make it, or set another",
            folder.display()
        ));
    }
    complaints
}

/// Whether there is no such file. False where this is unknown; reading it gives the reason.
fn is_missing(file: &Path) -> bool {
    file.metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Returns the folder of a file.
fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(file)
}

/// Returns the reason why the folder is not writable; where it does not exist, why the nearest existing one is not.
fn unwritable(folder: &Path) -> Option<String> {
    let here = Path::new(".");
    let nearest = folder.ancestors().map(|folder| if folder.as_os_str().is_empty() { here } else { folder });
    let nearest = nearest.into_iter().find(|folder| folder.symlink_metadata().is_ok())?;
    if !nearest.is_dir() {
        return Some(format!("{} is no folder", nearest.display()));
    }
    let access = accessat(CWD, nearest, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS);
    access.err().map(|error| format!("{}: {}", nearest.display(), std::io::Error::from(error)))
}

/// Returns the problem of a database that is unreachable or another deployment's, or of a key that does not match.
async fn database(config: &Config) -> Option<String> {
    let error = app::check_database(config).await.err()?;
    let advice = match &error {
        StartError::Database(DatabaseUrl::Sqlite(_), _) => {
            ": set database.url to a database of Afterword, or to a new file"
        }
        StartError::Database(DatabaseUrl::Postgres(_), _) => ": start the server, or correct database.url",
        StartError::Vault(_) => ": make it readable for this user, or correct anonymity.key_file",
        // These errors name the database themselves.
        StartError::Behind(_) | StartError::WrongKey(_) | StartError::Migrate(_) | StartError::Store(_) => "",
    };
    Some(format!("{error}{advice}").replace('\n', " "))
}

/// Returns the problem of a model that is not installed, differs from the catalogue, can't be loaded, or does not
/// support a configured language.
async fn model(config: &Config) -> Result<Option<String>, Failure> {
    let engine = engine_config(&config.transcription);
    let checked = tokio::task::spawn_blocking(move || {
        check_processor()?;
        check_model(engine.folders.find(&engine.model)?, &Trial::default())
    });
    let model = match checked.await? {
        Ok(model) => model,
        // Everything else works without it, and a page has a button that fetches it.
        Err(missing @ ModelError::NotInstalled { .. }) if config.transcription.model.is_empty() => {
            say(format!("Recordings will wait: {missing}."));
            return Ok(None);
        }
        Err(error) => return Ok(Some(complaint(&error))),
    };
    let knows = |code: &String| {
        model.entry.is_none_or(|entry| entry.languages.iter().any(|known| known == "*" || known == code))
    };
    let unknown = config.transcription.languages.iter().find(|code| !knows(code));
    Ok(unknown.map(|code| {
        format!(
            "transcription.model: {} does not know {code}, one of transcription.languages: set base or a larger one",
            model.name
        )
    }))
}

/// Returns a line about a model that can't be used. Another model does not help where the processor is the reason.
fn complaint(error: &ModelError) -> String {
    match error {
        ModelError::Processor { .. } => error.to_string(),
        _ => format!("transcription.model: {error}; or set another of `afterword models list`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_model_is_no_remedy_for_an_old_processor() {
        let processor = complaint(&ModelError::Processor { missing: "AVX2".into() });
        assert!(processor.contains("AVX2") && !processor.contains("models list"), "{processor}");
        let missing = complaint(&ModelError::NotInstalled { name: "base".into() });
        assert!(missing.contains("fetch base") && missing.contains("set another"), "{missing}");
    }
}
