//! Writes many invitations: each step is one statement for all of them.

use super::{Composer, EXPIRED, Written, unwanted};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::interactions::{self, SurveyState};
use crate::invitations::store;
use crate::mail::{ComposeError, DeliveryStatus, ManyComposed, ManyUnwanted};
use std::collections::{HashMap, HashSet};

impl Composer {
    /// Returns the mails, in the order of the invitations. Their tokens are stored when this returns, and replace those
    /// of earlier attempts whose mails were not sent.
    pub(super) async fn write_many(&self, references: &[&str], now: Timestamp) -> ManyComposed {
        let found = store::to_write(self.db.read().await?.conn(), references).await?;
        let found: HashMap<_, _> = found.into_iter().map(|about| (about.id.to_string(), about)).collect();
        let mut written = Vec::with_capacity(references.len());
        for reference in references {
            written.push(match found.get(*reference) {
                Some(about) => self.write(about, now).await,
                None => Err(ComposeError::Cancelled(EXPIRED)),
            });
        }
        let tokens: Vec<_> = written
            .iter()
            .flatten()
            .map(|one| store::NewToken { id: &one.id, hash: &one.token_hash, expires_at: one.expires_at })
            .collect();
        let mut tx = self.db.begin().await?;
        if store::set_tokens(tx.conn(), &tokens, now).await? {
            tx.commit().await?;
            return Ok(written.into_iter().map(|one| one.map(|one| one.composed)).collect());
        }
        // An invitation that closed in between gets no mail.
        drop(tx);
        let mut tx = self.db.begin().await?;
        let set: HashSet<_> = store::set_tokens_telling(tx.conn(), &tokens, now).await?.into_iter().collect();
        tx.commit().await?;
        let checked = |one: Written| match set.contains(&one.id) {
            true => Ok(one.composed),
            false => Err(ComposeError::Cancelled(EXPIRED)),
        };
        Ok(written.into_iter().map(|one| one.and_then(checked)).collect())
    }

    /// Returns whether mails about these may be sent again unchanged: while their link is open.
    pub(super) async fn wanted_again(&self, references: &[&str], now: Timestamp) -> ManyUnwanted {
        let found = store::to_write(self.db.read().await?.conn(), references).await?;
        let found: HashMap<_, _> = found.into_iter().map(|about| (about.id.to_string(), about)).collect();
        let unwanted = |about: &store::ToWrite| unwanted(about, about.expires_at, now);
        Ok(references.iter().map(|reference| found.get(*reference).map_or(Some(EXPIRED), unwanted)).collect())
    }

    /// Records the outcomes of one batch: sent ones together, others one by one.
    pub(super) async fn take_notes(
        &self,
        mut conn: Conn<'_>,
        notes: &[(&str, &DeliveryStatus)],
        now: Timestamp,
    ) -> Result<(), DbError> {
        let sent: Vec<&str> =
            notes.iter().filter(|(_, status)| **status == DeliveryStatus::Sent).map(|(whose, _)| *whose).collect();
        if !sent.is_empty() {
            let interactions = store::set_sent(conn.reborrow(), &sent).await?;
            interactions::set_surveys(conn.reborrow(), &interactions, SurveyState::Sent, now).await?;
        }
        for (reference, status) in notes.iter().filter(|(_, status)| **status != DeliveryStatus::Sent) {
            self.take_note(conn.reborrow(), reference, status, now).await?;
        }
        Ok(())
    }
}
