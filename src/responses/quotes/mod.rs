//! Comments that customers allow to be quoted: masked, under a keyed hash of the token, so that the customer can end it
//! by the link while it is open, and nobody without the link can attribute the quote.
//!
//! A linked comment is added when it can no longer be changed; an apart one comes out of its release, with only its
//! text, the team and the month of the release.

mod store;

use super::{Responses, answers, lock_answers};
use crate::access::Principal;
use crate::access::principal::{Role, Visible};
use crate::clock::Timestamp;
use crate::config::Choice;
use crate::database::{Conn, DbError};
use crate::effects::Effects;
use crate::ids::{InteractionId, TeamId};
use crate::invitations::Token;
use crate::masking;
use crate::surveys::Question;

/// A quote to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewQuote<'a> {
    /// Keyed hash that came with the comment.
    pub id: &'a str,
    /// Comment as it was written; masked when kept.
    pub comment: &'a str,
    /// Team whose supervisors see it.
    pub team: Option<&'a TeamId>,
    /// Interaction of a linked comment.
    pub interaction: Option<&'a InteractionId>,
}

/// A comment that may be quoted.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Quote {
    /// Id, for removing the quote.
    pub id: String,
    /// Masked text.
    pub text: String,
    /// The team's name.
    pub team_name: Option<String>,
    /// Month in which the quote was added.
    pub month: String,
}

/// Maximum number of quotes that are shown.
const MAX_QUOTES: i64 = 500;

impl Responses {
    /// Keeps a quote, in the caller's transaction.
    pub async fn keep_quote(&self, conn: Conn<'_>, new: &NewQuote<'_>, now: Timestamp) -> Result<(), DbError> {
        // The longest time for which an invitation made today can be open.
        let zone = self.inner.clock.zone();
        let purge_month = zone.month(now.plus(self.inner.invitations.spans().await?.open));
        let text = masking::mask_comment(new.comment);
        store::add(conn, new, &text, &zone.month(now), &purge_month).await
    }

    /// Returns the quotes of this supervisor's teams, or all for an administrator; by month, unordered within a month.
    pub async fn quotes(&self, who: &Principal) -> Result<Vec<Quote>, DbError> {
        let (all, teams) = match (who.role(), who.visible()) {
            (Some(Role::Admin), _) => (true, Vec::new()),
            (Some(Role::Supervisor), Visible::Teams(teams)) => (false, teams),
            _ => return Ok(Vec::new()),
        };
        store::list(self.inner.db.read().await?.conn(), all, &teams, MAX_QUOTES).await
    }

    /// Removes a quote on behalf of staff; returns false if it does not exist or is not accessible.
    pub async fn remove_quote(&self, who: &Principal, id: &str) -> Result<bool, DbError> {
        if !self.quotes(who).await?.iter().any(|quote| quote.id == id) {
            return Ok(false);
        }
        let mut tx = self.inner.db.begin().await?;
        let removed = store::remove(tx.conn(), id).await?;
        let effects = Effects::new().audit(&who.actor(), "quote.removed", "quotes", None);
        effects.save(tx.conn(), self.now()).await?;
        tx.commit().await?;
        Ok(removed)
    }

    /// Whether this link's comment may be quoted, or is already.
    pub async fn has_quote(&self, token: &Token) -> Result<bool, DbError> {
        let Some(found) = self.find_by_token(token).await? else { return Ok(false) };
        let linked = found.linked.as_ref().is_some_and(|(answer, _)| answer.quote);
        if linked || found.apart.iter().any(|opened| opened.part.quote.is_some()) {
            return Ok(true);
        }
        let mut reader = self.inner.db.read().await?;
        for choice in [Choice::Linked, Choice::Apart] {
            if store::there(reader.conn(), &token.quote_id(&self.inner.vault, choice)).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Ends the quoting on behalf of the customer: the quote is removed, and the stored comment is no longer quotable.
    /// Returns false if the link is not open.
    pub async fn withdraw_quote(&self, token: &Token) -> Result<bool, DbError> {
        let Some(found) = self.find_by_token(token).await?.filter(|found| found.open) else { return Ok(false) };
        let vault = &self.inner.vault;
        // Separate transactions: nothing of a linked answer shares a transaction with the mix. The answers come first,
        // as a release in between would add the quote again.
        if found.linked.is_some_and(|(answer, _)| answer.quote) {
            let mut tx = self.inner.db.begin().await?;
            let id = token.quote_id(vault, Choice::Linked);
            store::disallow(tx.conn(), &found.invited.interaction, &id).await?;
            tx.commit().await?;
        }
        if let Some(comment) = found.apart.into_iter().find(|opened| opened.part.quote.is_some()) {
            let mut part = comment.part;
            part.quote = None;
            let mut tx = self.inner.db.begin().await?;
            lock_answers(tx.conn()).await?;
            let mix = token.mix_id(vault, Question::Comment.code());
            answers::reseal_comment(tx.conn(), &mix, &part.seal(vault)).await?;
            tx.commit().await?;
        }
        self.drop_quote(token).await?;
        Ok(true)
    }

    /// Removes the quote of a link's comment, if there is one.
    pub(super) async fn drop_quote(&self, token: &Token) -> Result<(), DbError> {
        for choice in [Choice::Linked, Choice::Apart] {
            let id = token.quote_id(&self.inner.vault, choice);
            if store::there(self.inner.db.read().await?.conn(), &id).await? {
                // Separate transactions: nothing of a linked answer shares a transaction with an apart one.
                let mut tx = self.inner.db.begin().await?;
                store::remove(tx.conn(), &id).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    /// Removes quotes of deleted linked answers, and gives random ids to those whose link has closed.
    pub async fn tidy_quotes(&self) -> Result<(), DbError> {
        let mut tx = self.inner.db.begin().await?;
        store::remove_gone(tx.conn()).await?;
        store::forget_ids(tx.conn(), &self.inner.clock.zone().month(self.now())).await?;
        tx.commit().await
    }
}
