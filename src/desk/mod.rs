//! The staff pages that bring several features together: the desk by role, the list and the page of interactions, the
//! setup index, and the demo's own pages.
//!
//! It stands at the end of the order of features, so nothing depends on it. It has no SQL and no rules of its own: what
//! somebody may see, what a survey's state means and which figures are released is decided where those live; here it is
//! only put side by side.

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

use crate::clock::SharedClock;
use crate::database::{Db, DbError};
use crate::feedback::Feedback;
use crate::followups::FollowUps;
use crate::interactions::Interactions;
use crate::mail::Mail;
use crate::measures::MeasuresOf;
use crate::ratings::Ratings;
use crate::search::Search;
use crate::staff::{Directory, Staff, Team};
use crate::surveys::Surveys;
use crate::training::Training;
use crate::transcription::{ModelFolders, Transcription};
use crate::web::principal::Visible;
use crate::web::{Principal, SiteInfo};
use std::path::PathBuf;
use std::sync::Arc;

/// What the pages need to know of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// All of it as TOML, secrets masked: shown to administrators.
    pub configuration: String,
    /// The folder that mail is written to, where it is: the demo's mailbox.
    pub mailbox: Option<PathBuf>,
    /// Where mail that came back is read from, its password masked.
    pub returned: Option<String>,
    /// How long an interaction must have been final before its survey is decided, in words.
    pub settle: String,
    /// Where speech models lie.
    pub models: ModelFolders,
    /// The smallest batch of answers that is ever released.
    pub k: u32,
}

/// What the desk is made of: every feature, built already.
pub struct Parts {
    /// For the queue's own figures.
    pub db: Db,
    /// The time.
    pub clock: SharedClock,
    /// What pages need to know of the deployment.
    pub site: SiteInfo,
    /// Accounts and keys.
    pub staff: Staff,
    /// Teams and agents.
    pub directory: Directory,
    /// Calls and chats.
    pub interactions: Interactions,
    /// Recordings into words.
    pub transcription: Transcription,
    /// Who spoke how much, and who had to wait.
    pub measures: MeasuresOf,
    /// What was said, found by its words.
    pub search: Search,
    /// The outbox.
    pub mail: Mail,
    /// Surveys, and the answers that stand beside an interaction.
    pub surveys: Surveys,
    /// The training library.
    pub training: Training,
    /// Ratings in totals.
    pub ratings: Ratings,
    /// What customers wrote, and who has read it.
    pub feedback: Feedback,
    /// What somebody has to see to.
    pub followups: FollowUps,
    /// The configuration, as far as it is shown.
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
    /// Over these features.
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// The captured mail, where mail goes into files.
    pub fn mailbox(&self) -> Option<Mailbox> {
        self.settings.mailbox.clone().map(Mailbox::new)
    }
}

impl Desk {
    /// The teams whose interactions somebody sees: every one for administrators, a supervisor's own.
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
