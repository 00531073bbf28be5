//! Pages to work on transcripts: correcting a line, comparing an alternative transcript, monitoring the queue.

mod alternatives;
mod channels;
mod line;
mod model;
mod queue;
mod views;

pub use model::MissingModel;

use super::{AlternativeError, CorrectionError, QueueError, SpeakersError, Transcription};
use crate::access::Principal;
use crate::ids::InteractionId;
use crate::interactions::Interaction;
use crate::web::{PageError, get, post};
use poem::Route;

/// Adds the pages of this feature.
pub fn routes(route: Route) -> Route {
    route
        .at("/interactions/:id/transcript/:seq", get(line::show).post(line::correct))
        .at("/interactions/:id/channels", post(channels::set))
        .at("/interactions/:id/transcription", post(queue::act))
        .at("/interactions/:id/alternative", get(alternatives::show).post(alternatives::ask))
        .at("/interactions/:id/alternative/choice", post(alternatives::choose))
        .at("/interactions/:id/alternative/removal", post(alternatives::remove))
        .at("/admin/transcription", get(queue::show))
        .at("/admin/model/fetch", post(model::fetch_model))
}

impl From<CorrectionError> for PageError {
    fn from(error: CorrectionError) -> Self {
        match error {
            CorrectionError::NoSegment => Self::NotFound,
            CorrectionError::Database(inner) => inner.into(),
            refused => Self::Refused(refused.to_string()),
        }
    }
}

impl From<AlternativeError> for PageError {
    fn from(error: AlternativeError) -> Self {
        match error {
            AlternativeError::Database(inner) => inner.into(),
            refused => Self::Refused(refused.to_string()),
        }
    }
}

impl From<SpeakersError> for PageError {
    fn from(error: SpeakersError) -> Self {
        match error {
            SpeakersError::Database(inner) => inner.into(),
            refused => Self::Refused(refused.to_string()),
        }
    }
}

impl From<QueueError> for PageError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Database(inner) => inner.into(),
            refused => Self::Refused(refused.to_string()),
        }
    }
}

/// Returns the interaction, where the user may see it.
async fn find(
    transcription: &Transcription,
    who: &Principal,
    id: &str,
) -> Result<(InteractionId, Interaction), PageError> {
    let id: InteractionId = id.parse().map_err(|_| PageError::NotFound)?;
    let found = transcription.interactions.find(&who.visible(), &id).await?.ok_or(PageError::NotFound)?;
    Ok((id, found))
}
