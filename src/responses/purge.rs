//! Deletes marks of links that no open invitation can have any more, and suspected answers whose month is over.

use super::{Responses, answers, suspects};
use crate::database::DbError;
use crate::jobs::{Kind, Outcome};
use std::time::Duration;

const RUN_INTERVAL: Duration = Duration::from_secs(600);

pub(super) fn job(responses: &Responses) -> Kind {
    let responses = responses.clone();
    let purge = move |_| {
        let responses = responses.clone();
        async move { responses.purge().await.map_or_else(|e| Outcome::Retry(e.to_string()), |()| Outcome::Done) }
    };
    Kind::new("responses.purge", purge).every(RUN_INTERVAL)
}

impl Responses {
    /// Deletes the marks and the suspected answers that were to be kept until a month before this one.
    pub async fn purge(&self) -> Result<(), DbError> {
        let month = self.inner.clock.zone().month(self.now());
        let mut tx = self.inner.db.begin().await?;
        answers::purge_spent(tx.conn(), &month).await?;
        suspects::store::expire(tx.conn(), &month).await?;
        tx.commit().await
    }
}
