//! What was said, by whom, when.

use std::fmt;
use std::str::FromStr;

/// A whole recording in words.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Transcript {
    /// Two-letter code of the language that was spoken, or assumed.
    pub language: String,
    /// The catalogue name of the model, or its file's name.
    pub model: String,
    /// How long the recording plays.
    #[serde(default)]
    pub audio_ms: u64,
    /// How much of it somebody speaks, all channels together: what the model had to listen to.
    #[serde(default)]
    pub speech_ms: u64,
    /// When somebody speaks, by channel.
    #[serde(default)]
    pub speech: Vec<ChannelSpeech>,
    /// In order of time.
    pub segments: Vec<Segment>,
    /// What a reader should know about how this came about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// When somebody speaks on a channel, as it was found in the sound.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ChannelSpeech {
    /// Who.
    pub speaker: Speaker,
    /// Begin and end in ms from the beginning of the recording; in order, and apart.
    pub spans: Vec<(u64, u64)>,
}

/// Something somebody said in one go.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Segment {
    /// From the beginning of the recording.
    pub start_ms: u64,
    /// Not before `start_ms`, not behind the end of the recording.
    pub end_ms: u64,
    /// Who.
    pub speaker: Speaker,
    /// As the model wrote it, with punctuation.
    pub text: String,
    /// 0 to 1: the model's own mean estimate, no measured accuracy.
    pub confidence: f32,
    /// The text word by word.
    pub words: Vec<Word>,
}

/// One word with its punctuation.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Word {
    /// From the beginning of the recording.
    pub start_ms: u64,
    /// Not before `start_ms`.
    pub end_ms: u64,
    /// Without spaces around it.
    pub text: String,
    /// 0 to 1.
    pub confidence: f32,
}

/// What a reader of a transcript should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// The file ended before its sound did, or had gaps.
    Truncated,
    /// Both channels carry the same sound, so speakers cannot be told apart.
    SameOnBothChannels,
    /// The channels leak into each other so much that speakers cannot be told apart.
    ChannelsLeak,
    /// The channels leak into each other; what was only heard on the other one was left out.
    CrosstalkRemoved,
}

impl Note {
    /// For people's eyes.
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

/// Who speaks on a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Speaker {
    /// The company's side.
    Agent,
    /// The customer.
    Customer,
    /// Nobody said who is on this channel (counted from 1).
    Channel(u16),
    /// One channel with everybody on it.
    #[default]
    Unknown,
}

impl Speaker {
    /// For people's eyes.
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

/// A name of a speaker that is none.
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
