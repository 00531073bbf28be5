//! Form that assigns speakers to channels.

use super::find;
use crate::access::rights::EditTranscripts;
use crate::transcription::Transcription;
use crate::web::{PageError, Posted, Viewer, redirect};
use poem::web::{Data, Path};
use poem::{Response, handler};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChannelsForm {
    /// Speakers of the channels, such as `agent,customer`.
    channels: String,
}

#[handler]
pub(super) async fn set(
    who: Viewer<EditTranscripts>,
    Data(transcription): Data<&Transcription>,
    Path(id): Path<String>,
    Posted(form): Posted<ChannelsForm>,
) -> Result<Response, PageError> {
    let (id, _) = find(transcription, &who, &id).await?;
    let names: Vec<String> = form.channels.split(',').map(str::to_owned).collect();
    transcription.set_speakers(&who.actor(), &id, &names).await?;
    Ok(redirect(format!("/interactions/{id}?did=channels")))
}
