//! Masked or original texts of a conversation's page: masked by default, the original ones for viewers that may see and
//! request them.

use crate::access::Principal;
use crate::access::rights::{Right, SeeOriginals};
use crate::database::DbError;
use crate::desk::Desk;
use crate::ids::InteractionId;
use crate::interactions::Message;
use crate::transcription::Stored;
use crate::web::PageError;

/// Query of the page: `?words=unmasked`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct WordsQuery {
    words: String,
}

impl WordsQuery {
    /// Whether the original texts are requested. Errors: forbidden if the viewer may not see them.
    pub(super) fn original(&self, who: &Principal) -> Result<bool, PageError> {
        let wanted = self.words == "original";
        if wanted && !SeeOriginals::has(who) { Err(PageError::Forbidden) } else { Ok(wanted) }
    }
}

/// State of the page's texts.
pub(super) struct WordsView {
    /// Whether these are the original texts.
    pub original: bool,
    /// URL of the other form, if the viewer may see both.
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
