//! Parts of a recording: their names, their order in time, and their channels by speaker.
//!
//! A system may send one file for each leg of a call, for each direction, or for a voicemail. A recording of one part
//! is that file. Several are assembled into one file by a job (`assembly`):
//!
//! - Two parts of one channel each, of which one is the agent's and the other the customer's, are the two directions of
//!   one call: they begin together, or at their offsets.
//! - All others: parts with an offset begin there; the others follow one after the other, in the order of their first
//!   receipt, after the end of all parts with an offset.
//!
//! The assembled recording has one channel for each speaker: the agent's, the customer's, one for each numbered channel
//! whose speaker is unknown, and one for parts in which the speakers share a channel.

use super::upload::numbered_channel;
use super::{Recording, RecordingError};
use crate::audio::{AudioError, MAX_CHANNELS, MAX_DURATION_MS};
use crate::clock::Timestamp;
use crate::ids::InteractionId;
use std::collections::BTreeSet;

/// Name of the part that is sent without a name.
pub const MAIN_PART: &str = "main";
/// Maximum number of parts of a recording.
pub const MAX_PARTS: usize = 16;
/// Maximum length of a part's name.
pub const MAX_PART_NAME_CHARS: usize = 64;
/// Maximum sample rate of an assembled recording, Hz: more than any telephone has.
const MAX_ASSEMBLED_RATE: i64 = 24_000;

/// A stored part of a recording.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Part {
    /// Interaction of the recording.
    pub interaction_id: InteractionId,
    /// Name given by the source.
    pub name: String,
    /// Rank by first receipt, from 1.
    pub(in crate::interactions) seq: i64,
    /// Name of the file in the store.
    pub object_key: String,
    /// Size in bytes.
    pub bytes: i64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Code of its [`crate::audio::AudioFormat`].
    pub format: String,
    /// Value of `Content-Type`.
    pub media_type: String,
    /// Number of channels, 1 to 8.
    pub channels: i64,
    /// Speakers of the channels, as a JSON array; see [`Part::speakers`].
    pub(in crate::interactions) speakers: String,
    /// Speakers last named by its sender, likewise; `None`: none were named.
    pub(in crate::interactions) sent_speakers: Option<String>,
    /// Sample rate in Hz.
    pub sample_rate: i64,
    /// Duration in ms.
    pub duration_ms: i64,
    /// Start within the recording in ms; `None`: not given.
    pub offset_ms: Option<i64>,
    /// Time since which its file has been missing; `None`: it exists.
    pub missing_since: Option<Timestamp>,
}

impl Part {
    /// Returns the speakers of the channels in order: `agent`, `customer`, `unknown` or, of several channels,
    /// `channel-1`.
    pub fn speakers(&self) -> Vec<String> {
        serde_json::from_str(&self.speakers).unwrap_or_default()
    }

    /// Whether `sent` is the same sound at the same place, and its sender names the same speakers as before, or none.
    pub(super) fn is_same_delivery(&self, sent: &Self) -> bool {
        let same_speakers = sent.sent_speakers.is_none() || self.sent_speakers == sent.sent_speakers;
        let same_offset = sent.offset_ms.is_none() || self.offset_ms == sent.offset_ms;
        self.sha256 == sent.sha256 && same_speakers && same_offset
    }

    /// Returns the same part with what a later delivery of the same sound says about it.
    pub(super) fn told_again(&self, sent: &Self) -> Self {
        let mut part = self.clone();
        if sent.sent_speakers.is_some() {
            part.speakers.clone_from(&sent.speakers);
            part.sent_speakers.clone_from(&sent.sent_speakers);
        }
        part.offset_ms = sent.offset_ms.or(self.offset_ms);
        part
    }

    /// Returns the recording that has this part only.
    pub(super) fn recording(&self) -> Recording {
        Recording {
            interaction_id: self.interaction_id.clone(),
            object_key: self.object_key.clone(),
            bytes: self.bytes,
            sha256: self.sha256.clone(),
            format: self.format.clone(),
            media_type: self.media_type.clone(),
            channels: self.channels,
            speakers: self.speakers.clone(),
            sent_speakers: self.sent_speakers.clone(),
            staff_set_speakers: false,
            assembled_from: None,
            sample_rate: self.sample_rate,
            duration_ms: Some(self.duration_ms),
            peaks: None,
            missing_since: None,
            locale: None,
        }
    }

    fn slots(&self) -> Vec<Slot> {
        let is_alone = self.channels == 1;
        let slot = |(at, name): (usize, &String)| match name.as_str() {
            "agent" => Slot::Agent,
            "customer" => Slot::Customer,
            _ if is_alone => Slot::Shared,
            _ => Slot::Numbered(at),
        };
        self.speakers().iter().enumerate().map(slot).collect()
    }
}

/// Checks the name of a part.
pub(super) fn check_name(name: &str) -> Result<(), RecordingError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let fits = (1..=MAX_PART_NAME_CHARS).contains(&name.len()) && name.chars().all(is_allowed);
    if fits && name.chars().any(|c| c != '.') {
        return Ok(());
    }
    let text = format!("part: 1 to {MAX_PART_NAME_CHARS} of the characters A-Z a-z 0-9 . _ -, not only dots");
    Err(RecordingError::Part(text))
}

/// Checks the start of a part within the recording, ms.
pub(super) fn check_offset(offset_ms: Option<i64>) -> Result<(), RecordingError> {
    match offset_ms {
        Some(ms) if u64::try_from(ms).map_or(true, |ms| ms > MAX_DURATION_MS) => {
            Err(RecordingError::Part(format!("offset_ms: 0 to {MAX_DURATION_MS}")))
        }
        _ => Ok(()),
    }
}

/// Speaker, or speakers, of a channel of an assembled recording, in the order of its channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Agent,
    Customer,
    /// A channel of several whose speaker is unknown, by its index in the part.
    Numbered(usize),
    /// The only channel of a part, with unknown speakers.
    Shared,
}

/// Arrangement of several parts in one recording.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Arrangement {
    /// Speakers of the channels.
    pub speakers: Vec<String>,
    /// Sample rate, Hz.
    pub sample_rate: u32,
    /// Parts, in the order in which they were first received.
    pub parts: Vec<PlacedPart>,
}

/// A part in an arrangement.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct PlacedPart {
    /// Name of its file.
    pub object_key: String,
    /// Start, ms.
    pub start_ms: i64,
    /// Channel of the recording for each of its channels, from 0.
    pub channels: Vec<usize>,
}

impl Arrangement {
    /// Returns the arrangement of parts in the order of their receipt. Errors: the recording would be too long.
    pub fn new(parts: &[Part]) -> Result<Self, RecordingError> {
        let starts = starts(parts);
        let end = |(part, start): (&Part, &i64)| start.saturating_add(part.duration_ms);
        let length = parts.iter().zip(&starts).map(end).max().unwrap_or(0);
        if u64::try_from(length).map_or(true, |ms| ms > MAX_DURATION_MS) {
            return Err(AudioError::TooLong.into());
        }
        let slots: BTreeSet<Slot> = parts.iter().flat_map(Part::slots).collect();
        let slots: Vec<Slot> = slots.into_iter().collect();
        let last = usize::from(MAX_CHANNELS) - 1;
        // Channels beyond the maximum share the last one.
        let channel = |slot: &Slot| slots.iter().position(|one| one == slot).unwrap_or(last).min(last);
        let count = slots.len().min(last + 1);
        let speaker = |(at, slot): (usize, &Slot)| match slot {
            Slot::Agent => "agent".to_owned(),
            Slot::Customer => "customer".to_owned(),
            Slot::Numbered(_) | Slot::Shared => numbered_channel(at + 1, count),
        };
        let place = |(part, start_ms): (&Part, i64)| PlacedPart {
            object_key: part.object_key.clone(),
            start_ms,
            channels: part.slots().iter().map(channel).collect(),
        };
        let rate = parts.iter().map(|part| part.sample_rate).max().unwrap_or(0).min(MAX_ASSEMBLED_RATE);
        Ok(Self {
            speakers: slots.iter().take(count).enumerate().map(speaker).collect(),
            sample_rate: u32::try_from(rate).unwrap_or_default(),
            parts: parts.iter().zip(starts).map(place).collect(),
        })
    }

    /// Returns the arrangement that a recording was assembled by.
    pub fn of_recording(recording: &Recording) -> Option<Self> {
        serde_json::from_str(recording.assembled_from.as_deref()?).ok()
    }

    /// Returns the speakers of each part after the channels of the recording have got these speakers.
    pub fn speakers_of_parts(&self, after: &[String]) -> Vec<(&str, Vec<String>)> {
        let of_part = |part: &PlacedPart| {
            let count = part.channels.len();
            let speaker = |(at, channel): (usize, &usize)| match after.get(*channel).map(String::as_str) {
                Some(known @ ("agent" | "customer")) => known.to_owned(),
                _ => numbered_channel(at + 1, count),
            };
            part.channels.iter().enumerate().map(speaker).collect()
        };
        self.parts.iter().map(|part| (part.object_key.as_str(), of_part(part))).collect()
    }
}

/// Returns the start of each part, ms.
fn starts(parts: &[Part]) -> Vec<i64> {
    if are_two_directions(parts) {
        return parts.iter().map(|part| part.offset_ms.unwrap_or(0)).collect();
    }
    let end = |part: &Part| Some(part.offset_ms?.saturating_add(part.duration_ms));
    let mut next = parts.iter().filter_map(end).max().unwrap_or(0);
    let start = |part: &Part| {
        part.offset_ms.unwrap_or_else(|| {
            let start = next;
            next = next.saturating_add(part.duration_ms);
            start
        })
    };
    parts.iter().map(start).collect()
}

fn are_two_directions(parts: &[Part]) -> bool {
    let [one, other] = parts else { return false };
    let speakers = BTreeSet::from([one.speakers(), other.speakers()]);
    speakers == BTreeSet::from([vec!["agent".to_owned()], vec!["customer".to_owned()]])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a part with these speakers, of ten seconds.
    fn part(seq: i64, speakers: &str, offset_ms: Option<i64>) -> Part {
        let speakers: Vec<&str> = speakers.split(',').collect();
        Part {
            interaction_id: "3f1c2f4e-8d7b-4b7e-9a51-0d9b6f1f2a11".parse().unwrap(),
            name: format!("part-{seq}"),
            seq,
            object_key: format!("{seq}.wav"),
            bytes: 1,
            sha256: String::new(),
            format: "wav".into(),
            media_type: "audio/wav".into(),
            channels: speakers.len() as i64,
            speakers: serde_json::json!(speakers).to_string(),
            sent_speakers: None,
            sample_rate: 8_000,
            duration_ms: 10_000,
            offset_ms,
            missing_since: None,
        }
    }

    /// Returns speakers, and start and channels of each part.
    fn arranged(parts: &[Part]) -> (String, Vec<(i64, Vec<usize>)>) {
        let arrangement = Arrangement::new(parts).unwrap();
        let places = arrangement.parts.iter().map(|part| (part.start_ms, part.channels.clone())).collect();
        (arrangement.speakers.join(","), places)
    }

    #[test]
    fn two_directions_begin_together_and_legs_follow_one_another() {
        let directions = arranged(&[part(1, "customer", None), part(2, "agent", Some(300))]);
        assert_eq!(directions, ("agent,customer".into(), vec![(0, vec![1]), (300, vec![0])]));
        let legs = arranged(&[part(1, "agent,customer", None), part(2, "customer,agent", None)]);
        assert_eq!(legs, ("agent,customer".into(), vec![(0, vec![0, 1]), (10_000, vec![1, 0])]));
        let one_speaker = arranged(&[part(1, "agent", None), part(2, "agent", None)]);
        assert_eq!(one_speaker, ("agent".into(), vec![(0, vec![0]), (10_000, vec![0])]));
    }

    #[test]
    fn parts_with_an_offset_come_first_and_the_others_behind_them() {
        let mixed = [part(1, "unknown", None), part(2, "unknown", Some(20_000)), part(3, "unknown", Some(0))];
        let starts: Vec<i64> = arranged(&mixed).1.into_iter().map(|(start, _)| start).collect();
        assert_eq!(starts, [30_000, 20_000, 0]);
    }

    #[test]
    fn channels_are_those_of_the_same_speaker() {
        let parts = [part(1, "channel-1,channel-2", None), part(2, "agent,customer", None), part(3, "unknown", None)];
        let (speakers, places) = arranged(&parts);
        assert_eq!(speakers, "agent,customer,channel-3,channel-4,channel-5");
        assert_eq!(places.into_iter().map(|(_, map)| map).collect::<Vec<_>>(), [vec![2, 3], vec![0, 1], vec![4]]);
        let alone = arranged(&[part(1, "unknown", None), part(2, "unknown", None)]);
        assert_eq!(alone.0, "unknown");
    }

    #[test]
    fn speakers_of_the_recording_are_those_of_its_parts() {
        let parts = [part(1, "customer", None), part(2, "agent", None)];
        let arrangement = Arrangement::new(&parts).unwrap();
        let swapped = arrangement.speakers_of_parts(&["customer".into(), "agent".into()]);
        assert_eq!(swapped, [("1.wav", vec!["agent".to_owned()]), ("2.wav", vec!["customer".to_owned()])]);
        let unknown = arrangement.speakers_of_parts(&["channel-1".into(), "agent".into()]);
        assert_eq!(unknown, [("1.wav", vec!["agent".to_owned()]), ("2.wav", vec!["unknown".to_owned()])]);
        let recording =
            Recording { assembled_from: Some(serde_json::json!(arrangement).to_string()), ..parts[0].recording() };
        assert_eq!(Arrangement::of_recording(&recording), Some(arrangement));
    }

    #[test]
    fn more_than_six_hours_are_refused() {
        let long = [part(1, "unknown", Some(0)), part(2, "unknown", Some(6 * 3_600_000))];
        assert!(matches!(Arrangement::new(&long), Err(RecordingError::Audio(AudioError::TooLong))));
        assert!(check_offset(Some(-1)).is_err() && check_offset(Some(0)).is_ok() && check_offset(None).is_ok());
    }

    #[test]
    fn names_are_plain() {
        for name in ["a", "leg-1", "agent.rx_2", &"x".repeat(64)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", "a/b", "a b", "ä", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
