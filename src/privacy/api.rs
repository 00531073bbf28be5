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
    /// Erasure of interactions and addresses.
    Privacy,
}

/// Result of an erasure. Totals that were released before are not changed.
#[derive(Debug, Object)]
#[oai(rename = "ErasureResult", example)]
struct ErasedOut {
    /// Time, RFC 3339, UTC.
    at: String,
    /// Number of erased records by kind: `conversations`, `recordings`, `transcripts`, `messages`, `measures`, `search_lines`,
    /// `invitations` (with their linked answers), `kudos`, `callback_requests` (with their follow-ups), `mails`, `contacts`,
    /// `address`, `open_invitations`, `waiting_addresses`. `clips_kept` counts clips that stay in the library, masked. A kind
    /// without records is left out, and so is a kind that would reveal that a customer answered.
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

/// An address to be erased.
#[derive(Debug, Object)]
#[oai(rename = "NewErasure", example)]
struct ErasureBody {
    /// The customer's e-mail address.
    address: String,
    /// Whether to erase the interactions that this address was surveyed about as well; by default they are kept.
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
    /// Permanently erases the interaction with its recording, transcript, messages, measures, survey, linked answer, follow-ups
    /// and commendations. Clips stay in the library, masked, until they are deleted there. A counted linked answer leaves the
    /// totals with the next release; an answer that the customer kept apart can't be found and stays in its totals. If the
    /// source system sends the interaction again, it is not stored: a keyed hash of its id is kept for `retention.tombstones`.
    #[oai(path = "/interactions/:source/:external_id", method = "delete", operation_id = "eraseInteraction")]
    async fn erase_interaction(
        &self,
        who: Allowed<Administer>,
        /// Name of the system that the interaction comes from.
        source: Path<String>,
        /// Id of the interaction in that system.
        external_id: Path<String>,
    ) -> Result<Json<ErasedOut>, ApiError> {
        let id = self.privacy.conversation(&source, &external_id).await?;
        Ok(Json(self.privacy.erase_conversation(&id, &who.actor()).await?.into()))
    }

    /// Erase an address
    ///
    /// Closes open surveys to the address, deletes its callback requests, and adds it to the suppression list; only keyed hashes
    /// of it are kept. `conversations` also erases the interactions that it was surveyed about, as far as they are still known:
    /// the connection is deleted some time after a survey has closed.
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
