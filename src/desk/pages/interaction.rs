//! `/interactions/{id}`: the transcript or messages, with sound, and the customer's answer.

use super::clips_failed;
use super::parts::{self, PartLine};
use super::timeline::Timeline;
use crate::access::Role;
use crate::access::rights::{Curate, EditTranscripts, FollowUp as SeeFollowUps, Right, SeeInteractions, SeeResponses};
use crate::desk::words::{self, When};
use crate::desk::{Desk, Turn, turns};
use crate::followups::FollowUp;
use crate::ids::InteractionId;
use crate::interactions::{Channel, Interaction, Recording, SurveyState};
use crate::responses::Linked;
use crate::surveys::Further;
use crate::training::{ClipPlace, FlagForm};
use crate::transcription::{MissingModel, Speaker, State, TEST_MODEL};
use crate::web::unmasked::Words;
use crate::web::{PageError, Shell, SiteInfo, Viewer, html};
use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};

/// Header of the page.
struct Head {
    /// Title: "Call with Sydney Carton".
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

/// Sound and waveform.
struct Sound {
    /// Sources as URL and media type, in order of preference.
    sources: Vec<(String, String)>,
    peaks: String,
    channels: String,
    /// Whether it was read through, so that there is a waveform.
    ready: bool,
    /// Form for the speakers of its two channels.
    who_speaks: Option<WhoSpeaks>,
}

/// Speakers of the two channels of a recording.
struct WhoSpeaks {
    known: bool,
    /// Speaker of the first channel: "Agent", "Channel 1".
    first: String,
    second: String,
    /// Speakers of the channels after a swap.
    swapped: String,
}

impl WhoSpeaks {
    /// Returns the form values; `None` for recordings without two channels.
    fn new(speakers: &[String]) -> Option<Self> {
        let [first, second] = speakers else { return None };
        let label = |name: &String| name.parse::<Speaker>().unwrap_or_default().label();
        let known = !speakers.iter().any(|name| name.starts_with("channel-"));
        let (swapped, first, second) = (format!("{second},{first}"), label(first), label(second));
        Some(Self { known, first, second, swapped })
    }
}

impl Sound {
    fn new(recording: &Recording) -> Self {
        let base = format!("/api/v1/interactions/{}", recording.interaction_id);
        Self {
            sources: recording.sources(""),
            peaks: format!("{base}/peaks"),
            channels: recording.speakers().join(","),
            ready: recording.peaks.is_some(),
            who_speaks: WhoSpeaks::new(&recording.speakers()),
        }
    }
}

/// State of the survey, for the sidebar.
struct Survey {
    word: &'static str,
    class: &'static str,
    sentence: String,
}

impl Survey {
    fn new(i: &Interaction, settle: &str) -> Self {
        let (word, class) = words::survey(i.survey_state);
        let reason = words::survey_reason(i.survey_reason.as_deref()).unwrap_or_default();
        let sentence = match i.survey_state {
            SurveyState::Waiting if i.phase.rank() < 2 => "Decided once it is final.".into(),
            SurveyState::Waiting if !reason.is_empty() => reason,
            SurveyState::Waiting => format!("Decided {settle} after it is final."),
            SurveyState::Scheduled => "The invitation is on its way.".into(),
            SurveyState::Sent => "The survey was sent by mail.".into(),
            SurveyState::Held => "The invitation is held until there is a mail server. It is not lost.".into(),
            SurveyState::Closed => "The time to answer is over.".into(),
            SurveyState::Failed | SurveyState::Skipped => reason,
        };
        Self { word, class, sentence }
    }
}

/// A label and a duration.
struct Measure {
    name: &'static str,
    value: String,
}

fn measures(i: &Interaction) -> Vec<Measure> {
    let known = [("Wait", i.wait_ms), ("Talk", i.talk_ms), ("On hold", i.hold_ms)];
    known.into_iter().filter_map(|(name, ms)| Some(Measure { name, value: words::clock(ms?) })).collect()
}

/// State of a recording's transcript.
struct Transcript {
    /// `waiting`, `running`, `done`, `failed`, `cancelled`.
    state: &'static str,
    progress: f32,
    percent: i64,
    reason: Option<String>,
    /// URL in the API.
    source: String,
    /// Whether it was, or will be, made by the test model.
    test_model: bool,
    model: Option<String>,
    /// Notes about its origin, for readers.
    notes: Vec<&'static str>,
    /// Whether the speakers can't be told apart: all are on one channel.
    mixed: bool,
}

/// Linked answer.
struct Answer {
    score: Option<i64>,
    resolved: Option<bool>,
    comment: Option<String>,
    /// Further questions and answers, in words.
    further: Vec<(String, String)>,
}

impl Answer {
    fn new(linked: Linked, further: Vec<Further>) -> Self {
        let resolved = linked.resolved.as_deref().map(|said| said == "yes");
        let further = further.into_iter().map(|further| (further.question, further.answer)).collect();
        Self { score: linked.score, resolved, comment: linked.comment.filter(|text| !text.trim().is_empty()), further }
    }
}

#[derive(Template)]
#[template(path = "desk/interaction.html")]
struct InteractionPage {
    page: Shell,
    head: Head,
    sound: Option<Sound>,
    /// Whether there was a recording whose file is missing.
    sound_missing: bool,
    /// Files of the recording, if it has several.
    parts: Vec<PartLine>,
    transcript: Option<Transcript>,
    /// Set if its recording waits for a speech model.
    missing_model: Option<MissingModel>,
    turns: Vec<Turn>,
    answer: Option<Answer>,
    survey: Survey,
    measures: Vec<Measure>,
    /// Measures of the conversation.
    timeline: Option<Timeline>,
    clips: Vec<Clip>,
    /// Clips for the waveform, as JSON.
    clips_json: String,
    /// Form for flagging a clip, if the viewer may.
    flag: Option<FlagForm>,
    /// Masked or original texts.
    words: super::words::WordsView,
    intake: super::intake::IntakeView,
    /// Follow-ups about it, for supervisors.
    loops: Option<Loops>,
    /// Whether this role may see answers.
    sees_answers: bool,
    is_agent: bool,
    is_admin: bool,
    /// Whether the viewer may correct, stop or restart the transcript.
    may_edit: bool,
    /// Id in the URLs of the transcript's forms.
    id: String,
    k: u32,
}

/// Follow-ups and read state of a conversation.
struct Loops {
    follow_ups: Vec<FollowUpLine>,
    /// Name of the agent, if known.
    agent: Option<String>,
    /// Reader of the comment, and the day.
    read: Option<(String, String)>,
}

/// A follow-up about the conversation.
struct FollowUpLine {
    href: String,
    title: &'static str,
    state: &'static str,
}

impl From<FollowUp> for FollowUpLine {
    fn from(f: FollowUp) -> Self {
        Self { href: format!("/follow-ups/{}", f.id), title: f.reason.words(), state: f.state.words() }
    }
}

/// Returns `None` for roles without follow-ups.
async fn loops(who: &Viewer<SeeInteractions>, desk: &Desk, found: &Interaction) -> Result<Option<Loops>, PageError> {
    if !SeeFollowUps::has(who) {
        return Ok(None);
    }
    let follow_ups = desk.followups.of_interaction(who, &found.id).await?.into_iter().map(FollowUpLine::from).collect();
    let agent = found.agent_name.clone().filter(|_| found.agent_id.is_some());
    Ok(Some(Loops { follow_ups, agent, read: desk.responses.comment_read(&found.id).await? }))
}

/// Messages after a redirect.
const DID: &[(&str, &str)] = &[
    ("first", "It is next."),
    ("stopped", "The transcription is stopped. The recording stays."),
    ("channels", "The speakers are set. Figures, search and clips follow in a moment."),
    ("begun", "The transcription is queued."),
    ("commended", "The agent can read it now."),
];

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct NoticeQuery {
    did: String,
}

/// Returns the turns, and the state of the transcript if there is a recording.
async fn words_of(
    desk: &Desk,
    id: &InteractionId,
    recorded: bool,
    original: bool,
) -> Result<(Vec<Turn>, Option<Transcript>), PageError> {
    let written = turns::of_chat(super::words::messages(desk, id, original).await?);
    if !recorded {
        return Ok((written, None));
    }
    let stored = super::words::transcript(desk, id, original).await?;
    if matches!(stored.state, State::Waiting | State::Running) {
        // The reader of the page waits for it.
        desk.transcription.hurry(id).await?;
    }
    let by_test_model = match &stored.model {
        Some(name) => name == TEST_MODEL,
        None => desk.transcription.uses_test_model(),
    };
    let transcript = Transcript {
        state: stored.state.code(),
        progress: stored.progress,
        percent: (stored.progress.clamp(0.0, 1.0) * 100.0).round() as i64,
        reason: stored.reason,
        source: format!("/api/v1/interactions/{id}/transcript"),
        test_model: by_test_model,
        model: stored.model,
        notes: stored.notes.iter().map(|note| note.text()).collect(),
        mixed: !stored.segments.is_empty() && stored.segments.iter().all(|s| s.speaker == Speaker::Unknown),
    };
    // Messages are used instead of a transcript if an interaction has both.
    let turns = if written.is_empty() { turns::of_call(stored.segments, stored.corrections) } else { written };
    Ok((turns, Some(transcript)))
}

/// A part of it that is in the library.
#[derive(serde::Serialize)]
struct Clip {
    title: String,
    href: String,
    start_ms: i64,
    end_ms: i64,
    #[serde(skip)]
    span: String,
}

impl From<ClipPlace> for Clip {
    fn from(clip: ClipPlace) -> Self {
        Self {
            href: format!("/library/{}", clip.id),
            span: format!("{} to {}", words::clock(clip.start_ms), words::clock(clip.end_ms)),
            title: clip.title,
            start_ms: clip.start_ms,
            end_ms: clip.end_ms,
        }
    }
}

/// Returns JSON for a data attribute; the template escapes it.
fn json(clips: &[Clip]) -> String {
    serde_json::to_string(clips).unwrap_or_else(|_| "[]".into())
}

/// Returns the form that flags a part as exemplary, if there is something to cut and the viewer may.
async fn flag_form(
    who: &Viewer<SeeInteractions>,
    desk: &Desk,
    id: &InteractionId,
    something: bool,
) -> Result<Option<FlagForm>, PageError> {
    if !something || !Curate::has(who) {
        return Ok(None);
    }
    Ok(Some(FlagForm::new(id, &desk.training.skills().await.map_err(clips_failed)?)))
}

#[handler]
pub(super) async fn show_interaction(
    who: Viewer<SeeInteractions>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Path(id): Path<String>,
    Query(did): Query<NoticeQuery>,
    Query(asked): Query<super::words::WordsQuery>,
) -> Result<Response, PageError> {
    let original = asked.original(&who)?;
    let id: InteractionId = id.parse().map_err(|_| PageError::NotFound)?;
    let found = desk.interactions.find(&who.visible(), &id).await?.ok_or(PageError::NotFound)?;
    let recording = desk.interactions.recording(&id).await?;
    let (turns, transcript) = words_of(desk, &id, recording.is_some(), original).await?;
    let waits = transcript.as_ref().is_some_and(|transcript| transcript.state == State::Waiting.code());
    let missing_model = if waits { MissingModel::load(&desk.transcription, &who).await? } else { None };
    let answer = match desk.responses.linked_response(&who.principal, &id).await? {
        Some(linked) => {
            let further = desk.responses.further_answers(&id, &linked).await?;
            Some(Answer::new(linked, further))
        }
        None => None,
    };
    let clips: Vec<Clip> =
        desk.training.of_interaction(&id).await.map_err(clips_failed)?.into_iter().map(Clip::from).collect();
    let flag = flag_form(&who, desk, &id, recording.is_some() || !turns.is_empty()).await?;
    let timeline = Timeline::new(desk.measures.find(&id).await?.as_ref(), &turns, &found);
    let action = if turns.is_empty() { "interaction.viewed" } else { Words::look(original) };
    desk.interactions.note_look(&who.principal, action, &id).await?;
    desk.responses.note_look(&who.principal, &id).await?;
    Ok(html(&InteractionPage {
        page: Shell::new(&who, site, "/interactions").with_flash(Some(&did.did), DID),
        head: Head::new(&found, recording.as_ref()),
        sound: recording.as_ref().filter(|recording| recording.missing_since.is_none()).map(Sound::new),
        sound_missing: recording.as_ref().is_some_and(|recording| recording.missing_since.is_some()),
        parts: parts::lines(desk.interactions.parts(&id).await?),
        transcript,
        missing_model,
        turns,
        answer,
        survey: Survey::new(&found, &desk.settings.settle),
        measures: measures(&found),
        timeline,
        clips_json: json(&clips),
        clips,
        flag,
        words: super::words::WordsView::new(&who, &id, original),
        intake: super::intake::IntakeView::load(&who, desk, &found).await?,
        loops: loops(&who, desk, &found).await?,
        sees_answers: SeeResponses::has(&who),
        is_agent: who.role() == Some(Role::Agent),
        is_admin: who.role() == Some(Role::Admin),
        may_edit: EditTranscripts::has(&who),
        id: id.to_string(),
        k: desk.settings.k,
    }))
}
