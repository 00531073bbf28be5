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
    /// Who spoke or wrote how much, where it was quiet, who had to wait.
    Measures,
}

/// The endpoint.
#[derive(Debug, Clone)]
pub struct Api {
    /// Who may see what.
    pub interactions: Interactions,
    /// The service.
    pub measures: MeasuresOf,
}

/// A stretch of a recording.
#[derive(Debug, Clone, Object)]
#[oai(rename = "MeasuredPlace")]
struct PlaceOut {
    /// From the recording's beginning, ms.
    start_ms: i64,
    /// From the recording's beginning, ms.
    end_ms: i64,
}

impl From<Place> for PlaceOut {
    fn from(place: Place) -> Self {
        Self { start_ms: place.start_ms, end_ms: place.end_ms }
    }
}

/// One who spoke, or could have.
#[derive(Debug, Clone, Object)]
#[oai(rename = "SpeakerMeasures")]
struct SpeakerOut {
    /// `agent`, `customer`, `unknown` or `channel-3`.
    speaker: String,
    /// Speaking time, ms; pauses up to a second are within.
    talk_ms: i64,
    /// Part of all speaking time, 0 to 1; null where voices can't be told apart.
    talk_share: Option<f64>,
    /// The others' part, 0 to 1.
    listen_share: Option<f64>,
    /// Words.
    words: i64,
    /// Words a minute of the own speaking time; null where there are less than five seconds of it.
    words_per_minute: Option<f64>,
    /// Where they spoke, in order.
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

/// One cut the other short.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Interruption")]
struct InterruptionOut {
    /// When the second one began, ms from the recording's beginning.
    at_ms: i64,
    /// Who began.
    by: String,
    /// Who fell silent.
    of: String,
    /// How long both spoke, ms.
    overlap_ms: i64,
}

impl From<Interruption> for InterruptionOut {
    fn from(i: Interruption) -> Self {
        Self { at_ms: i.at_ms, by: i.by.to_string(), of: i.of.to_string(), overlap_ms: i.overlap_ms }
    }
}

/// What was measured of a call.
#[derive(Debug, Clone, Object)]
#[oai(rename = "CallMeasures")]
struct CallOut {
    /// The recording's length, ms; null: unknown, silence then ends with the last word.
    length_ms: Option<i64>,
    /// How long anybody spoke, ms.
    speech_ms: i64,
    /// Everybody.
    speakers: Vec<SpeakerOut>,
    /// A silence longer than this is dead air, ms (`transcription.dead_air`).
    dead_air_after_ms: i64,
    /// All dead air together, ms. Hold music is no speech: a hold counts.
    dead_air_ms: i64,
    /// Where.
    dead_air: Vec<PlaceOut>,
    /// The longest stretch in which nobody spoke; null: there was none.
    longest_silence: Option<PlaceOut>,
    /// How long more than one spoke, ms; null where voices can't be told apart.
    overlap_ms: Option<i64>,
    /// Where.
    overlaps: Vec<PlaceOut>,
    /// Where one cut the other short; null where voices can't be told apart.
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

/// The customer wrote and waited.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Wait")]
struct WaitOut {
    /// The message that waited, by its place from 0.
    message: i64,
    /// For so long, ms.
    ms: i64,
    /// Did a reply come? Else it waited to the chat's end.
    answered: bool,
}

impl From<Wait> for WaitOut {
    fn from(wait: Wait) -> Self {
        Self { message: wait.seq, ms: wait.ms, answered: wait.answered }
    }
}

/// Messages of each side.
#[derive(Debug, Clone, Object)]
#[oai(rename = "MessageCounts")]
struct SidesOut {
    /// The customer's.
    customer: i64,
    /// A person's on the company's side.
    agent: i64,
    /// A program's.
    bot: i64,
    /// The chat's own.
    system: i64,
    /// Somebody else's.
    other: i64,
}

/// What was measured of a chat.
#[derive(Debug, Clone, Object)]
#[oai(rename = "ChatMeasures")]
struct ChatOut {
    /// Messages of each side.
    messages: SidesOut,
    /// From the customer's first message to the first reply of a person, ms; null: no reply, or a time is missing.
    first_reply_ms: Option<i64>,
    /// Half of the replies came sooner than this, ms.
    median_reply_ms: Option<i64>,
    /// The longest wait for a reply.
    longest_wait: Option<WaitOut>,
    /// Every wait whose length is known, in their order.
    waits: Vec<WaitOut>,
    /// Canned nags ("Are you still there?"), by their place from 0.
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

/// What was measured of an interaction; what is unknown is null, never zero.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Measures")]
struct MeasuresOut {
    /// What was said; null without a transcript.
    call: Option<CallOut>,
    /// What was written; null without messages.
    chat: Option<ChatOut>,
}

impl From<Measures> for MeasuresOut {
    fn from(m: Measures) -> Self {
        Self { call: m.call.map(CallOut::from), chat: m.chat.map(ChatOut::from) }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Measures")]
impl Api {
    /// The measures of an interaction
    ///
    /// 404 until there are words to measure: a call needs its transcript, a chat its messages. What each figure means
    /// stands in docs/measures.md.
    #[oai(path = "/interactions/:id/measures", method = "get", operation_id = "getMeasures")]
    async fn get_measures(
        &self,
        who: Allowed<SeeInteractions>,
        /// The interaction's id.
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
