//! An interaction as a line of a list.

use super::words::{self, When};
use super::Desk;
use crate::database::DbError;
use crate::interactions::Interaction;
use crate::web::Principal;

/// One line; everything in words already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its page.
    pub href: String,
    /// What it was about.
    pub title: String,
    /// "Call", "Chat".
    pub channel: &'static str,
    /// The symbol of that.
    pub icon: &'static str,
    /// The team's name.
    pub team: Option<String>,
    /// The agent's name.
    pub agent: Option<String>,
    /// The linked rating, for those who may see it.
    pub score: Option<i64>,
    /// Why it stands here, where the list has a reason.
    pub why: Option<String>,
    /// The survey's state in a word.
    pub survey: &'static str,
    /// The class of its badge.
    pub survey_class: &'static str,
    /// Why it was skipped or failed.
    pub survey_reason: Option<String>,
    /// The transcript's state in a word, and the class of its badge.
    pub transcript: Option<(&'static str, &'static str)>,
    /// How long it took.
    pub length: Option<String>,
    /// When it was.
    pub when: When,
}

impl Line {
    fn new(interaction: &Interaction) -> Self {
        let (survey, survey_class) = words::survey(interaction.survey_state);
        Self {
            href: format!("/interactions/{}", interaction.id),
            title: words::title(interaction),
            channel: words::channel(interaction.channel),
            icon: words::channel_icon(interaction.channel),
            team: interaction.team_name.clone(),
            agent: interaction.agent_name.clone(),
            score: None,
            why: None,
            survey,
            survey_class,
            survey_reason: interaction.survey_reason.clone(),
            transcript: None,
            length: interaction.length_ms().or(interaction.talk_ms).map(words::clock),
            when: interaction.occurred_at.into(),
        }
    }
}

impl Desk {
    /// Interactions as lines, with what `who` may see beside them.
    pub async fn lines(&self, who: &Principal, interactions: &[Interaction]) -> Result<Vec<Line>, DbError> {
        let _ = who;
        Ok(interactions.iter().map(Line::new).collect())
    }
}
