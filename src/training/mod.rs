//! Training library: clips of exemplary calls and chats, which supervisors flag and agents learn from.
//!
//! A clip is a copy: its text is masked and its sound is cut into a file of its own, so it remains when the recording
//! is deleted. All learners see every clip; only supervisors of the team it comes from change it.

pub mod api;
mod chat;
mod clip;
mod create;
mod curate;
mod cutting;
mod fold;
mod form;
mod learn;
mod library;
mod masks;
pub mod pages;
mod span;
mod store;
mod stretches;

pub use chat::moments;
pub use clip::{Clip, ClipLine, Sound};
pub use create::NewClip;
pub use curate::Change;
pub use form::{FlagForm, Tick};
pub use learn::{Finished, Progress};
pub use library::{ClipCard, ClipPlace, Search, Skill};
pub use masks::{MAX_ENTRIES as MAX_MASKS, MAX_PHRASE_CHARS as MAX_MASK_CHARS, Mask, MaskingRequest, PreviewLine};
pub use span::{SpokenLine, SpokenWord};

use crate::access::Principal;
use crate::access::principal::Visible;
use crate::access::rights::{Curate, Right};
use crate::audio::AudioError;
use crate::audit;
use crate::clock::{SharedClock, Timestamp};
use crate::database::{Db, DbError};
use crate::ids::{ClipId, InteractionId, TeamId};
use crate::interactions::Interactions;
use crate::jobs;
use futures_util::future::BoxFuture;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Time for which a removed clip can be restored; then it is deleted, including its sound.
pub const UNDO: Duration = Duration::from_secs(30 * 24 * 3600);

/// Source of transcripts; implemented by transcription.
pub trait Spoken: Send + Sync + 'static {
    /// Returns the lines in order of time, as transcribed, with the spans to mask; `None` if it is not transcribed
    /// (yet).
    fn lines<'a>(&'a self, id: &'a InteractionId) -> BoxFuture<'a, Result<Option<Vec<SpokenLine>>, DbError>>;

    /// Returns the speech intervals of each channel of a recording: start and end in ms, sorted and without overlaps.
    /// Blocks. Errors: [`AudioError::Cancelled`] once `stop` is cancelled.
    fn speech(&self, recording: &Path, stop: &CancellationToken) -> Result<Vec<Vec<(u64, u64)>>, AudioError>;
}

/// Errors of clips.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// Does not exist, or is not visible to the viewer.
    #[error("there is no such clip, or it is not for you")]
    NotFound,
    /// The call or chat does not exist, or is not visible to the viewer.
    #[error("there is no such call or chat, or it is not for you")]
    NoInteraction,
    /// The title is missing or too long.
    #[error("a title has 1 to {MAX_TITLE_CHARS} characters")]
    BadTitle,
    /// The reason is missing or too long.
    #[error("say in 1 to {MAX_WHY_CHARS} characters why it is exemplary")]
    BadWhy,
    /// The skills are too many or too long.
    #[error("a clip has at most {MAX_SKILLS} skills of at most {MAX_SKILL_CHARS} characters")]
    BadSkills,
    /// The span ends before it starts, is too short or too long, or is outside the recording.
    #[error("{0}")]
    BadSpan(String),
    /// A masking request is not valid.
    #[error("{0}")]
    BadMasking(String),
    /// Only viewers that may see originals can leave masks out.
    #[error("only people who may see the original words can remove a mask")]
    MasksStay,
    /// The call has no recording to cut.
    #[error("this call has no recording to cut a clip from")]
    NoRecording,
    /// Only people finish clips.
    #[error("only somebody who is signed in can finish a clip")]
    NotAPerson,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Maximum number of characters of a title.
pub const MAX_TITLE_CHARS: usize = 120;
/// Maximum number of characters of a reason.
pub const MAX_WHY_CHARS: usize = 2000;
/// Maximum number of skills of a clip.
pub const MAX_SKILLS: usize = 10;
/// Maximum number of characters of a skill.
pub const MAX_SKILL_CHARS: usize = 40;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Training {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: SharedClock,
    interactions: Interactions,
    spoken: Arc<dyn Spoken>,
    folder: PathBuf,
}

impl std::fmt::Debug for Training {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Training")
    }
}

impl Training {
    /// Creates the service; `folder` holds the clips' own sound.
    pub fn new(
        db: Db,
        clock: SharedClock,
        interactions: Interactions,
        spoken: Arc<dyn Spoken>,
        folder: PathBuf,
    ) -> Self {
        Self { inner: Arc::new(Inner { db, clock, interactions, spoken, folder }) }
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Returns a clip if `who` may see it: a removed one only for those who can restore it.
    pub async fn find(&self, who: &Principal, id: &ClipId) -> Result<Clip, ClipError> {
        let found = store::find(self.inner.db.read().await?.conn(), id, who.staff_id()).await?;
        let clip = found.ok_or(ClipError::NotFound)?;
        if clip.removed_at.is_some() && !may_change(who, &clip) { Err(ClipError::NotFound) } else { Ok(clip) }
    }

    /// Returns the path of the clip's own sound; `None` if there is none (yet).
    pub fn audio_path(&self, clip: &Clip) -> Option<PathBuf> {
        clip.audio_key.as_ref().map(|key| self.inner.folder.join(key))
    }

    /// Records listening in the audit log; must be called before sending sound.
    pub async fn note_listening(&self, who: &Principal, id: &ClipId) -> Result<(), ClipError> {
        Ok(audit::look(&self.inner.db, who, "clip.played", &subject(id), self.now()).await?)
    }

    /// Returns the kinds of job of this feature.
    pub fn jobs(&self) -> Vec<jobs::Kind> {
        cutting::jobs(self)
    }
}

/// Whether `who` may change, remove and restore the clip: supervisors of the team it comes from.
pub fn may_change(who: &Principal, clip: &Clip) -> bool {
    let own = |team: &TeamId| matches!(who.visible(), Visible::Teams(teams) if teams.contains(team));
    Curate::has(who) && clip.team_id.as_ref().is_some_and(own)
}

/// Returns the subject of an audit entry.
fn subject(id: &ClipId) -> String {
    format!("clip:{id}")
}
