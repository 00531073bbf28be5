//! Jobs of mail: delivery, and deletion of mails that were settled long ago.

use super::{DELIVER, Mail};
use crate::jobs::{Kind, Outcome};
use std::time::Duration;

/// Job: delete mails that were settled long ago.
const PURGE: &str = "mail.purge";
/// Number of concurrent batches: while one is settled, the next is composed.
const MAX_CONCURRENT: usize = 2;

impl Mail {
    /// Returns the kinds of job that this feature runs.
    pub fn jobs(&self) -> Vec<Kind> {
        let (mail, looking) = (self.clone(), self.clone());
        let deliver = move |running: crate::jobs::Running| {
            let mail = mail.clone();
            async move {
                match mail.deliver(&running.cancelled).await {
                    Ok(()) => Outcome::Done,
                    Err(error) => {
                        mail.inner.rest.begin(mail.inner.clock.now());
                        Outcome::Retry(error.to_string())
                    }
                }
            }
        };
        let look = move |now| {
            let mail = looking.clone();
            async move {
                mail.inner.transport.tidy();
                if let Err(error) = mail.drop_uncertain(now).await {
                    tracing::warn!(%error, "mails kept in memory could not be looked up in the outbox; they stay for now");
                }
                !mail.inner.rest.is_on(now) && mail.any_due(now).await.unwrap_or(false)
            }
        };
        let mail = self.clone();
        let purge = move |_| {
            let mail = mail.clone();
            async move { mail.purge().await.map_or_else(|e| Outcome::Retry(e.to_string()), |_| Outcome::Done) }
        };
        vec![
            Kind::new(DELIVER, deliver).max_concurrent(MAX_CONCURRENT).found_by(look),
            Kind::new(PURGE, purge).every(Duration::from_secs(3600)),
        ]
    }
}
