//! Echoes: numbers that are repeated, as when the agent reads a group of the card number back, or the customer confirms
//! the PIN.

use super::numbers::{self, Run};
use super::talk::Talk;
use super::topics::{Topic, Topics};
use super::{Kind, Span, Utterance, amounts, by_line, tokens};

/// Maximum number of digits of a short number, which is an echo only near the original.
const MAX_SHORT_DIGITS: usize = 3;
/// Maximum distance of an echo, in tokens: of a short number, and of any number.
const NEAR: usize = 25;
const FAR: usize = 400;

/// A masked number.
struct Known {
    kind: Kind,
    digits: String,
    /// Index among all tokens of the conversation.
    at: usize,
}

/// Returns spans of repeated parts of masked numbers; `found` are the masked spans of each line.
pub(super) fn find(lines: &[Utterance<'_>], found: &[Vec<Span>]) -> Vec<Vec<Span>> {
    let mut new: Vec<Vec<Span>> = vec![Vec::new(); lines.len()];
    let talk = Talk::new(lines, found);
    let known = known(&talk, lines);
    for stream in talk.streams.iter().filter(|_| !known.is_empty()) {
        for run in numbers::runs(&stream.tokens, &[], &talk.topics) {
            let (span, digits) = (run.tokens(), run.digits());
            let at = stream.tokens[span.start].at;
            let near = if digits.len() <= MAX_SHORT_DIGITS { NEAR } else { FAR };
            let echo = known.iter().find(|known| known.at.abs_diff(at) <= near && known.digits.contains(&digits));
            if let Some(known) = echo.filter(|_| may_be(&stream.tokens, &run, &talk.topics)) {
                by_line(&stream.tokens, known.kind, span, &mut new);
            }
        }
    }
    new
}

fn may_be(tokens: &[tokens::Token<'_>], run: &Run, topics: &Topics) -> bool {
    let reference = matches!(topics.last(tokens[run.tokens().start].at), Some(Topic::Reference | Topic::Amount));
    run.len() >= MAX_SHORT_DIGITS && !reference && !amounts::has_year(run) && !amounts::is_amount(tokens, &run.atoms)
}

/// Returns the masked numbers; consecutive ones of one kind and speaker are joined.
fn known(talk: &Talk<'_>, lines: &[Utterance<'_>]) -> Vec<Known> {
    let mut known: Vec<Known> = Vec::new();
    for stream in &talk.streams {
        let first = known.len();
        for token in &stream.tokens {
            let tokens::TokenKind::Masked(kind) = token.what else { continue };
            let Some(text) = lines[token.line].text.get(token.range.clone()) else { continue };
            if matches!(kind, Kind::Name | Kind::Email | Kind::Password | Kind::Other) {
                continue;
            }
            let said = tokens::of_line(text, 0, &[]);
            let digits: String = numbers::runs(&said, &[], &Topics::default()).iter().map(Run::digits).collect();
            match known.get_mut(first..).and_then(<[Known]>::last_mut) {
                Some(last) if last.kind == kind && token.at - last.at <= NEAR => {
                    last.digits.push_str(&digits);
                    last.at = token.at;
                }
                _ => known.push(Known { kind, digits, at: token.at }),
            }
        }
    }
    known.retain(|known| known.digits.len() >= MAX_SHORT_DIGITS);
    known
}
