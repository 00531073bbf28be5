//! Checks of the mail configuration: usable files, DNS records, a reachable server.

use super::{Failure, say};
use crate::config::Config;
use crate::mail::Settings;

/// Checks the files that the configuration names; its text has been checked before.
pub(super) fn or_fail(config: &Config) -> Result<(), Failure> {
    let complaints = Settings::new(&config.mail, &config.retention).complaints();
    if complaints.is_empty() {
        return Ok(());
    }
    Err(Failure::usage(format!("the configuration can't be used:\n  {}", complaints.join("\n  "))))
}

/// Prints the DNS records for signed mail.
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
