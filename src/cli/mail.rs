//! What the configuration of mail comes to: files that can be used, what DNS has to say, a server that lets us in.

use super::{Failure, say};
use crate::config::Config;
use crate::mail::Settings;

/// The configuration was checked as text; this looks into the files that it names.
pub(super) fn or_fail(config: &Config) -> Result<(), Failure> {
    let complaints = Settings::new(&config.mail, &config.retention).complaints();
    if complaints.is_empty() {
        return Ok(());
    }
    Err(Failure::usage(format!("the configuration can't be used:\n  {}", complaints.join("\n  "))))
}

/// Prints what DNS must hold where mail is signed.
pub(super) fn show_dkim_record(config: &Config) -> Result<(), Failure> {
    if let Some(record) = Settings::new(&config.mail, &config.retention).dkim_record() {
        let record = record.map_err(Failure::usage)?;
        say(format!("\nMail is signed. DNS must hold this TXT record:\n  {}\n  {}", record.name, record.text));
    }
    Ok(())
}

/// `afterword mail dkim-record`
pub(super) fn dkim_record(config: &Config) -> Result<(), Failure> {
    let record = Settings::new(&config.mail, &config.retention).dkim_record().ok_or_else(|| {
        Failure::usage("mail is not signed: set mail.dkim.selector, mail.dkim.domain and mail.dkim.key_file first")
    })?;
    let record = record.map_err(Failure::usage)?;
    say(format!("{}. IN TXT {}", record.name, record.zone_text()));
    Ok(())
}

/// `afterword mail check`
pub(super) async fn try_out(config: Config) -> Result<(), Failure> {
    or_fail(&config)?;
    match Settings::new(&config.mail, &config.retention).try_out().await {
        Ok(()) => {
            say(format!("{} can be used. Nothing was sent.", config.mail.url));
            Ok(())
        }
        Err(why) => Err(Failure { text: format!("{} can't be used: {why}", config.mail.url), code: 1 }),
    }
}
