//! Transcript: segments, words, speakers and times.

use std::fmt;
use std::str::FromStr;

/// Transcript of a recording.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Transcript {
    /// Two-letter code of the spoken or assumed language.
    pub language: String,
    /// Catalogue name of the model, or the name of its file.
    pub model: String,
    /// Duration of the recording, ms.
    #[serde(default)]
    pub audio_ms: u64,
    /// Duration of speech, all channels together, ms: the input of the model.
    #[serde(default)]
    pub speech_ms: u64,
    /// Spans of speech, by channel.
    #[serde(default)]
    pub speech: Vec<ChannelSpeech>,
    /// Segments, in order of time.
    pub segments: Vec<Segment>,
    /// Notes for readers on the quality of the recording.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// Spans of speech on a channel, as detected in the audio.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ChannelSpeech {
    /// Speaker.
    pub speaker: Speaker,
    /// Begin and end of each span, ms from the beginning of the recording; in order, disjoint.
    pub spans: Vec<(u64, u64)>,
}

/// A segment: an uninterrupted utterance of one speaker.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Segment {
    /// Start, ms from the beginning of the recording.
    pub start_ms: u64,
    /// End, ms; at least `start_ms`, at most the end of the recording.
    pub end_ms: u64,
    /// Speaker.
    pub speaker: Speaker,
    /// Text of the model, with punctuation.
    pub text: String,
    /// Confidence from 0 to 1: mean of the model's own estimates, not a measured accuracy.
    pub confidence: f32,
    /// The text word by word.
    pub words: Vec<Word>,
}

/// One word with its punctuation.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Word {
    /// Start, ms from the beginning of the recording.
    pub start_ms: u64,
    /// End, ms; at least `start_ms`.
    pub end_ms: u64,
    /// Text, trimmed.
    pub text: String,
    /// Confidence from 0 to 1.
    pub confidence: f32,
}

/// Note for readers of a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// The file ended before its audio did, or had gaps.
    Truncated,
    /// Both channels carry the same audio, so speakers cannot be told apart.
    SameOnBothChannels,
    /// The channels leak into each other so much that speakers cannot be told apart.
    ChannelsLeak,
    /// The channels leak into each other; speech that leaked from the other channel was left out.
    CrosstalkRemoved,
}

impl Note {
    /// Returns the note as a sentence.
    pub fn text(self) -> &'static str {
        match self {
            Self::Truncated => "the recording is cut off or damaged; what is there was transcribed",
            Self::SameOnBothChannels => "both channels carry the same sound, so the speakers cannot be told apart",
            Self::ChannelsLeak => "the channels leak into each other, so the speakers cannot be told apart",
            Self::CrosstalkRemoved => {
                "the channels leak into each other; what was heard on the wrong channel was left out"
            }
        }
    }
}

/// Speaker on a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Speaker {
    /// The agent.
    Agent,
    /// The customer.
    Customer,
    /// Unassigned channel (counted from 1).
    Channel(u16),
    /// One channel with all speakers on it.
    #[default]
    Unknown,
}

impl Speaker {
    /// Returns the label for people.
    pub fn label(self) -> String {
        match self {
            Self::Agent => "Agent".to_owned(),
            Self::Customer => "Customer".to_owned(),
            Self::Channel(number) => format!("Channel {number}"),
            Self::Unknown => "Speaker".to_owned(),
        }
    }
}

impl fmt::Display for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent => f.write_str("agent"),
            Self::Customer => f.write_str("customer"),
            Self::Channel(number) => write!(f, "channel-{number}"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// Error: a name that is not a speaker.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no speaker; use agent, customer, unknown or channel-1 …")]
pub struct UnknownSpeaker(String);

impl FromStr for Speaker {
    type Err = UnknownSpeaker;

    fn from_str(text: &str) -> Result<Self, UnknownSpeaker> {
        match text.trim() {
            "agent" => Ok(Self::Agent),
            "customer" => Ok(Self::Customer),
            "unknown" => Ok(Self::Unknown),
            other => other
                .strip_prefix("channel-")
                .and_then(|number| number.parse().ok())
                .filter(|number| *number > 0)
                .map(Self::Channel)
                .ok_or_else(|| UnknownSpeaker(other.to_owned())),
        }
    }
}

impl serde::Serialize for Speaker {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Speaker {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speakers_are_written_and_read_alike() {
        for speaker in [Speaker::Agent, Speaker::Customer, Speaker::Channel(3), Speaker::Unknown] {
            assert_eq!(speaker.to_string().parse(), Ok(speaker));
        }
        assert!("channel-0".parse::<Speaker>().is_err());
        assert!("bot".parse::<Speaker>().is_err());
    }
}
