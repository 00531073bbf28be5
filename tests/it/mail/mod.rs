//! The outbox: sent by a mail server, held until there is one, retried, given up with a reason.

mod addresses;
mod clock;
mod dkim;
mod encryption;
mod held;
mod hooks;
mod killed;
mod limits;
mod postfix;
mod refusals;
pub mod returned;
mod samples;
mod smtp;
mod troubles;

use crate::app::TestApp;
use afterword::mail::{Entry, State};
use afterword::paging::Cursor;

/// Returns the outbox, the last changed first.
pub async fn outbox(app: &TestApp) -> Vec<Entry> {
    app.app.mail.list(None, &Cursor::start(), 50).await.unwrap().items
}

/// Returns the only mail.
pub async fn only(app: &TestApp) -> Entry {
    let mut all = outbox(app).await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// Returns the number of mails in a state.
pub async fn count(app: &TestApp, state: State) -> i64 {
    let counts = app.app.mail.counts().await.unwrap();
    counts.iter().filter(|one| one.state == state.code()).map(|one| one.mails).sum()
}
