//! Export formats of a transcript: text, subtitles, JSON.

use super::cues::cues;
use super::{Segment, Speaker, Transcript};
use std::fmt::Write as _;
use std::str::FromStr;

/// Export format of a transcript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A line per segment: time, speaker, text.
    #[default]
    Text,
    /// WebVTT with voices.
    Vtt,
    /// SubRip.
    Srt,
    /// JSON with all data.
    Json,
}

impl Format {
    /// Returns the media type for `Content-Type`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Vtt => "text/vtt; charset=utf-8",
            Self::Srt => "application/x-subrip; charset=utf-8",
            Self::Json => "application/json",
        }
    }

    /// Returns the file extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Vtt => "vtt",
            Self::Srt => "srt",
            Self::Json => "json",
        }
    }

    /// Returns the transcript in this format; ends with a line break unless it is empty.
    pub fn write(self, transcript: &Transcript) -> String {
        match self {
            Self::Text => text(&transcript.segments),
            Self::Vtt => vtt(&transcript.segments),
            Self::Srt => srt(&transcript.segments),
            Self::Json => serde_json::to_string_pretty(transcript).map_or_else(|_| String::new(), |json| json + "\n"),
        }
    }
}

/// Error: a name that is not a format.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no format; use text, vtt, srt or json")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        match name {
            "text" | "txt" => Ok(Self::Text),
            "vtt" => Ok(Self::Vtt),
            "srt" => Ok(Self::Srt),
            "json" => Ok(Self::Json),
            other => Err(UnknownFormat(other.to_owned())),
        }
    }
}

fn text(segments: &[Segment]) -> String {
    segments.iter().fold(String::new(), |mut out, segment| {
        let seconds = segment.start_ms / 1000;
        let (minutes, seconds) = (seconds / 60, seconds % 60);
        // Writing to a string does not fail.
        let _ = writeln!(out, "[{minutes:02}:{seconds:02}] {}: {}", segment.speaker.label(), one_line(&segment.text));
        out
    })
}

fn vtt(segments: &[Segment]) -> String {
    let mut out = "WEBVTT\n".to_owned();
    for (speaker, cue) in
        segments.iter().flat_map(|segment| cues(segment).into_iter().map(|cue| (segment.speaker, cue)))
    {
        let (start, end) = (clock(cue.start_ms, '.'), clock(cue.end_ms.max(cue.start_ms + 1), '.'));
        let words = one_line(&cue.text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = writeln!(out, "\n{start} --> {end}\n<v {}>{words}</v>", speaker.label());
    }
    out
}

fn srt(segments: &[Segment]) -> String {
    let mut out = String::new();
    let all = segments.iter().flat_map(|segment| cues(segment).into_iter().map(|cue| (segment.speaker, cue)));
    for (number, (speaker, cue)) in all.enumerate() {
        let (start, end) = (clock(cue.start_ms, ','), clock(cue.end_ms.max(cue.start_ms + 1), ','));
        let gap = if number == 0 { "" } else { "\n" };
        let voice = match speaker {
            Speaker::Unknown => String::new(),
            speaker => format!("{}: ", speaker.label()),
        };
        let _ = writeln!(out, "{gap}{}\n{start} --> {end}\n{voice}{}", number + 1, one_line(&cue.text));
    }
    out
}

/// Returns the text on one line: line breaks would end a cue, and control characters are not allowed in one.
fn one_line(text: &str) -> String {
    let spaced = text.replace(|c: char| c.is_control(), " ");
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn clock(ms: u64, point: char) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    format!("{:02}:{:02}:{:02}{point}{ms:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Transcript {
        let segment = |start_ms, end_ms, speaker, text: &str| Segment {
            start_ms,
            end_ms,
            speaker,
            text: text.to_owned(),
            confidence: 0.5,
            words: Vec::new(),
        };
        Transcript {
            language: "en".to_owned(),
            model: "m".to_owned(),
            audio_ms: 3_730_000,
            speech_ms: 1_840,
            segments: vec![
                segment(500, 2_340, Speaker::Agent, "Hello, <b>you</b> & me\n\n-->\0 there"),
                segment(3_723_004, 3_723_004, Speaker::Customer, "Bye."),
            ],
            notes: Vec::new(),
            speech: Vec::new(),
        }
    }

    #[test]
    fn subtitles_cannot_be_broken_by_what_is_said() {
        assert_eq!(
            Format::Vtt.write(&sample()),
            "WEBVTT\n\n00:00:00.500 --> 00:00:02.340\n<v Agent>Hello, &lt;b&gt;you&lt;/b&gt; &amp; me --&gt; there</v>\n\n\
             01:02:03.004 --> 01:02:03.005\n<v Customer>Bye.</v>\n"
        );
        assert_eq!(
            Format::Srt.write(&sample()),
            "1\n00:00:00,500 --> 00:00:02,340\nAgent: Hello, <b>you</b> & me --> there\n\n\
             2\n01:02:03,004 --> 01:02:03,005\nCustomer: Bye.\n"
        );
        assert_eq!(
            Format::Text.write(&sample()),
            "[00:00] Agent: Hello, <b>you</b> & me --> there\n[62:03] Customer: Bye.\n"
        );
    }

    #[test]
    fn json_comes_back_as_it_was() {
        let json = Format::Json.write(&sample());
        assert!(json.contains(r#""speaker": "agent""#));
        assert_eq!(serde_json::from_str::<Transcript>(&json).ok(), Some(sample()));
    }

    #[test]
    fn nothing_said_is_fine_too() {
        let empty = Transcript::default();
        assert_eq!((Format::Text.write(&empty), Format::Vtt.write(&empty)), (String::new(), "WEBVTT\n".to_owned()));
    }
}
