//! Measures of a call, from its transcript.

use super::runs::{Run, runs};
use super::spans::{Place, between, common, joined, total};
use super::wording;
use crate::transcription::{ChannelSpeech, Segment, Speaker};
use std::collections::BTreeSet;

/// Minimum overlap that counts as an interruption, ms.
const CUT_MS: i64 = 300;
/// Time within which the interrupted speaker falls silent, ms; else both just go on.
const STOPS_WITHIN_MS: i64 = 2_000;
/// Minimum talk time for a speaking rate, ms.
const PACE_FROM_MS: i64 = 5_000;

/// Measures of a call. Times are ms from the recording's beginning.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CallMeasures {
    /// Length of the recording; `None`: unknown, silence then ends with the last word.
    pub length_ms: Option<i64>,
    /// Time during which anyone spoke.
    pub speech_ms: i64,
    /// Measures of each speaker: agent, customer, others.
    pub speakers: Vec<SpeakerMeasures>,
    /// Minimum length of a silence that is dead air.
    pub dead_air_after_ms: i64,
    /// Stretches of dead air.
    pub dead_air: Vec<Place>,
    /// Total length of dead air.
    pub dead_air_ms: i64,
    /// Longest silence; `None`: there was none.
    pub longest_silence: Option<Place>,
    /// Time during which more than one spoke; `None` where voices can't be told apart.
    pub overlap_ms: Option<i64>,
    /// Stretches of overlap.
    pub overlaps: Vec<Place>,
    /// Interruptions; `None` where voices can't be told apart.
    pub interruptions: Option<Vec<Interruption>>,
}

/// Measures of a speaker.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SpeakerMeasures {
    /// Speaker.
    pub speaker: Speaker,
    /// Talk time.
    pub talk_ms: i64,
    /// Share of all talk time, 0 to 1; `None` where voices can't be told apart, or nobody spoke.
    pub talk_share: Option<f64>,
    /// Share of the others' talk time, to which they had to listen, 0 to 1.
    pub listen_share: Option<f64>,
    /// Number of words.
    pub words: i64,
    /// Words a minute of their own talk time; `None` below five seconds of it, and in scripts without spaces.
    pub words_per_minute: Option<f64>,
    /// Stretches of their speech, including pauses of up to a second.
    pub spans: Vec<Place>,
}

/// An interruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Interruption {
    /// Begin of the interrupting speech.
    pub at_ms: i64,
    /// Interrupting speaker.
    pub by: Speaker,
    /// Interrupted speaker.
    pub of: Speaker,
    /// Time during which both spoke.
    pub overlap_ms: i64,
}

impl CallMeasures {
    /// Returns the measures of this speaker, where known.
    pub fn speaker(&self, speaker: Speaker) -> Option<&SpeakerMeasures> {
        self.speakers.iter().find(|one| one.speaker == speaker)
    }
}

/// Measures a transcript. `speech`: the spans of speech detected in the audio, by which talk time, silences and
/// overlaps are measured; where unknown, the times of the words are used. `channels`: the speakers on the recording's
/// channels, so that a silent speaker counts as well.
pub fn measure(
    segments: &[Segment],
    speech: &[ChannelSpeech],
    channels: &[Speaker],
    length_ms: Option<i64>,
    dead_air_after_ms: i64,
) -> CallMeasures {
    let told_apart = segments.iter().all(|s| s.speaker != Speaker::Unknown);
    let heard = segments.iter().map(|s| s.speaker);
    let named = channels.iter().copied().filter(|s| told_apart && *s != Speaker::Unknown);
    let speakers: BTreeSet<Speaker> = heard.chain(named).collect();
    let runs: Vec<(Speaker, Vec<Run>)> = speakers.into_iter().map(|who| (who, runs(segments, speech, who))).collect();
    let mut measured: Vec<SpeakerMeasures> = runs.iter().map(|(who, runs)| of_speaker(*who, runs, segments)).collect();
    let all: i64 = measured.iter().map(|one| one.talk_ms).sum();
    for one in measured.iter_mut().filter(|_| told_apart && all > 0) {
        let share = one.talk_ms as f64 / all as f64;
        (one.talk_share, one.listen_share) = (Some(share), Some(1.0 - share));
    }
    let speech = joined(measured.iter().flat_map(|one| one.spans.clone()).collect(), 0);
    let last = speech.last().map_or(0, |span| span.end_ms);
    let silence = between(&speech, length_ms.unwrap_or(last).max(last));
    let dead_air: Vec<Place> = silence.iter().copied().filter(|s| s.length_ms() > dead_air_after_ms).collect();
    let overlaps = overlaps(&measured);
    CallMeasures {
        length_ms,
        speech_ms: total(&speech),
        dead_air_after_ms,
        dead_air_ms: total(&dead_air),
        dead_air,
        longest_silence: silence.into_iter().rev().max_by_key(|s| s.length_ms()),
        overlap_ms: told_apart.then(|| total(&overlaps)),
        overlaps,
        interruptions: told_apart.then(|| interruptions(&runs)),
        speakers: measured,
    }
}

fn of_speaker(speaker: Speaker, runs: &[Run], segments: &[Segment]) -> SpeakerMeasures {
    let spans: Vec<Place> = runs.iter().map(|run| run.place).collect();
    let talk_ms = total(&spans);
    let own = || segments.iter().filter(|s| s.speaker == speaker);
    let words: usize =
        own().map(|s| s.text.split_whitespace().filter(|w| w.chars().any(char::is_alphanumeric)).count()).sum();
    let spaced = !own().any(|s| wording::is_unspaced(&s.text));
    let pace = words as f64 / (talk_ms as f64 / 60_000.0);
    SpeakerMeasures {
        speaker,
        talk_ms,
        talk_share: None,
        listen_share: None,
        words: i64::try_from(words).unwrap_or(i64::MAX),
        words_per_minute: (talk_ms >= PACE_FROM_MS && spaced).then_some(pace),
        spans,
    }
}

/// Returns the stretches in which two or more speak at once.
fn overlaps(speakers: &[SpeakerMeasures]) -> Vec<Place> {
    let mut all = Vec::new();
    for (n, one) in speakers.iter().enumerate() {
        for other in &speakers[n + 1..] {
            all.extend(common(&one.spans, &other.spans));
        }
    }
    joined(all, 0)
}

/// Returns the interruptions: one begins while another speaks, the other falls silent soon after, and the first one
/// goes on.
fn interruptions(all: &[(Speaker, Vec<Run>)]) -> Vec<Interruption> {
    let mut found = Vec::new();
    for (by, runs) in all {
        for run in runs.iter().filter(|run| !run.is_listening()) {
            let began = run.place.start_ms;
            let cut = all.iter().filter(|(of, _)| of != by).filter_map(|(of, others)| {
                let other = others.iter().find(|o| o.place.start_ms < began && o.place.end_ms > began)?;
                Some((*of, other.place))
            });
            for (of, other) in cut {
                let overlap_ms = other.end_ms.min(run.place.end_ms) - began;
                let gives_way = other.end_ms - began <= STOPS_WITHIN_MS && run.place.end_ms > other.end_ms;
                if overlap_ms >= CUT_MS && gives_way {
                    found.push(Interruption { at_ms: began, by: *by, of, overlap_ms });
                }
            }
        }
    }
    found.sort_by_key(|one| one.at_ms);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcription::Word;

    const BOTH: [Speaker; 2] = [Speaker::Agent, Speaker::Customer];

    /// From, to (ms), speaker (`a`gent, `c`ustomer, `?`), text.
    fn call(said: &[(u64, u64, char, &str)], length_ms: Option<i64>) -> CallMeasures {
        let segment = |(start_ms, end_ms, who, text): &(u64, u64, char, &str)| Segment {
            start_ms: *start_ms,
            end_ms: *end_ms,
            speaker: match who {
                'a' => Speaker::Agent,
                'c' => Speaker::Customer,
                _ => Speaker::Unknown,
            },
            text: (*text).to_owned(),
            confidence: 0.9,
            words: Vec::new(),
        };
        measure(&said.iter().map(segment).collect::<Vec<_>>(), &[], &BOTH, length_ms, 8_000)
    }

    #[test]
    fn shares_silence_and_dead_air() {
        let m = call(
            &[(2_000, 8_000, 'a', "Hello, how can I help you today?"), (20_000, 22_000, 'c', "My order")],
            Some(60_000),
        );
        let share = |who| m.speaker(who).unwrap().talk_share.unwrap();
        assert_eq!((share(Speaker::Agent), share(Speaker::Customer), m.speech_ms), (0.75, 0.25, 8_000));
        assert_eq!(m.speaker(Speaker::Agent).unwrap().listen_share, Some(0.25));
        // Two seconds before the first word are not dead air; eight are not "over eight"; the end counts.
        assert_eq!(m.dead_air, [Place::new(8_000, 20_000), Place::new(22_000, 60_000)]);
        assert_eq!((m.dead_air_ms, m.longest_silence), (50_000, Some(Place::new(22_000, 60_000))));
        assert_eq!(m.speaker(Speaker::Agent).unwrap().words_per_minute, Some(70.0));
        assert_eq!(m.speaker(Speaker::Customer).unwrap().words_per_minute, None, "too little to tell");
        let unknown = call(&[(0, 8_000, 'a', "Hello"), (16_000, 17_000, 'c', "Hi")], None);
        assert_eq!((unknown.dead_air.len(), unknown.longest_silence), (0, Some(Place::new(8_000, 16_000))));
    }

    #[test]
    fn who_says_nothing_counts_too_and_who_is_unknown_is_not_guessed() {
        let alone = call(&[(0, 6_000, 'a', "Is anybody there?")], Some(6_000));
        assert_eq!(alone.speaker(Speaker::Customer).unwrap().talk_share, Some(0.0));
        assert_eq!((alone.longest_silence, alone.interruptions.as_deref()), (None, Some(&[][..])));
        let mono = call(&[(0, 3_000, '?', "Hello"), (1_000, 4_000, '?', "Hello")], Some(30_000));
        assert_eq!((mono.speakers.len(), mono.speakers[0].talk_share), (1, None));
        assert_eq!((mono.interruptions, mono.overlap_ms, mono.dead_air_ms), (None, None, 26_000));
        let silent = call(&[], Some(30_000));
        assert_eq!((silent.speech_ms, silent.dead_air_ms, silent.speakers[0].talk_share), (0, 30_000, None));
        assert_eq!(call(&[], None).longest_silence, None);
    }

    #[test]
    fn only_cutting_short_is_an_interruption() {
        let cuts = |said: &[(u64, u64, char, &str)]| call(said, None).interruptions.unwrap();
        let cut = cuts(&[(0, 5_000, 'c', "And then I called"), (4_000, 9_000, 'a', "Your invoice number please")]);
        assert_eq!(cut, [Interruption { at_ms: 4_000, by: Speaker::Agent, of: Speaker::Customer, overlap_ms: 1_000 }]);
        for (why, said) in [
            ("it follows", [(0, 5_000, 'c', "And then"), (5_000, 9_000, 'a', "Your invoice")]),
            ("hardly at once", [(0, 5_000, 'c', "And then"), (4_800, 9_000, 'a', "Your invoice")]),
            ("shows that it listens", [(0, 5_000, 'c', "And then"), (3_800, 5_700, 'a', "Mm-hm, okay, I see.")]),
            ("too short", [(0, 5_000, 'c', "And then"), (4_300, 5_200, 'a', "But sir")]),
            ("the first one just goes on", [(0, 9_000, 'c', "And then"), (4_000, 9_500, 'a', "Your invoice number")]),
            ("the first one keeps the word", [(0, 5_900, 'c', "And then"), (4_000, 5_800, 'a', "Your invoice number")]),
            ("both begin", [(0, 1_500, 'c', "And then"), (0, 4_000, 'a', "Your invoice number")]),
        ] {
            assert_eq!(cuts(&said), [], "{why}");
        }
        let both = cuts(&[
            (0, 5_000, 'a', "Well, our policy"),
            (4_500, 8_000, 'c', "No, listen to me"),
            (7_500, 12_000, 'a', "I can not do that"),
        ]);
        assert_eq!(
            both.iter().map(|one| (one.at_ms, one.by)).collect::<Vec<_>>(),
            [(4_500, Speaker::Customer), (7_500, Speaker::Agent)]
        );
    }

    #[test]
    fn pauses_within_a_segment_are_silence_and_breaths_are_speech() {
        let word = |start_ms, end_ms, text: &str| Word { start_ms, end_ms, text: text.to_owned(), confidence: 0.9 };
        let words = vec![
            word(0, 400, "One"),
            word(1_200, 1_600, "moment."),
            word(21_000, 22_000, "There"),
            word(30_000, 29_000, "it"),
        ];
        let segment = Segment {
            start_ms: 0,
            end_ms: 25_000,
            speaker: Speaker::Agent,
            text: "One moment. There it".into(),
            confidence: 0.9,
            words,
        };
        let m = measure(&[segment], &[], &BOTH, Some(25_000), 8_000);
        assert_eq!(m.speakers[0].spans, [Place::new(0, 1_600), Place::new(21_000, 22_000)]);
        assert_eq!(m.dead_air, [Place::new(1_600, 21_000)]);
        let chinese = call(&[(0, 9_000, 'c', "我的包裹丢了")], None);
        assert_eq!(chinese.speaker(Speaker::Customer).unwrap().words_per_minute, None);
    }
}
