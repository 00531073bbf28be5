//! Taking back a linked answer that is counted already: because its conversation is erased, or left out. No figure changes by
//! itself (anonymity.md, rule 6). What was counted is noted in `taken_back`, without the interaction and without a time, and
//! the ratings feature lets it go with the next release of the same pool. That feature reads the table as it reads
//! `responses`; this one knows nothing of it.

use super::store::back;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::surveys::Surveys;
use crate::vault::Vault;

/// What was written about this interaction in answer to a question stands under this id when it has been released. Only the key
/// leads from one to the other.
pub fn released_comment_id(vault: &Vault, question: &str, interaction: &str) -> String {
    vault.keyed_hash("released", format!("{question} {interaction}").as_bytes())
}

impl Surveys {
    /// Takes back what was counted of an interaction's linked answer; nothing where nothing was. In the caller's transaction,
    /// before the answer is deleted, and after [`super::lock_answers`]. Doing it twice does it once.
    pub async fn take_back_counted(&self, mut conn: Conn<'_>, interaction: &InteractionId) -> Result<(), DbError> {
        for counted in back::counted(conn.again(), interaction).await? {
            let is_text = counted.value.is_none();
            let id = || released_comment_id(&self.inner.vault, &counted.question, interaction.as_str());
            let comment = is_text.then(id);
            back::take_back(conn.again(), &counted, comment.as_deref()).await?;
        }
        back::uncount(conn, interaction).await
    }

    /// The linked answer of an interaction that was left out counts again: it waits like one that has just become ripe. In the
    /// caller's transaction, after [`super::lock_answers`].
    pub async fn count_again(&self, conn: Conn<'_>, interaction: &InteractionId) -> Result<(), DbError> {
        back::count_again(conn, interaction).await
    }
}
