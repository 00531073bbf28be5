//! Repetition loops, into which models fall where the audio gives no evidence.

/// Maximum number of repetitions of a group before it counts as a loop, by the number of its members: 1, 2, 3, more.
pub(super) struct Limits([usize; 4]);

impl Limits {
    /// Limits for words. People do say "no no no no", and read out "zero zero zero zero".
    pub(super) const WORDS: Self = Self([8, 5, 4, 3]);
    /// Limits for the words of a whole window, across its pauses: people repeat themselves after a while.
    pub(super) const WINDOW: Self = Self([12, 8, 6, 4]);
    /// Limits for words that are quicker than speech.
    pub(super) const QUICK_WORDS: Self = Self([4, 3, 3, 2]);
    /// Limits for the letters of one word; "hmmmm" stays.
    pub(super) const LETTERS: Self = Self([16, 8, 6, 5]);
    /// Limits for whole sentences.
    pub(super) const SENTENCES: Self = Self([3, 3, 3, 3]);

    fn of(&self, members: usize) -> usize {
        self.0[(members - 1).min(3)]
    }
}

/// Maximum number of words of a group that is searched for.
const MAX_GROUP_WORDS: usize = 16;

/// Returns the indices that remain when each loop is reduced to its first round.
pub(super) fn without_loops<T: PartialEq + Digits>(items: &[T], limits: &Limits) -> Vec<usize> {
    let (mut kept, mut at) = (Vec::with_capacity(items.len()), 0);
    while at < items.len() {
        let group = (1..=MAX_GROUP_WORDS.min(items.len() - at)).find_map(|members| {
            let rounds = rounds(&items[at..], members);
            // Numbers are read out digit by digit, and many digits are equal.
            let limit = limits.of(members) * if items[at..at + members].iter().all(Digits::is_number) { 3 } else { 1 };
            (rounds >= limit).then_some((members, rounds))
        });
        let (members, rounds) = group.unwrap_or((1, 1));
        kept.extend(at..at + members);
        at += members * rounds;
    }
    kept
}

/// Returns the number of consecutive repetitions of the first `members`.
fn rounds<T: PartialEq>(items: &[T], members: usize) -> usize {
    let (first, rest) = items.split_at(members);
    1 + rest.chunks_exact(members).take_while(|chunk| *chunk == first).count()
}

/// Numbers may be repeated more often.
pub(super) trait Digits {
    /// Whether it is a number.
    fn is_number(&self) -> bool;
}

impl Digits for String {
    fn is_number(&self) -> bool {
        const WORDS: [&str; 13] =
            ["zero", "oh", "o", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double"];
        WORDS.contains(&self.as_str()) || (!self.is_empty() && self.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

impl Digits for char {
    fn is_number(&self) -> bool {
        self.is_ascii_digit()
    }
}

impl Digits for (usize, String) {
    fn is_number(&self) -> bool {
        self.1.is_number()
    }
}
