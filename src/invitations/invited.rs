//! Facts of an invitation.

use crate::clock::Timestamp;
use crate::ids::{AgentId, InteractionId, TeamId};
use crate::surveys::{About, LocalizedText, Settings, Version};
use std::sync::Arc;

/// Facts of an invitation that the survey page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// Interaction that the survey is about.
    pub interaction: InteractionId,
    /// Rated agent.
    pub agent: Option<AgentId>,
    /// Name of the agent, for customers.
    pub agent_name: Option<String>,
    /// Team of the interaction.
    pub team: Option<TeamId>,
    /// Version of the survey, with its wording.
    pub version: Arc<Version>,
    /// Language of the conversation, as the source reports it.
    pub locale: Option<String>,
    /// Topic of the conversation, in a few words.
    pub topic: Option<String>,
    /// `call`, `chat`, …
    pub channel: String,
    /// Time of the interaction.
    pub occurred_at: Timestamp,
    /// Offset from UTC that was sent with its time, in minutes east.
    pub utc_offset: Option<i64>,
    /// Time at which the mail with the link was sent; `None` for links from before this was recorded.
    pub sent_at: Option<Timestamp>,
}

impl Invited {
    /// Returns the texts for the invited customer. `chosen`: tag of the language chosen on the page.
    pub fn texts(&self, settings: &Settings, chosen: Option<&str>) -> LocalizedText<'_> {
        let language = self.version.language(chosen.or(self.locale.as_deref()));
        LocalizedText::about(settings, &self.version, language, &self.about())
    }

    /// Returns the facts of the conversation that texts mention.
    pub fn about(&self) -> About<'_> {
        About {
            agent: self.agent_name.clone(),
            topic: self.topic.as_deref(),
            occurred_at: Some(self.occurred_at),
            utc_offset: self.utc_offset,
            chat: self.channel == "chat",
        }
    }
}
