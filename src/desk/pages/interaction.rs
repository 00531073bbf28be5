//! `/interactions/{id}`: what was said, with sound, and what the customer thought of it.

use crate::desk::words::{self, When};
use crate::desk::{Desk, Turn, turns};
use crate::ids::InteractionId;
use crate::interactions::{Channel, Interaction, Recording, SurveyState};
use crate::web::rights::{Right, SeeInteractions, SeeResponses};
use crate::web::{PageError, Role, Shell, SiteInfo, Viewer, html};
use askama::Template;
use poem::web::{Data, Path};
use poem::{Response, handler};

/// What the head of the page says.
struct Head {
    id: String,
    /// "Call with Sydney Carton".
    title: String,
    icon: &'static str,
    is_chat: bool,
    topic: String,
    team: Option<String>,
    queue: Option<String>,
    length: Option<String>,
    direction: Option<&'static str>,
    outcome: Option<&'static str>,
    over: bool,
    when: When,
    tags: Vec<String>,
    known_as: String,
}

impl Head {
    fn new(i: &Interaction, recording: Option<&Recording>) -> Self {
        let what = words::channel(i.channel);
        Self {
            id: i.id.to_string(),
            title: i.agent_name.as_ref().map_or_else(|| what.to_owned(), |name| format!("{what} with {name}")),
            icon: words::channel_icon(i.channel),
            is_chat: i.channel == Channel::Chat,
            topic: words::title(i),
            team: i.team_name.clone(),
            queue: i.queue.clone(),
            length: i.length_ms().or(recording.and_then(|r| r.duration_ms)).or(i.talk_ms).map(words::clock),
            direction: i.direction.as_deref().map(words::direction),
            outcome: i.outcome.as_deref().map(words::outcome),
            over: i.phase.rank() > 0,
            when: i.occurred_at.into(),
            tags: i.tags(),
            known_as: format!("{}/{}", i.source, i.external_id),
        }
    }
}

/// The sound and its waveform.
struct Sound {
    audio: String,
    peaks: String,
    channels: String,
    /// Has it been read through, so that there is a waveform?
    ready: bool,
}

impl Sound {
    fn new(recording: &Recording) -> Self {
        let base = format!("/api/v1/interactions/{}", recording.interaction_id);
        Self {
            audio: format!("{base}/recording"),
            peaks: format!("{base}/peaks"),
            channels: recording.speakers().join(","),
            ready: recording.peaks.is_some(),
        }
    }
}

/// What has become of the survey, for the side.
struct Survey {
    word: &'static str,
    class: &'static str,
    sentence: String,
}

impl Survey {
    fn new(i: &Interaction, settle: &str) -> Self {
        let (word, class) = words::survey(i.survey_state);
        let reason = i.survey_reason.clone().unwrap_or_default();
        let sentence = match i.survey_state {
            SurveyState::Waiting if i.phase.rank() < 2 => "Decided once it is final.".into(),
            SurveyState::Waiting => format!("Decided {settle} after it is final."),
            SurveyState::Scheduled => "The invitation is on its way.".into(),
            SurveyState::Sent => "The customer has been asked by mail.".into(),
            SurveyState::Held => "The invitation is held until there is a mail server. It is not lost.".into(),
            SurveyState::Closed => "The time to answer is over.".into(),
            SurveyState::Failed | SurveyState::Skipped => reason,
        };
        Self { word, class, sentence }
    }
}

/// A name and a length.
struct Measure {
    name: &'static str,
    value: String,
}

fn measures(i: &Interaction) -> Vec<Measure> {
    let known = [("Wait", i.wait_ms), ("Talk", i.talk_ms), ("On hold", i.hold_ms)];
    known.into_iter().filter_map(|(name, ms)| Some(Measure { name, value: words::clock(ms?) })).collect()
}

#[derive(Template)]
#[template(path = "desk/interaction.html")]
struct InteractionPage {
    page: Shell,
    head: Head,
    sound: Option<Sound>,
    turns: Vec<Turn>,
    survey: Survey,
    measures: Vec<Measure>,
    /// Does this role see answers?
    sees_answers: bool,
    is_agent: bool,
    k: u32,
}

#[handler]
pub(super) async fn show_interaction(
    who: Viewer<SeeInteractions>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id: InteractionId = id.parse().map_err(|_| PageError::NotFound)?;
    let found = desk.interactions.find(&who.visible(), &id).await?.ok_or(PageError::NotFound)?;
    let recording = desk.interactions.recording(&id).await?;
    let turns = turns::of_chat(desk.interactions.messages(&id).await?);
    let action = if turns.is_empty() { "interaction.viewed" } else { "transcript.viewed" };
    desk.interactions.note_look(&who.principal, action, &id).await?;
    Ok(html(&InteractionPage {
        page: Shell::new(&who, site, "/interactions"),
        head: Head::new(&found, recording.as_ref()),
        sound: recording.as_ref().map(Sound::new),
        turns,
        survey: Survey::new(&found, &desk.settings.settle),
        measures: measures(&found),
        sees_answers: SeeResponses::has(&who),
        is_agent: who.role() == Some(Role::Agent),
        k: desk.settings.k,
    }))
}
