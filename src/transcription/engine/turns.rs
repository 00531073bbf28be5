//! Turns: the segments of one speaker until the other one speaks.

use crate::masking::join_words;
use crate::transcription::{Segment, Speaker, Word};

/// Minimum pause that ends a turn, even where no other speaker begins.
const MAX_PAUSE_MS: u64 = 3_000;
/// Maximum pause within a sentence of a turn.
const MAX_PAUSE_IN_SENTENCE_MS: u64 = 6_000;
/// Length from which on a turn ends with its next sentence, so that a page has places to link to.
const MAX_TURN_MS: u64 = 60_000;
/// Maximum number of words of a back-channel.
const MAX_BACK_CHANNEL_WORDS: usize = 3;
/// Signals of listening. In lower case, without punctuation.
const BACK_CHANNELS: &[&str] = &[
    "mm", "hm", "hmm", "mhm", "mmhm", "mmhmm", "uhhuh", "aha", "ah", "oh", "uh", "um", "yeah", "yep", "yes", "ok",
    "okay", "right", "sure", "i", "see", "all", "no", "really", "wow", "ja", "genau", "gut", "so", "ach", "oui",
    "daccord", "si", "sí", "vale", "claro", "bueno", "sì", "certo", "嗯", "对", "好", "是",
];

/// Joins segments into turns, ordered by their beginnings. Back-channels are turns of their own and do not end the
/// other speaker's turn.
pub(super) fn turns(mut heard: Vec<Segment>) -> Vec<Segment> {
    heard.sort_by_key(|segment| (segment.start_ms, segment.end_ms, segment.speaker));
    let mut turns: Vec<Segment> = Vec::with_capacity(heard.len());
    for segment in heard {
        match open_turn(&turns, segment.speaker).filter(|at| continues(&turns[*at], &segment)) {
            Some(at) => join(&mut turns[at], segment),
            None => turns.push(segment),
        }
    }
    turns
}

/// Returns the speaker's last turn, unless another one has spoken since.
fn open_turn(turns: &[Segment], speaker: Speaker) -> Option<usize> {
    let own = turns.iter().rposition(|turn| turn.speaker == speaker)?;
    let turn = &turns[own];
    let beside = |other: &Segment| is_back_channel(other) && (!ended(turn) || other.start_ms < turn.end_ms);
    let asked = turn.text.ends_with(['?', '？']);
    turns[own + 1..].iter().all(|other| beside(other) && !asked).then_some(own)
}

fn ended(turn: &Segment) -> bool {
    turn.text.ends_with(['.', '?', '!', '…', '。', '？', '！'])
}

fn continues(turn: &Segment, next: &Segment) -> bool {
    let pause = next.start_ms.saturating_sub(turn.end_ms);
    let most = match (ended(turn), turn.end_ms - turn.start_ms >= MAX_TURN_MS) {
        (true, true) => return false,
        (true, false) => MAX_PAUSE_MS,
        (false, _) => MAX_PAUSE_IN_SENTENCE_MS,
    };
    turn.speaker == next.speaker && pause <= most
}

/// Whether it is only a signal of listening.
fn is_back_channel(segment: &Segment) -> bool {
    let plain = |word: &Word| word.text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    segment.words.len() <= MAX_BACK_CHANNEL_WORDS
        && segment.speaker != Speaker::Unknown
        && segment.words.iter().all(|word| BACK_CHANNELS.contains(&plain(word).as_str()))
}

fn join(turn: &mut Segment, next: Segment) {
    let (before, more) = (turn.words.len() as f32, next.words.len() as f32);
    let confidence = (turn.confidence * before + next.confidence * more) / (before + more).max(1.0);
    turn.confidence = (confidence * 1000.0).round() / 1000.0;
    turn.end_ms = turn.end_ms.max(next.end_ms);
    turn.words.extend(next.words);
    turn.text = join_words([turn.text.as_str(), next.text.as_str()]);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From, to (ms), `a`gent or `c`ustomer, text.
    fn told(heard: &[(u64, u64, char, &str)]) -> Vec<(u64, u64, char, String)> {
        let segment = |(start_ms, end_ms, who, text): &(u64, u64, char, &str)| Segment {
            start_ms: *start_ms,
            end_ms: *end_ms,
            speaker: if *who == 'a' { Speaker::Agent } else { Speaker::Customer },
            text: (*text).to_owned(),
            confidence: 0.8,
            words: text
                .split(' ')
                .map(|word| Word { start_ms: *start_ms, end_ms: *end_ms, text: word.to_owned(), confidence: 0.8 })
                .collect(),
        };
        let who = |speaker| if speaker == Speaker::Agent { 'a' } else { 'c' };
        let turns = turns(heard.iter().map(segment).collect());
        turns.into_iter().map(|turn| (turn.start_ms, turn.end_ms, who(turn.speaker), turn.text)).collect()
    }

    fn texts(heard: &[(u64, u64, char, &str)]) -> Vec<String> {
        told(heard).into_iter().map(|(.., text)| text).collect()
    }

    #[test]
    fn a_breath_does_not_cut_a_sentence() {
        let turns = told(&[
            (0, 500, 'c', "Hi, my"),
            (2_500, 4_000, 'c', "name is Patricia Brown."),
            (6_000, 7_000, 'c', "I lost it."),
        ]);
        assert_eq!(turns, [(0, 7_000, 'c', "Hi, my name is Patricia Brown. I lost it.".to_owned())]);
    }

    #[test]
    fn the_other_one_or_a_long_pause_ends_a_turn() {
        let heard = [
            (0, 900, 'a', "How can I help?"),
            (1_000, 2_000, 'c', "My card is gone."),
            (2_100, 3_000, 'a', "Oh dear."),
        ];
        assert_eq!(texts(&heard), ["How can I help?", "My card is gone.", "Oh dear."]);
        assert_eq!(texts(&[(0, 900, 'a', "One moment."), (4_000, 5_000, 'a', "Here I am.")]).len(), 2);
        assert_eq!(texts(&[(0, 900, 'a', "One"), (4_000, 5_000, 'a', "moment.")]).len(), 1, "the sentence goes on");
        assert_eq!(texts(&[(0, 61_000, 'a', "A story."), (61_100, 62_000, 'a', "It goes on.")]).len(), 2);
    }

    #[test]
    fn back_channels_stand_beside_the_turn() {
        let heard = [
            (0, 2_000, 'c', "Then I called you,"),
            (1_900, 2_300, 'a', "Mm-hm."),
            (2_400, 4_000, 'c', "and nobody came."),
        ];
        assert_eq!(texts(&heard), ["Then I called you, and nobody came.", "Mm-hm."]);
        let no = [(0, 2_000, 'c', "Did you send it?"), (2_100, 2_900, 'a', "I sent it."), (3_000, 4_000, 'c', "Good.")];
        assert_eq!(texts(&no).len(), 3);
        let answer =
            [(0, 900, 'a', "Did it arrive?"), (1_000, 1_300, 'c', "Yes."), (1_500, 2_500, 'a', "Then all is well.")];
        assert_eq!(texts(&answer).len(), 3, "an answer is no back-channel");
        let twice = [(0, 500, 'a', "Okay."), (700, 1_200, 'a', "Your number is five.")];
        assert_eq!(texts(&twice), ["Okay. Your number is five."]);
    }

    #[test]
    fn overlaps_read_in_the_order_in_which_they_begin() {
        let heard = [
            (0, 3_000, 'c', "I want my money"),
            (2_500, 5_000, 'a', "Let me explain that."),
            (3_100, 4_500, 'c', "back now!"),
        ];
        assert_eq!(texts(&heard), ["I want my money", "Let me explain that.", "back now!"]);
    }
}
