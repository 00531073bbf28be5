//! Figures of a question's released counts.

use crate::ratings::{Comment, Nps, Share};
use crate::surveys::{PublishedVersion, Question, QuestionItem as Item, QuestionKind};
use std::collections::BTreeMap;

/// The figure of a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Figure {
    /// Share of 4 and 5.
    Csat(Share),
    /// Net promoter score.
    Nps(Nps),
    /// Share of 5 to 7.
    Ces(Share),
    /// Share of "yes".
    Yes(Share),
}

/// Count of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Answer value.
    pub value: i64,
    /// Label of the answer; empty if it has none.
    pub words: String,
    /// Number of answers.
    pub n: u64,
}

/// Results of a question.
#[derive(Debug, Clone)]
pub struct QuestionResult {
    /// Number within the survey.
    pub number: u16,
    /// Text in the default language.
    pub label: String,
    /// Kind of answer.
    pub kind: QuestionKind,
    /// Whether it is counted together with the same question of all surveys.
    pub shared: bool,
    /// Versions that asked it, newest first.
    pub versions: Vec<i64>,
    /// All possible or given answers, in order.
    pub counts: Vec<Count>,
    /// Number of answers. Of many-of questions: number of choices.
    pub n: u64,
    /// Figure; `None` if nothing was released, or the kind has only counts.
    pub figure: Option<Figure>,
    /// Released texts; `None` if the viewer may not read them.
    pub comments: Option<Vec<Comment>>,
}

impl QuestionResult {
    pub(super) fn new(
        question: &Question,
        item: &Item,
        version: &PublishedVersion,
        versions: Vec<i64>,
        counts: BTreeMap<i64, u64>,
        comments: Option<Vec<Comment>>,
    ) -> Self {
        let definition = &version.definition;
        let texts =
            definition.texts_in(&definition.default_language).and_then(|texts| texts.questions.get(&item.number));
        let words = |value: i64| texts.and_then(|texts| texts.values.get(&value)).cloned().unwrap_or_default();
        let mut values = item.values();
        // Options that are no longer offered keep their answers.
        values.extend(counts.keys().copied().filter(|value| !item.values().contains(value)));
        let of = |value: &i64| counts.get(value).copied().unwrap_or(0);
        Self {
            number: item.number,
            label: texts.map(|texts| texts.label.clone()).unwrap_or_default(),
            kind: item.kind,
            shared: !matches!(question, Question::Further(_)),
            versions,
            n: counts.values().sum(),
            figure: figure(item.kind, &counts),
            counts: values.iter().map(|value| Count { value: *value, words: words(*value), n: of(value) }).collect(),
            comments,
        }
    }
}

fn figure(kind: QuestionKind, counts: &BTreeMap<i64, u64>) -> Option<Figure> {
    let all: u64 = counts.values().sum();
    let from = |low: i64, high: i64| -> u64 { counts.range(low..=high).map(|(_, n)| n).sum() };
    match kind {
        QuestionKind::Csat => Share::new(from(4, 5), all).map(Figure::Csat),
        QuestionKind::Nps => Nps::new(from(0, 6), from(7, 8), from(9, 10)).map(Figure::Nps),
        QuestionKind::Ces => Share::new(from(5, 7), all).map(Figure::Ces),
        QuestionKind::YesNo => Share::new(from(1, 1), all).map(Figure::Yes),
        QuestionKind::OneOf | QuestionKind::ManyOf | QuestionKind::Text => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_made_of_the_right_answers() {
        let each =
            |values: std::ops::RangeInclusive<i64>| values.map(|value| (value, 1)).collect::<BTreeMap<i64, u64>>();
        let share = |figure| match figure {
            Some(Figure::Csat(share) | Figure::Ces(share) | Figure::Yes(share)) => Some((share.hits, share.n)),
            _ => None,
        };
        assert_eq!(share(figure(QuestionKind::Csat, &each(1..=5))), Some((2, 5)));
        assert_eq!(share(figure(QuestionKind::Ces, &each(1..=7))), Some((3, 7)));
        assert_eq!(share(figure(QuestionKind::YesNo, &each(0..=1))), Some((1, 2)));
        let Some(Figure::Nps(nps)) = figure(QuestionKind::Nps, &each(0..=10)) else {
            unreachable!("there are answers")
        };
        assert_eq!((nps.detractors, nps.passives, nps.promoters), (7, 2, 2));
        for kind in QuestionKind::ALL {
            assert_eq!(figure(kind, &BTreeMap::new()), None, "{kind:?}");
        }
    }
}
