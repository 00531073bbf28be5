//! `afterword import contacts`.

use super::{Failure, say};
use crate::config::Config;
use crate::effects::Actor;
use std::path::Path;

/// Imports a CSV file of contacts, and prints the rejected lines.
pub(super) async fn contacts(config: Config, file: &Path) -> Result<(), Failure> {
    let bytes = std::fs::read(file)
        .map_err(|error| Failure::usage(format!("the file {} can't be read: {error}", file.display())))?;
    let app = super::serve::open(config, false).await?;
    let result = app.contacts.import_csv(&bytes, &Actor::System).await?;
    for one in &result.rejected {
        say(format!("line {}: {}", one.place, one.problem.words()));
    }
    say(format!("{} contacts stored, {} lines rejected.", result.stored, result.rejected.len()));
    app.db.close().await;
    Ok(())
}
