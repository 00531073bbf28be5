//! Which words a conversation's page shows: masked for everybody, the original ones for those who may and ask for them.

use crate::database::DbError;
use crate::desk::Desk;
use crate::ids::InteractionId;
use crate::interactions::Message;
use crate::transcription::Stored;
use crate::web::rights::{Right, SeeOriginals};
use crate::web::{PageError, Principal};

/// What the page's address asks for: `?words=unmasked`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct WordsQuery {
    words: String,
}

impl WordsQuery {
    /// Are the original words wanted? Refused for whoever may not see them.
    pub(super) fn original(&self, who: &Principal) -> Result<bool, PageError> {
        let wanted = self.words == "original";
        if wanted && !SeeOriginals::has(who) { Err(PageError::Forbidden) } else { Ok(wanted) }
    }
}

/// What the page says about its words.
pub(super) struct WordsView {
    /// The words as they were said, that is.
    pub original: bool,
    /// The address that shows the other form, for those who may see both.
    pub other: Option<String>,
}

impl WordsView {
    pub(super) fn new(who: &Principal, id: &InteractionId, original: bool) -> Self {
        let other = if original { format!("/interactions/{id}") } else { format!("/interactions/{id}?words=original") };
        Self { original, other: SeeOriginals::has(who).then_some(other) }
    }
}

pub(super) async fn messages(desk: &Desk, id: &InteractionId, original: bool) -> Result<Vec<Message>, DbError> {
    if original { desk.interactions.original_messages(id).await } else { desk.interactions.messages(id).await }
}

pub(super) async fn transcript(desk: &Desk, id: &InteractionId, original: bool) -> Result<Stored, DbError> {
    if original { desk.transcription.original(id).await } else { desk.transcription.find(id).await }
}
