//! Interactions as rows of a list.

use super::Desk;
use super::words::{self, When};
use crate::access::Principal;
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::ids::InteractionId;
use crate::interactions::{Channel, Figures, Interaction, Notice};
use crate::transcription::State;
use std::collections::HashMap;
use std::time::Duration;

/// A row, with all values as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InteractionLine {
    /// URL of its page.
    pub href: String,
    /// Topic of the interaction.
    pub title: String,
    /// Channel: "Call", "Chat".
    pub channel: &'static str,
    /// Icon of the channel.
    pub icon: &'static str,
    /// The team's name.
    pub team: Option<String>,
    /// The agent's name.
    pub agent: Option<String>,
    /// Linked rating, if the viewer may see it.
    pub score: Option<i64>,
    /// Reason for being listed, if the list has reasons.
    pub why: Option<String>,
    /// State of the survey in a word.
    pub survey: &'static str,
    /// CSS class of the survey's badge.
    pub survey_class: &'static str,
    /// Reason, if the survey was skipped or failed.
    pub survey_reason: Option<String>,
    /// State of the transcript in a word, and the class of its badge.
    pub transcript: Option<(&'static str, &'static str)>,
    /// Duration of the interaction.
    pub length: Option<String>,
    /// Time of the interaction.
    pub when: When,
}

impl InteractionLine {
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
            survey_reason: words::survey_reason(interaction.survey_reason.as_deref()),
            transcript: None,
            length: interaction.length_ms().or(interaction.talk_ms).map(words::clock),
            when: interaction.occurred_at.into(),
        }
    }
}

/// Returns why a rating makes a conversation worth a listen.
fn reason(score: i64) -> &'static str {
    match score {
        5 => "a very good rating: others can learn from it",
        1 => "a very poor rating: hear what went wrong",
        _ => "a poor rating: hear what went wrong",
    }
}

/// Returns the state of the transcript in words, and the class of its badge; chats are in writing and need none.
fn transcript(interaction: &Interaction, state: Option<State>) -> Option<(&'static str, &'static str)> {
    match (interaction.channel, state) {
        (Channel::Chat, _) => Some(("in writing", "ok")),
        (_, Some(State::Done)) => Some(("ready", "ok")),
        (_, Some(State::Running)) => Some(("being made", "info")),
        (_, Some(State::Failed)) => Some(("failed", "bad")),
        (_, Some(State::Cancelled)) => Some(("stopped", "warn")),
        (_, Some(State::Waiting)) => Some(("waiting", "")),
        (_, None) if interaction.has_recording() => Some(("waiting", "")),
        (_, None) => None,
    }
}

impl Desk {
    /// Returns interactions as rows, with the details that `who` may see.
    pub async fn lines(&self, who: &Principal, interactions: &[Interaction]) -> Result<Vec<InteractionLine>, DbError> {
        let ids: Vec<InteractionId> = interactions.iter().map(|i| i.id.clone()).collect();
        let states: HashMap<_, _> = self.transcription.states(&ids).await?.into_iter().collect();
        let scores = self.responses.linked_scores(who, &ids).await?;
        let line = |i: &Interaction| InteractionLine {
            score: scores.get(&i.id).copied(),
            transcript: transcript(i, states.get(&i.id).copied()),
            ..InteractionLine::new(i)
        };
        Ok(interactions.iter().map(line).collect())
    }

    /// Returns interactions worth a listen in a supervisor's teams, with reasons, and the rows of these interactions.
    /// Both together, so that the access to ratings is recorded once.
    pub async fn worth_and(
        &self,
        who: &Principal,
        most: i64,
        newest: Vec<Interaction>,
    ) -> Result<(Vec<InteractionLine>, Vec<InteractionLine>), DbError> {
        let rated = self.responses.worth_a_listen(who, most).await?;
        let notice = Notice { since: self.clock.now().minus(NOTICED_FOR), ..NOTICE };
        let measured = self.interactions.notable(&who.visible(), notice, most).await?;
        let figures: HashMap<InteractionId, Figures> = measured.into_iter().map(|n| (n.id, n.figures)).collect();
        let mut ids: Vec<InteractionId> = rated.iter().map(|(id, _)| id.clone()).collect();
        ids.extend(figures.keys().filter(|id| !rated.iter().any(|(other, _)| other == *id)).cloned());
        let worth = self.interactions.among(&who.visible(), &ids).await?;
        let count = worth.len();
        let all: Vec<Interaction> = worth.iter().cloned().chain(newest).collect();
        let mut lines = self.lines(who, &all).await?;
        let newest = lines.split_off(count);
        for (line, one) in lines.iter_mut().zip(&worth) {
            let rated = rated.iter().any(|(id, _)| *id == one.id);
            let rating = line.score.filter(|_| rated).map(reason);
            let measured = figures.get(&one.id).map(noticed).unwrap_or_default();
            let reasons: Vec<&str> = rating.into_iter().chain(measured.iter().map(String::as_str)).collect();
            line.why = (!reasons.is_empty()).then(|| words::capitalised(&reasons.join("; ")));
        }
        Ok((lines, newest))
    }
}

/// Thresholds of figures that make a conversation worth a listen; the start of the period is set by the caller.
const NOTICE: Notice = Notice { silence_ms: 30_000, unanswered_ms: 5 * 60_000, since: Timestamp(0) };
/// Period in which figures make a conversation worth a listen.
const NOTICED_FOR: Duration = Duration::from_secs(30 * 86_400);

/// Returns why figures make a conversation worth a listen.
fn noticed(figures: &Figures) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Some(ms) = figures.silence_ms.filter(|ms| *ms >= NOTICE.silence_ms) {
        reasons.push(format!("silence of {}", words::stretch(ms)));
    }
    if let Some(ms) = figures.unanswered_ms.filter(|ms| *ms >= NOTICE.unanswered_ms) {
        reasons.push(format!("the customer waits {} for a reply", words::stretch(ms)));
    }
    match figures.nags.unwrap_or_default() {
        0 => {}
        1 => reasons.push("a pressure message".to_owned()),
        n => reasons.push(format!("{n} pressure messages")),
    }
    reasons
}
