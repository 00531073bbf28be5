//! Staff pages that combine several features: the desk by role, the list and the page of interactions, the setup index,
//! and the demo's own pages.
//!
//! It is last in the order of features, so nothing depends on it. It has no SQL and no rules of its own: visibility,
//! survey states and released figures are decided by their features; here they are only combined.

mod first_steps;
mod lines;
mod mailbox;
pub mod pages;
mod turns;
mod words;

pub use first_steps::FirstSteps;
pub use lines::InteractionLine;
pub use mailbox::{Captured, Mailbox, Opened, TextPiece};
pub use turns::Turn;

use crate::access::Principal;
use crate::access::principal::Visible;
use crate::clock::SharedClock;
use crate::database::{Db, DbError};
use crate::feedback::Feedback;
use crate::followups::FollowUps;
use crate::interactions::Interactions;
use crate::invitations::Invitations;
use crate::mail::Mail;
use crate::measures::MeasuresOf;
use crate::ratings::Ratings;
use crate::responses::Responses;
use crate::search::Search;
use crate::staff::{Directory, Staff, Team};
use crate::surveys::Surveys;
use crate::training::Training;
use crate::transcription::{ModelFolders, Transcription};
use crate::web::SiteInfo;
use std::path::PathBuf;
use std::sync::Arc;

/// Settings shown on the pages.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Configuration as TOML, secrets masked: shown to administrators.
    pub configuration: String,
    /// Folder of captured mail, if mail is written to files: the demo's mailbox.
    pub mailbox: Option<PathBuf>,
    /// Source of bounced mail, its password masked.
    pub returned: Option<String>,
    /// Time between the final phase and the decision of the survey, in words.
    pub settle: String,
    /// Folders of speech models.
    pub models: ModelFolders,
    /// Minimum batch size of a release.
    pub k: u32,
}

/// Features that the desk combines.
pub struct Parts {
    /// Database, for the figures of the job queue.
    pub db: Db,
    /// Clock.
    pub clock: SharedClock,
    /// Facts of the deployment for pages.
    pub site: SiteInfo,
    /// Accounts and keys.
    pub staff: Staff,
    /// Teams and agents.
    pub directory: Directory,
    /// Calls and chats.
    pub interactions: Interactions,
    /// Transcription of recordings.
    pub transcription: Transcription,
    /// Measures of speaking and waiting times.
    pub measures: MeasuresOf,
    /// Full-text search.
    pub search: Search,
    /// Outbox.
    pub mail: Mail,
    /// Surveys, and linked answers.
    pub surveys: Surveys,
    /// Invitations.
    pub invitations: Invitations,
    /// Responses.
    pub responses: Responses,
    /// Training library.
    pub training: Training,
    /// Released ratings.
    pub ratings: Ratings,
    /// Customers' comments, and their read state.
    pub feedback: Feedback,
    /// Follow-ups.
    pub followups: FollowUps,
    /// Shown parts of the configuration.
    pub settings: Settings,
}

/// The service behind the pages. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    parts: Arc<Parts>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Desk")
    }
}

impl std::ops::Deref for Desk {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl Desk {
    /// Creates the service over these features.
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// Returns the captured mail, if mail is written to files.
    pub fn mailbox(&self) -> Option<Mailbox> {
        self.settings.mailbox.clone().map(Mailbox::new)
    }
}

impl Desk {
    /// Returns the teams whose interactions a viewer may see: all for administrators, a supervisor's own.
    pub async fn teams_of(&self, who: &Principal) -> Result<Vec<Team>, DbError> {
        let mut teams = self.directory.teams().await?;
        match who.visible() {
            Visible::All => {}
            Visible::Teams(own) => teams.retain(|team| own.contains(&team.id)),
            Visible::Own(_) | Visible::None => teams.clear(),
        }
        Ok(teams)
    }
}
