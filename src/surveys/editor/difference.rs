//! Differences between two versions, in words.

use crate::surveys::definition::{Condition, Definition, Item, Kind, Role, Texts};
use crate::surveys::wording::Language;

/// Returns a sentence for each difference; empty if the two are equal.
pub fn difference(old: &Definition, new: &Definition) -> Vec<String> {
    let mut said = Vec::new();
    questions(old, new, &mut said);
    languages(old, new, &mut said);
    if old.default_language != new.default_language {
        said.push(format!(
            "The default language is {} instead of {}.",
            new.default_language.name(),
            old.default_language.name()
        ));
    }
    let mut look = |what: &str, old: &Option<String>, new: &Option<String>| match (old, new) {
        (None, Some(new)) => said.push(format!("{what} is {new}.")),
        (Some(_), None) => said.push(format!("{what} is ours again.")),
        (Some(old), Some(new)) if old != new => said.push(format!("{what} is {new} instead of {old}.")),
        _ => {}
    };
    look("The colour in light mode", &old.look.accent, &new.look.accent);
    look("The colour in dark mode", &old.look.accent_dark, &new.look.accent_dark);
    match (&old.look.logo, &new.look.logo) {
        (None, Some(_)) => said.push("It has a logo.".into()),
        (Some(_), None) => said.push("It has no logo any more.".into()),
        (Some(old), Some(new)) if old != new => said.push("It has another logo.".into()),
        _ => {}
    }
    said
}

/// Returns the name of a kind.
pub fn kind_in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Csat => "rating, 1 to 5",
        Kind::Nps => "recommendation, 0 to 10",
        Kind::Ces => "effort, 1 to 7",
        Kind::YesNo => "yes or no",
        Kind::OneOf => "one of several",
        Kind::ManyOf => "any of several",
        Kind::Text => "text",
    }
}

/// Returns a question's name in sentences: its text in the default language.
pub fn name(definition: &Definition, number: u16) -> String {
    let place = definition.questions.iter().position(|item| item.number == number).map_or(0, |at| at + 1);
    let texts = definition.texts_in(&definition.default_language).and_then(|texts| texts.questions.get(&number));
    match texts.map(|texts| texts.label.trim()).filter(|label| !label.is_empty()) {
        Some(label) => format!("“{label}”"),
        None => format!("Question {place}"),
    }
}

fn questions(old: &Definition, new: &Definition, said: &mut Vec<String>) {
    for item in &new.questions {
        match old.item(item.number) {
            None => said.push(format!("{} is new ({}).", name(new, item.number), kind_in_words(item.kind))),
            Some(before) => changed(old, new, before, item, said),
        }
    }
    for item in old.questions.iter().filter(|item| new.item(item.number).is_none()) {
        said.push(format!("{} is gone; what was answered stays in the results.", name(old, item.number)));
    }
    let order = |one: &Definition, other: &Definition| -> Vec<u16> {
        one.questions.iter().map(|item| item.number).filter(|number| other.item(*number).is_some()).collect()
    };
    if order(old, new) != order(new, old) {
        said.push("The questions stand in another order.".into());
    }
}

fn changed(old: &Definition, new: &Definition, before: &Item, item: &Item, said: &mut Vec<String>) {
    let name = name(new, item.number);
    if before.kind != item.kind {
        said.push(format!("{name} asks for {} instead of {}.", kind_in_words(item.kind), kind_in_words(before.kind)));
    }
    match (before.required, item.required) {
        (false, true) => said.push(format!("{name} must be answered.")),
        (true, false) => said.push(format!("{name} need not be answered any more.")),
        _ => {}
    }
    if before.role != item.role {
        said.push(match item.role {
            Some(role) => format!("{name} counts as {}.", role_in_words(role)),
            None => format!("{name} counts for this survey alone."),
        });
    }
    if before.options != item.options {
        said.push(format!("{name} has other options."));
    }
    if before.shown_if != item.shown_if {
        said.push(match &item.shown_if {
            None => format!("{name} is always shown."),
            Some(condition) => format!("{name} is shown {}.", condition_in_words(new, condition)),
        });
    }
    for (language, texts) in &new.texts {
        let words = |texts: &Texts| texts.questions.get(&item.number).cloned().unwrap_or_default();
        if old.texts.get(language).is_some_and(|before| words(before) != words(texts)) {
            said.push(format!("{name} has other words in {}.", language.name()));
        }
    }
}

/// Returns the description of a role.
pub fn role_in_words(role: Role) -> &'static str {
    match role {
        Role::Score => "the rating",
        Role::Resolved => "“was it resolved”",
        Role::Comment => "the comment",
    }
}

/// Returns a condition in words: `when “How was it?” is 1 or 2`.
pub fn condition_in_words(definition: &Definition, condition: &Condition) -> String {
    let texts =
        definition.texts_in(&definition.default_language).and_then(|texts| texts.questions.get(&condition.question));
    let is_scale =
        definition.item(condition.question).is_some_and(|item| matches!(item.kind, Kind::Csat | Kind::Nps | Kind::Ces));
    let named = |value: &i64| {
        let word = texts.and_then(|texts| texts.values.get(value)).filter(|word| !is_scale && !word.trim().is_empty());
        word.map_or_else(|| value.to_string(), |word| format!("“{word}”"))
    };
    let values: Vec<String> = condition.one_of.iter().map(named).collect();
    format!("when {} is {}", name(definition, condition.question), values.join(" or "))
}

fn languages(old: &Definition, new: &Definition, said: &mut Vec<String>) {
    let named =
        |languages: Vec<&Language>| languages.iter().map(|language| language.name()).collect::<Vec<_>>().join(", ");
    let only = |one: &Definition, other: &Definition| -> String {
        named(one.texts.keys().filter(|language| !other.texts.contains_key(language)).collect())
    };
    let (added, gone) = (only(new, old), only(old, new));
    if !added.is_empty() {
        said.push(format!("It can be asked in {added}, too."));
    }
    if !gone.is_empty() {
        said.push(format!("It can't be asked in {gone} any more."));
    }
    for (language, texts) in &new.texts {
        let Some(before) = old.texts.get(language) else { continue };
        let mut look = |what: &str, differs: bool| {
            if differs {
                said.push(format!("{what} in {} is another.", language.name()));
            }
        };
        look("The heading after a call", before.title_call != texts.title_call);
        look("The heading after a chat", before.title_chat != texts.title_chat);
        look("The introduction", before.intro != texts.intro);
        look("The thanks", before.thanks != texts.thanks);
        look("The wording of the page itself", before.phrases != texts.phrases);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surveys::editor::change::{Step, Taken, step};

    #[test]
    fn differences_are_said_once_each() {
        let old = Definition::standard();
        assert_eq!(difference(&old, &old), Vec::<String>::new());
        let mut new = old.clone();
        let taken = Taken::by([&old]);
        step(&mut new, &taken, &Step::Add(Kind::Nps));
        step(&mut new, &taken, &Step::Remove(2));
        step(&mut new, &taken, &Step::Up(3));
        new.questions[0].required = true;
        new.questions[2].shown_if = Some(Condition { question: 1, one_of: vec![1, 2] });
        new.look.accent = Some("#0f6a68".into());
        let said = difference(&old, &new);
        for part in [
            "is gone",
            "is new (recommendation, 0 to 10)",
            "another order",
            "must be answered",
            "light mode is #0f6a68",
        ] {
            assert_eq!(said.iter().filter(|line| line.contains(part)).count(), 1, "{part}: {said:#?}");
        }
        assert_eq!(said.len(), 5, "{said:#?}");
        let mut words = old.clone();
        if let Some(texts) = words.texts.get_mut(&Language::default()) {
            texts.intro = "Hello.".into();
        }
        assert_eq!(difference(&old, &words), ["The introduction in English is another."]);
    }
}
