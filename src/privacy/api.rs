//! Endpoints of erasure.

use super::{EraseError, Privacy, Receipt};
use crate::access::rights::Administer;
use crate::web::problem::ApiError;
use crate::web::{Allowed, JsonBody};
use poem::http::StatusCode;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi, Tags};
use std::collections::BTreeMap;

#[derive(Tags)]
enum Tag {
    /// Erasing what somebody asks for.
    Privacy,
}

/// What was erased. Totals that were released before are not changed by it.
#[derive(Debug, Object)]
#[oai(rename = "Erased", example)]
struct ErasedOut {
    /// When (RFC 3339, UTC).
    at: String,
    /// What, and how many: `conversations`, `recordings`, `transcripts`, `messages`, `measures`, `search_lines`, `invitations`,
    /// (with their linked answers, if there are any), `kudos`, `wishes` (to be contacted, with their follow-ups), `mails`, `address`,
    /// `open_invitations`, `waiting_addresses`. `clips_kept` were not erased: they stay in the library, masked. What there was none
    /// of is left out, and so is what would tell that a customer answered.
    counts: BTreeMap<String, i64>,
}

impl poem_openapi::types::Example for ErasedOut {
    fn example() -> Self {
        let counts =
            [("conversations", 1), ("recordings", 1), ("transcripts", 1), ("search_lines", 42), ("clips_kept", 1)];
        Self {
            at: "2026-11-20T13:24:00Z".into(),
            counts: counts.into_iter().map(|(what, n)| (what.to_owned(), n)).collect(),
        }
    }
}

impl From<Receipt> for ErasedOut {
    fn from(receipt: Receipt) -> Self {
        let counts = receipt.counts.into_iter().map(|(what, n)| (what.to_owned(), n)).collect();
        Self { at: receipt.at.to_rfc3339(), counts }
    }
}

/// Whose traces are to go.
#[derive(Debug, Object)]
#[oai(rename = "NewErasure", example)]
struct ErasureBody {
    /// The customer's e-mail address.
    address: String,
    /// Erase the calls and chats that this address was asked about as well? No where nothing is said.
    conversations: Option<bool>,
}

impl poem_openapi::types::Example for ErasureBody {
    fn example() -> Self {
        Self { address: "jerry@example.net".into(), conversations: Some(true) }
    }
}

impl From<EraseError> for ApiError {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::NotThere => Self::not_found("interaction_not_found", "There is no such interaction."),
            EraseError::NotAnAddress => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_email", "This is not an e-mail address.")
            }
            EraseError::Nothing => ApiError::bad_request("nothing_named", "Name an e-mail address."),
            EraseError::Database(inner) => inner.into(),
        }
    }
}

/// The endpoints.
#[derive(Debug, Clone)]
pub struct Api {
    /// The service.
    pub privacy: Privacy,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Privacy")]
impl Api {
    /// Erase an interaction
    ///
    /// With its recording, transcript, messages, measures, survey and linked answer, and what was written about it in follow-ups
    /// and commendations, at once and for good. Clips of it stay in the library, masked, until they are taken out there; what was counted goes out of the totals with the next release; an answer that the customer kept
    /// apart can't be found by anybody and stays in its totals. Should your system send the interaction again, it is there again.
    #[oai(path = "/interactions/:source/:external_id", method = "delete", operation_id = "eraseInteraction")]
    async fn erase_interaction(
        &self,
        who: Allowed<Administer>,
        /// Which system it came from.
        source: Path<String>,
        /// Its id there.
        external_id: Path<String>,
    ) -> Result<Json<ErasedOut>, ApiError> {
        let id = self.privacy.conversation(&source, &external_id).await?;
        Ok(Json(self.privacy.erase_conversation(&id, &who.actor()).await?.into()))
    }

    /// Erase an address
    ///
    /// It is not asked any more, open surveys to it close, wishes to be contacted there go, and nothing of it is left but keyed
    /// hashes. With `conversations` everything goes as well that it is known to have been asked about; that is forgotten some
    /// time after a survey has closed.
    #[oai(path = "/erasures", method = "post", operation_id = "eraseAddress")]
    async fn erase_address(
        &self,
        who: Allowed<Administer>,
        body: JsonBody<ErasureBody>,
    ) -> Result<Json<ErasedOut>, ApiError> {
        let conversations = body.conversations.unwrap_or(false);
        Ok(Json(self.privacy.erase_address(&body.address, conversations, &who.actor()).await?.into()))
    }
}
