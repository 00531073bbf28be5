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
    /// The training library.
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
    /// The clip; its sound is being cut.
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
    /// Search the library
    ///
    /// Newest first. Words are looked for in title, reason, skills and transcript; each must be there, case and accents
    /// don't matter.
    #[oai(path = "/clips", method = "get", operation_id = "listClips")]
    async fn list(
        &self,
        who: Allowed<Learn>,
        /// Words to look for.
        q: Query<Option<String>>,
        /// Only clips that show this skill.
        skill: Query<Option<String>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// Number of items on a page.
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

    /// Flag a part of a call or chat as exemplary
    ///
    /// Supervisors of its team do it. The words of the span are copied, masked as everywhere; the sound is cut in the
    /// background, when its words are known, into a file of its own that is silent wherever they are masked. So the clip lives on
    /// when the recording goes.
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

    /// One clip
    #[oai(path = "/clips/:id", method = "get", operation_id = "getClip")]
    async fn get(
        &self,
        who: Allowed<Learn>,
        /// The clip.
        id: Path<String>,
    ) -> Result<Json<ClipOut>, ApiError> {
        let clip = self.training.find(&who, &clip_id(&id)?).await?;
        Ok(Json(ClipOut::new(&who, clip)))
    }

    /// Change a clip, or put it back into the library
    ///
    /// For supervisors of the team it comes from.
    #[oai(path = "/clips/:id", method = "patch", operation_id = "changeClip")]
    async fn change(
        &self,
        who: Allowed<Curate>,
        /// The clip.
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

    /// Take a clip out of the library
    ///
    /// For 30 days it can be put back (`PATCH` with `"removed": false`); then it is gone, its sound too. The call or chat
    /// stays as it is.
    #[oai(path = "/clips/:id", method = "delete", operation_id = "removeClip")]
    async fn remove(
        &self,
        who: Allowed<Curate>,
        /// The clip.
        id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        self.training.set_removed(&who, &clip_id(&id)?, true).await?;
        Ok(NoContent::Done)
    }

    /// Note that you have finished a clip
    ///
    /// Doing it again changes nothing: the first time stays.
    #[oai(path = "/clips/:id/completion", method = "put", operation_id = "finishClip")]
    async fn finish(
        &self,
        who: Allowed<Learn>,
        /// The clip.
        id: Path<String>,
    ) -> Result<Json<Completion>, ApiError> {
        let finished = self.training.finish(&who, &clip_id(&id)?).await?;
        Ok(Json(Completion { clip: finished.clip.to_string(), finished_at: finished.at.to_rfc3339() }))
    }

    /// Take that back
    #[oai(path = "/clips/:id/completion", method = "delete", operation_id = "unfinishClip")]
    async fn unfinish(
        &self,
        who: Allowed<Learn>,
        /// The clip.
        id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        self.training.unfinish(&who, &clip_id(&id)?).await?;
        Ok(NoContent::Done)
    }

    /// A clip's sound
    ///
    /// WAV; ranges are served. 404 while it is being cut, and for chats. Each listening is noted in the audit log.
    #[oai(path = "/clips/:id/audio", method = "get", operation_id = "getClipAudio")]
    async fn audio(
        &self,
        who: Allowed<Learn>,
        /// The clip.
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

    /// A clip's waveform
    ///
    /// Per channel the loudest amplitude of equal stretches, 0 to 255; 404 while the clip is being cut, and for chats.
    #[oai(path = "/clips/:id/peaks", method = "get", operation_id = "getClipPeaks")]
    async fn peaks(
        &self,
        who: Allowed<Learn>,
        /// The clip.
        id: Path<String>,
    ) -> Result<Json<Peaks>, ApiError> {
        let clip = self.training.find(&who, &clip_id(&id)?).await?;
        clip.peaks.as_deref().and_then(Peaks::parse).map(Json).ok_or_else(no_sound)
    }
}

fn no_sound() -> ApiError {
    ApiError::not_found("clip_without_sound", "This clip has no sound, or it is still being cut.")
}
