//! Steps of editing a draft. A step that is not possible changes nothing.

use crate::surveys::definition::{Definition, Item, Kind, MAX_OPTIONS, MAX_QUESTIONS, QuestionTexts, Role, Texts};
use crate::surveys::wording::{Language, built_in_texts};
use std::collections::HashMap;

/// A step of editing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Adds a question at the end.
    Add(Kind),
    /// Removes a question with its texts.
    Remove(u16),
    /// Moves a question one place up.
    Up(u16),
    /// Moves a question one place down.
    Down(u16),
    /// Adds an option to a question, at the end.
    AddOption(u16),
    /// Removes an option with its label.
    RemoveOption(u16, u8),
    /// Adds a language; its texts are those of the standard survey if it is built in, otherwise empty.
    AddLanguage(Language),
    /// Removes a language; never the default one.
    RemoveLanguage(Language),
    /// Sets the language for customers whose language the survey lacks.
    DefaultLanguage(Language),
    /// Removes the logo; the company's name is shown instead.
    RemoveLogo,
}

/// Numbers used by published versions: they are never reused.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// Largest number of a question.
    question: u16,
    /// Largest number of an option, by question.
    options: HashMap<u16, u8>,
    /// Kind of each question.
    kinds: HashMap<u16, Kind>,
}

impl Taken {
    /// Returns the numbers used by these versions.
    pub fn by<'a>(versions: impl IntoIterator<Item = &'a Definition>) -> Self {
        let mut taken = Self::default();
        for item in versions.into_iter().flat_map(|version| &version.questions) {
            taken.question = taken.question.max(item.number);
            taken.kinds.insert(item.number, item.kind);
            let most = item.options.iter().copied().max();
            if let Some(most) = most {
                let known = taken.options.entry(item.number).or_default();
                *known = (*known).max(most);
            }
        }
        taken
    }

    /// Returns the number of a question that was published with another kind under the same number.
    pub fn clash(&self, definition: &Definition) -> Option<u16> {
        let differs = |item: &&Item| self.kinds.get(&item.number).is_some_and(|kind| *kind != item.kind);
        definition.questions.iter().find(differs).map(|item| item.number)
    }

    fn next_question(&self, draft: &Definition) -> u16 {
        draft.questions.iter().map(|item| item.number).chain([self.question]).max().unwrap_or(0) + 1
    }

    fn next_option(&self, item: &Item) -> u8 {
        let published = self.options.get(&item.number).copied();
        item.options.iter().copied().chain(published).max().map_or(1, |most| most.saturating_add(1))
    }
}

/// Applies a step; returns false if it is not possible.
pub fn step(draft: &mut Definition, taken: &Taken, step: &Step) -> bool {
    match step {
        Step::Add(kind) => add(draft, taken, *kind),
        Step::Remove(number) => remove(draft, *number),
        Step::Up(number) => {
            place(draft, *number).filter(|at| *at > 0).map(|at| draft.questions.swap(at, at - 1)).is_some()
        }
        Step::Down(number) => {
            let last = draft.questions.len().saturating_sub(1);
            place(draft, *number).filter(|at| *at < last).map(|at| draft.questions.swap(at, at + 1)).is_some()
        }
        Step::AddOption(number) => add_option(draft, taken, *number),
        Step::RemoveOption(number, option) => remove_option(draft, *number, *option),
        Step::AddLanguage(language) => add_language(draft, language),
        Step::RemoveLanguage(language) => *language != draft.default_language && draft.texts.remove(language).is_some(),
        Step::DefaultLanguage(language) => {
            let there = draft.texts.contains_key(language);
            if there {
                draft.default_language = language.clone();
            }
            there
        }
        Step::RemoveLogo => draft.look.logo.take().is_some(),
    }
}

/// Changes the kind of a question. A published number is bound to its kind: the question then gets a new number.
pub fn set_kind(draft: &mut Definition, taken: &Taken, number: u16, kind: Kind) {
    let Some(at) = place(draft, number).filter(|at| draft.questions[*at].kind != kind) else { return };
    let has_options = |kind| matches!(kind, Kind::OneOf | Kind::ManyOf);
    let keeps_options = has_options(draft.questions[at].kind) && has_options(kind);
    let item = &mut draft.questions[at];
    item.kind = kind;
    item.role = None;
    if has_options(kind) && item.options.is_empty() {
        item.options = vec![1, 2];
    } else if !has_options(kind) {
        item.options.clear();
    }
    for texts in draft.texts.values_mut() {
        if let Some(texts) = texts.questions.get_mut(&number).filter(|_| !keeps_options) {
            texts.values.clear();
        }
    }
    word(draft, number);
    if taken.kinds.get(&number).is_some_and(|published| *published != kind) {
        let new = taken.next_question(draft);
        renumber(draft, number, new);
    }
    forget_impossible_conditions(draft);
}

fn renumber(draft: &mut Definition, old: u16, new: u16) {
    for item in &mut draft.questions {
        if item.number == old {
            item.number = new;
        }
        if let Some(condition) = item.shown_if.as_mut().filter(|condition| condition.question == old) {
            condition.question = new;
        }
    }
    for texts in draft.texts.values_mut() {
        if let Some(found) = texts.questions.remove(&old) {
            texts.questions.insert(new, found);
        }
    }
}

fn place(draft: &Definition, number: u16) -> Option<usize> {
    draft.questions.iter().position(|item| item.number == number)
}

fn add(draft: &mut Definition, taken: &Taken, kind: Kind) -> bool {
    if draft.questions.len() >= MAX_QUESTIONS {
        return false;
    }
    let number = taken.next_question(draft);
    let options = if matches!(kind, Kind::OneOf | Kind::ManyOf) { vec![1, 2] } else { Vec::new() };
    draft.questions.push(Item { number, role: None, kind, required: false, shown_if: None, options });
    word(draft, number);
    true
}

/// Adds labels for the numbers of scales and of yes/no in each language that has them: from the standard survey or
/// another question.
fn word(draft: &mut Definition, number: u16) {
    let Some(item) = draft.item(number).cloned() else { return };
    for (language, texts) in &mut draft.texts {
        let known = match item.kind {
            Kind::Csat => built_in_texts(language).and_then(|standard| standard.questions.get(&1)),
            Kind::YesNo => built_in_texts(language).and_then(|standard| standard.questions.get(&2)),
            _ => None,
        };
        let own = texts.questions.entry(number).or_default();
        for (value, text) in known.map(|known| &known.values).into_iter().flatten() {
            own.values.entry(*value).or_insert_with(|| text.clone());
        }
    }
}

fn remove(draft: &mut Definition, number: u16) -> bool {
    let Some(at) = place(draft, number) else { return false };
    draft.questions.remove(at);
    for texts in draft.texts.values_mut() {
        texts.questions.remove(&number);
    }
    for item in &mut draft.questions {
        item.shown_if.take_if(|condition| condition.question == number);
    }
    true
}

fn add_option(draft: &mut Definition, taken: &Taken, number: u16) -> bool {
    let Some(item) = draft.questions.iter_mut().find(|item| item.number == number) else { return false };
    let takes = matches!(item.kind, Kind::OneOf | Kind::ManyOf) && item.options.len() < MAX_OPTIONS;
    if takes {
        let next = taken.next_option(item);
        item.options.push(next);
    }
    takes
}

fn remove_option(draft: &mut Definition, number: u16, option: u8) -> bool {
    let Some(item) = draft.questions.iter_mut().find(|item| item.number == number) else { return false };
    let before = item.options.len();
    item.options.retain(|other| *other != option);
    if item.options.len() == before {
        return false;
    }
    for texts in draft.texts.values_mut().filter_map(|texts| texts.questions.get_mut(&number)) {
        texts.values.remove(&i64::from(option));
    }
    forget_impossible_conditions(draft);
    true
}

fn add_language(draft: &mut Definition, language: &Language) -> bool {
    if draft.texts.contains_key(language) {
        return false;
    }
    let standard = built_in_texts(language);
    let mut texts = Texts {
        title_call: standard.map(|texts| texts.title_call.clone()).unwrap_or_default(),
        title_chat: standard.map(|texts| texts.title_chat.clone()).unwrap_or_default(),
        intro: standard.map(|texts| texts.intro.clone()).unwrap_or_default(),
        thanks: standard.map(|texts| texts.thanks.clone()).unwrap_or_default(),
        ..Texts::default()
    };
    for item in &draft.questions {
        let number = match item.role {
            Some(Role::Score) => Some(1),
            Some(Role::Resolved) => Some(2),
            Some(Role::Comment) => Some(3),
            None => None,
        };
        let known = number.zip(standard).and_then(|(number, texts)| texts.questions.get(&number)).cloned();
        texts.questions.insert(item.number, known.unwrap_or_else(QuestionTexts::default));
    }
    draft.texts.insert(language.clone(), texts);
    let numbers: Vec<_> = draft.questions.iter().map(|item| item.number).collect();
    for number in numbers {
        word(draft, number);
    }
    true
}

/// Removes conditions on numbers that a question no longer has.
fn forget_impossible_conditions(draft: &mut Definition) {
    let values: HashMap<u16, Vec<i64>> = draft.questions.iter().map(|item| (item.number, item.values())).collect();
    for item in &mut draft.questions {
        if let Some(condition) = &mut item.shown_if {
            let known = values.get(&condition.question).map_or(&[][..], Vec::as_slice);
            condition.one_of.retain(|value| known.contains(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surveys::definition::Condition;

    fn language(tag: &str) -> Language {
        tag.parse().unwrap_or_default()
    }

    #[test]
    fn numbers_are_never_used_again() {
        let published = Definition::standard();
        let taken = Taken::by([&published]);
        let mut draft = published.clone();
        assert!(step(&mut draft, &taken, &Step::Remove(3)) && step(&mut draft, &taken, &Step::Add(Kind::OneOf)));
        assert_eq!(draft.questions.iter().map(|item| item.number).collect::<Vec<_>>(), [1, 2, 4]);
        assert!(step(&mut draft, &taken, &Step::AddOption(4)));
        let second = Taken::by([&published, &draft]);
        assert!(step(&mut draft, &second, &Step::RemoveOption(4, 3)) && step(&mut draft, &second, &Step::AddOption(4)));
        assert_eq!(draft.item(4).map(|item| item.options.clone()), Some(vec![1, 2, 4]));
        // A question published as yes/no can't become a scale under the same number.
        set_kind(&mut draft, &second, 2, Kind::Nps);
        assert_eq!(draft.questions.iter().map(|item| item.number).collect::<Vec<_>>(), [1, 5, 4]);
        assert!(
            draft.texts.values().all(|texts| texts.questions.contains_key(&5) && !texts.questions.contains_key(&2))
        );
    }

    #[test]
    fn what_cannot_be_done_changes_nothing() {
        let standard = Definition::standard();
        let taken = Taken::by([&standard]);
        for wrong in [
            Step::Up(1),
            Step::Down(3),
            Step::Up(9),
            Step::Remove(9),
            Step::AddOption(1),
            Step::RemoveOption(1, 1),
            Step::RemoveLanguage(language("en")),
            Step::AddLanguage(language("de")),
            Step::DefaultLanguage(language("it")),
            Step::RemoveLogo,
        ] {
            let mut draft = standard.clone();
            assert!(!step(&mut draft, &taken, &wrong), "{wrong:?}");
            assert_eq!(draft, standard, "{wrong:?}");
        }
        let mut full = standard.clone();
        while step(&mut full, &taken, &Step::Add(Kind::Text)) {}
        assert_eq!(full.questions.len(), MAX_QUESTIONS);
    }

    #[test]
    fn a_follow_up_goes_along_with_its_question() {
        let (mut draft, taken) = (Definition::standard(), Taken::default());
        draft.questions[2].shown_if = Some(Condition { question: 1, one_of: vec![1, 2] });
        set_kind(&mut draft, &taken, 1, Kind::Nps);
        assert_eq!(draft.questions[2].shown_if, Some(Condition { question: 1, one_of: vec![1, 2] }));
        assert!(step(&mut draft, &taken, &Step::Remove(1)));
        assert_eq!(draft.questions[1].shown_if, None);
    }

    #[test]
    fn a_language_that_is_built_in_brings_its_words() {
        let (mut draft, taken) = (Definition::standard(), Taken::default());
        assert!(step(&mut draft, &taken, &Step::RemoveLanguage(language("de"))));
        assert!(step(&mut draft, &taken, &Step::AddLanguage(language("de"))));
        assert_eq!(draft.check(), []);
        assert!(step(&mut draft, &taken, &Step::AddLanguage(language("ar"))));
        assert!(!draft.check().is_empty());
    }
}
