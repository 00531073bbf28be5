//! Endpoints of the training library.

mod bodies;

use super::{Change, ClipError, MaskingRequest, NewClip, Search, Training};
use crate::access::rights::{Curate, Learn};
use crate::ids::ClipId;
use crate::web::ranges::{Served, serve_file};
use crate::web::sound::{Peaks, Sound};
use crate::web::{Allowed, ApiError, JsonBody, page_size, request_cursor};
use bodies::{ClipIn, ClipOut, ClipPage, ClipPatch, Completion};
use poem::http::{HeaderMap, StatusCode};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// The training library: clips of exemplary interactions.
    Training,
}

impl From<ClipError> for ApiError {
    fn from(error: ClipError) -> Self {
        use ClipError as E;
        let text = error.to_string();
        let refused = |code| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, text.clone());
        match error {
            E::NotFound => Self::not_found("clip_not_found", text),
            E::NoInteraction => Self::not_found("interaction_not_found", text),
            E::BadTitle => refused("bad_title"),
            E::BadWhy => refused("bad_why"),
            E::BadSkills => refused("bad_skills"),
            E::BadSpan(_) => refused("bad_span"),
            E::BadMasking(_) => refused("bad_masking"),
            E::MasksStay => Self::forbidden(text),
            E::NoRecording => refused("no_recording"),
            E::NotAPerson => Self::forbidden("Only somebody who is signed in can finish a clip; no API key can."),
            E::Database(inner) => inner.into(),
        }
    }
}

/// A clip was made.
#[derive(ApiResponse)]
enum Created {
    /// The clip; its audio is being cut.
    #[oai(status = 201)]
    Clip(Json<ClipOut>),
}

/// It is done, and there is nothing to say.
#[derive(ApiResponse)]
enum NoContent {
    /// Done.
    #[oai(status = 204)]
    Done,
}

/// An id in a path; what is none names nothing.
fn clip_id(text: &str) -> Result<ClipId, ApiError> {
    text.parse().map_err(|_| ClipError::NotFound.into())
}

/// The endpoints.
#[derive(Debug, Clone)]
pub struct Api {
    /// The service.
    pub training: Training,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Training")]
impl Api {
    /// List the clips of the library
    ///
    /// Returns clips, newest first.
    #[oai(path = "/clips", method = "get", operation_id = "listClips")]
    async fn list(
        &self,
        who: Allowed<Learn>,
        /// Only clips with all these words in title, explanation, skills or transcript. Case and accents are ignored.
        q: Query<Option<String>>,
        /// Only clips that show this skill.
        skill: Query<Option<String>>,
        /// `next` of the previous page, requested with the same filters.
        cursor: Query<Option<String>>,
        /// Maximum number of items on the page.
        limit: Query<Option<u32>>,
    ) -> Result<Json<ClipPage>, ApiError> {
        let search = Search { words: q.0.unwrap_or_default(), skill: skill.0.unwrap_or_default() };
        let (from, size) = (request_cursor(cursor.as_deref())?, page_size(limit.0, 50, 200)?);
        let page = self.training.library(&who, &search, &from, size).await?;
        let skills = self.training.skills().await?;
        Ok(Json(ClipPage {
            items: page.items.into_iter().map(Into::into).collect(),
            next: page.next.map(|next| next.to_string()),
            skills: skills.into_iter().map(Into::into).collect(),
        }))
    }

    /// Create a clip from a part of an interaction
    ///
    /// Only for supervisors of the team. The text of the span is copied, masked. The audio is cut in the background once the
    /// transcript is done, into a file that is silent where the text is masked. The clip is kept when the recording is deleted.
    #[oai(path = "/clips", method = "post", operation_id = "createClip")]
    async fn create(&self, who: Allowed<Curate>, body: JsonBody<ClipIn>) -> Result<Created, ApiError> {
        let body = body.0;
        let new = NewClip {
            interaction: body.interaction.parse().map_err(|_| ClipError::NoInteraction)?,
            start_ms: body.start_ms,
            end_ms: body.end_ms,
            title: body.title,
            why: body.why,
            skills: body.skills,
            asked: MaskingRequest {
                silence: body.silence.iter().map(|one| (one.start_ms, one.end_ms)).collect(),
                words: body.mask_words,
                keep: body.keep,
            },
        };
        let id = self.training.create(&who, new).await?;
        Ok(Created::Clip(Json(ClipOut::new(&who, self.training.find(&who, &id).await?))))
    }

    /// Get a clip
    #[oai(path = "/clips/:id", method = "get", operation_id = "getClip")]
    async fn get(
        &self,
        who: Allowed<Learn>,
        /// Id of the clip.
        id: Path<String>,
    ) -> Result<Json<ClipOut>, ApiError> {
        let clip = self.training.find(&who, &clip_id(&id)?).await?;
        Ok(Json(ClipOut::new(&who, clip)))
    }

    /// Update a clip
    ///
    /// Changes the given fields; `"removed": false` restores a deleted clip. Only for supervisors of the team.
    #[oai(path = "/clips/:id", method = "patch", operation_id = "updateClip")]
    async fn change(
        &self,
        who: Allowed<Curate>,
        /// Id of the clip.
        id: Path<String>,
        body: JsonBody<ClipPatch>,
    ) -> Result<Json<ClipOut>, ApiError> {
        let (id, body) = (clip_id(&id)?, body.0);
        if body.title.is_some() || body.why.is_some() || body.skills.is_some() {
            let change = Change { title: body.title, why: body.why, skills: body.skills };
            self.training.change(&who, &id, change).await?;
        }
        if let Some(removed) = body.removed {
            self.training.set_removed(&who, &id, removed).await?;
        }
        Ok(Json(ClipOut::new(&who, self.training.find(&who, &id).await?)))
    }

    /// Delete a clip
    ///
    /// The clip can be restored for 30 days (`PATCH` with `"removed": false`). The interaction is not changed.
    #[oai(path = "/clips/:id", method = "delete", operation_id = "deleteClip")]
    async fn remove(
        &self,
        who: Allowed<Curate>,
        /// Id of the clip.
        id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        self.training.set_removed(&who, &clip_id(&id)?, true).await?;
        Ok(NoContent::Done)
    }

    /// Mark a clip as completed
    ///
    /// Records that the caller has completed the clip. Repeating it keeps the first time.
    #[oai(path = "/clips/:id/completion", method = "put", operation_id = "completeClip")]
    async fn finish(
        &self,
        who: Allowed<Learn>,
        /// Id of the clip.
        id: Path<String>,
    ) -> Result<Json<Completion>, ApiError> {
        let finished = self.training.finish(&who, &clip_id(&id)?).await?;
        Ok(Json(Completion { clip: finished.clip.to_string(), finished_at: finished.at.to_rfc3339() }))
    }

    /// Undo the completion of a clip
    #[oai(path = "/clips/:id/completion", method = "delete", operation_id = "undoClipCompletion")]
    async fn unfinish(
        &self,
        who: Allowed<Learn>,
        /// Id of the clip.
        id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        self.training.unfinish(&who, &clip_id(&id)?).await?;
        Ok(NoContent::Done)
    }

    /// Download the audio of a clip
    ///
    /// Returns WAV. Range requests are supported. 404 for chats and while the audio is being cut. Each request is recorded in the
    /// audit log.
    #[oai(path = "/clips/:id/audio", method = "get", operation_id = "getClipAudio")]
    async fn audio(
        &self,
        who: Allowed<Learn>,
        /// Id of the clip.
        id: Path<String>,
        headers: &HeaderMap,
    ) -> Result<Sound, ApiError> {
        let clip = self.training.find(&who, &clip_id(&id)?).await?;
        let path = self.training.audio_path(&clip).ok_or_else(no_sound)?;
        self.training.note_listening(&who, &clip.id).await?;
        // A clip is cut once, so its id names its bytes.
        let served = Served { media_type: "audio/wav", etag: clip.id.as_str() };
        serve_file(&path, served, headers).await.map(Sound).map_err(|error| match error.kind() {
            // The sweep cuts it once more.
            std::io::ErrorKind::NotFound => no_sound(),
            _ => ApiError::internal(&error),
        })
    }

    /// Get the waveform of a clip
    ///
    /// Returns the peak amplitudes of each channel. 404 for chats and while the audio is being cut.
    #[oai(path = "/clips/:id/peaks", method = "get", operation_id = "getClipPeaks")]
    async fn peaks(
        &self,
        who: Allowed<Learn>,
        /// Id of the clip.
        id: Path<String>,
    ) -> Result<Json<Peaks>, ApiError> {
        let clip = self.training.find(&who, &clip_id(&id)?).await?;
        clip.peaks.as_deref().and_then(Peaks::parse).map(Json).ok_or_else(no_sound)
    }
}

fn no_sound() -> ApiError {
    ApiError::not_found("clip_without_sound", "This clip has no sound, or it is still being cut.")
}
