//! `afterword search rebuild`.

use super::{Failure, say};
use crate::config::Config;

/// Queues everything for indexing again; a running server or worker does it.
pub(super) async fn rebuild(config: Config) -> Result<(), Failure> {
    let app = super::serve::open(config, false).await?;
    let queued = app.search.rebuild().await?;
    say(format!(
        "{queued} calls and chats are queued to be made findable anew. A running `afterword serve` or `worker` does it; \
         until then what was indexed before is found."
    ));
    app.db.close().await;
    Ok(())
}
