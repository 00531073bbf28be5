//! The endpoint of measures.

use super::{CallMeasures, ChatMeasures, Interruption, Measures, MeasuresOf, Nag, Place, SpeakerMeasures, Wait};
use crate::access::rights::SeeInteractions;
use crate::ids::InteractionId;
use crate::interactions::Interactions;
use crate::web::Allowed;
use crate::web::problem::ApiError;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// Talk time, dead air, interruptions and reply times.
    Measures,
}

/// The endpoint.
#[derive(Debug, Clone)]
pub struct Api {
    /// Interactions, and who may see them.
    pub interactions: Interactions,
    /// The service.
    pub measures: MeasuresOf,
}

/// A span of a recording.
#[derive(Debug, Clone, Object)]
#[oai(rename = "TimeSpan")]
struct PlaceOut {
    /// Start, ms from the beginning of the recording.
    start_ms: i64,
    /// End, ms from the beginning of the recording.
    end_ms: i64,
}

impl From<Place> for PlaceOut {
    fn from(place: Place) -> Self {
        Self { start_ms: place.start_ms, end_ms: place.end_ms }
    }
}

/// Measures of one speaker.
#[derive(Debug, Clone, Object)]
#[oai(rename = "SpeakerMeasures")]
struct SpeakerOut {
    /// Speaker: `agent`, `customer`, `unknown`, or `channel-3` for a channel without a speaker.
    speaker: String,
    /// Talk time, ms; it includes pauses of up to a second.
    talk_ms: i64,
    /// Share of all talk time, 0 to 1; null if the speakers can't be separated.
    talk_share: Option<f64>,
    /// Share of the other speakers, 0 to 1; null if the speakers can't be separated.
    listen_share: Option<f64>,
    /// Number of words.
    words: i64,
    /// Words per minute of the talk time; null if that is less than five seconds.
    words_per_minute: Option<f64>,
    /// Spans of talk, in order of time.
    spans: Vec<PlaceOut>,
}

impl From<SpeakerMeasures> for SpeakerOut {
    fn from(s: SpeakerMeasures) -> Self {
        Self {
            speaker: s.speaker.to_string(),
            talk_ms: s.talk_ms,
            talk_share: s.talk_share,
            listen_share: s.listen_share,
            words: s.words,
            words_per_minute: s.words_per_minute,
            spans: s.spans.into_iter().map(PlaceOut::from).collect(),
        }
    }
}

/// An interruption: one speaker made the other fall silent.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Interruption")]
struct InterruptionOut {
    /// Start of the interruption, ms from the beginning of the recording.
    at_ms: i64,
    /// Speaker who interrupted.
    by: String,
    /// Speaker who was interrupted.
    of: String,
    /// Time that both spoke, ms.
    overlap_ms: i64,
}

impl From<Interruption> for InterruptionOut {
    fn from(i: Interruption) -> Self {
        Self { at_ms: i.at_ms, by: i.by.to_string(), of: i.of.to_string(), overlap_ms: i.overlap_ms }
    }
}

/// Measures of a call.
#[derive(Debug, Clone, Object)]
#[oai(rename = "CallMeasures")]
struct CallOut {
    /// Duration of the recording, ms; null if unknown, the last word then counts as its end.
    length_ms: Option<i64>,
    /// Time that at least one speaker talked, ms.
    speech_ms: i64,
    /// Measures of each speaker.
    speakers: Vec<SpeakerOut>,
    /// Dead-air threshold, ms (`transcription.dead_air`): a longer silence is dead air.
    dead_air_after_ms: i64,
    /// Total dead air, ms. Hold time counts, since hold music is not speech.
    dead_air_ms: i64,
    /// Spans of dead air.
    dead_air: Vec<PlaceOut>,
    /// Longest silence; null if there is none.
    longest_silence: Option<PlaceOut>,
    /// Time that more than one speaker talked, ms; null if the speakers can't be separated.
    overlap_ms: Option<i64>,
    /// Spans in which more than one speaker talked.
    overlaps: Vec<PlaceOut>,
    /// Interruptions; null if the speakers can't be separated.
    interruptions: Option<Vec<InterruptionOut>>,
}

impl From<CallMeasures> for CallOut {
    fn from(c: CallMeasures) -> Self {
        let places = |all: Vec<Place>| all.into_iter().map(PlaceOut::from).collect();
        Self {
            length_ms: c.length_ms,
            speech_ms: c.speech_ms,
            speakers: c.speakers.into_iter().map(SpeakerOut::from).collect(),
            dead_air_after_ms: c.dead_air_after_ms,
            dead_air_ms: c.dead_air_ms,
            dead_air: places(c.dead_air),
            longest_silence: c.longest_silence.map(PlaceOut::from),
            overlap_ms: c.overlap_ms,
            overlaps: places(c.overlaps),
            interruptions: c.interruptions.map(|all| all.into_iter().map(InterruptionOut::from).collect()),
        }
    }
}

/// A wait of the customer for a reply.
#[derive(Debug, Clone, Object)]
#[oai(rename = "ChatWait")]
struct WaitOut {
    /// Index of the message that waited, from 0.
    message: i64,
    /// Duration of the wait, ms.
    ms: i64,
    /// Whether a reply came; if not, the wait lasts to the end of the chat.
    answered: bool,
}

impl From<Wait> for WaitOut {
    fn from(wait: Wait) -> Self {
        Self { message: wait.seq, ms: wait.ms, answered: wait.answered }
    }
}

/// Number of messages of each sender.
#[derive(Debug, Clone, Object)]
#[oai(rename = "MessageCounts")]
struct SidesOut {
    /// Messages of the customer.
    customer: i64,
    /// Messages of agents.
    agent: i64,
    /// Messages of bots.
    bot: i64,
    /// Messages of the chat system.
    system: i64,
    /// Messages of other senders.
    other: i64,
}

/// Measures of a chat.
#[derive(Debug, Clone, Object)]
#[oai(rename = "ChatMeasures")]
struct ChatOut {
    /// Number of messages of each sender.
    messages: SidesOut,
    /// Time from the customer's first message to the first reply of an agent, ms; null if there is none or a time is missing.
    first_reply_ms: Option<i64>,
    /// Median reply time, ms.
    median_reply_ms: Option<i64>,
    /// Longest wait for a reply.
    longest_wait: Option<WaitOut>,
    /// Every wait of known duration, in order of time.
    waits: Vec<WaitOut>,
    /// Indexes of pressure messages ("Are you still there?") among the messages, from 0.
    nags: Vec<i64>,
}

impl From<ChatMeasures> for ChatOut {
    fn from(c: ChatMeasures) -> Self {
        let s = c.messages;
        Self {
            messages: SidesOut { customer: s.customer, agent: s.agent, bot: s.bot, system: s.system, other: s.other },
            first_reply_ms: c.first_reply_ms,
            median_reply_ms: c.median_reply_ms,
            longest_wait: c.longest_wait.map(WaitOut::from),
            waits: c.waits.into_iter().map(WaitOut::from).collect(),
            nags: c.nags.into_iter().map(|Nag { seq, .. }| seq).collect(),
        }
    }
}

/// Measures of an interaction. An unknown measure is null, never zero.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Measures")]
struct MeasuresOut {
    /// Measures of a call; null without a transcript.
    call: Option<CallOut>,
    /// Measures of a chat; null without messages.
    chat: Option<ChatOut>,
}

impl From<Measures> for MeasuresOut {
    fn from(m: Measures) -> Self {
        Self { call: m.call.map(CallOut::from), chat: m.chat.map(ChatOut::from) }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Measures")]
impl Api {
    /// Get the measures of an interaction
    ///
    /// Returns talk and reply times, dead air and interruptions; docs/measures.md defines each. 404 until there is a transcript
    /// of the call or a message of the chat.
    #[oai(path = "/interactions/:id/measures", method = "get", operation_id = "getMeasures")]
    async fn get_measures(
        &self,
        who: Allowed<SeeInteractions>,
        /// Id of the interaction.
        id: Path<String>,
    ) -> Result<Json<MeasuresOut>, ApiError> {
        let hidden =
            || ApiError::not_found("interaction_not_found", "There is no such interaction, or it is not for you.");
        let id: InteractionId = id.parse().map_err(|_| hidden())?;
        self.interactions.find(&who.visible(), &id).await?.ok_or_else(hidden)?;
        let absent = || ApiError::not_found("measures_not_found", "Nothing of it has been measured yet.");
        let measures = self.measures.find(&id).await?.ok_or_else(absent)?;
        Ok(Json(measures.into()))
    }
}
