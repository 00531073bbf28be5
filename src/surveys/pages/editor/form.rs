//! Reads the editor's forms into the draft. Each page of the editor sends its own part; the rest of the draft is
//! unchanged.

use crate::surveys::definition::{Condition, Definition, Item, Kind, Role, Texts};
use crate::surveys::editor::{Step, Taken, set_kind};
use crate::surveys::wording::Language;
use std::collections::BTreeMap;

/// Fields of a form, each with its values.
pub(super) type Fields = BTreeMap<String, Vec<String>>;

/// A part of the editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Questions,
    Texts(Language),
    Look,
}

impl Part {
    pub fn of(part: &str, language: &str, draft: &Definition) -> Self {
        match part {
            "texts" => {
                let asked = language.parse().ok().filter(|language| draft.texts.contains_key(language));
                Self::Texts(asked.unwrap_or_else(|| draft.default_language.clone()))
            }
            "look" => Self::Look,
            _ => Self::Questions,
        }
    }

    pub fn code(&self) -> &'static str {
        match self {
            Self::Questions => "questions",
            Self::Texts(_) => "texts",
            Self::Look => "look",
        }
    }
}

/// Returns the first value of a field, if it was sent.
fn sent<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(|values| values.first()).map(String::as_str)
}

/// Returns the first value of a field; empty if it was not sent.
pub(super) fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    sent(fields, name).unwrap_or_default()
}

/// Returns the text as one line, without invisible characters.
fn line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads the form into the draft.
pub(super) fn read(draft: &mut Definition, taken: &Taken, part: &Part, fields: &Fields) {
    match part {
        Part::Questions => questions(draft, taken, fields),
        Part::Texts(language) => texts(draft, language, fields),
        Part::Look => look(draft, fields),
    }
}

fn questions(draft: &mut Definition, taken: &Taken, fields: &Fields) {
    let language = draft.default_language.clone();
    let numbers: Vec<u16> = draft.questions.iter().map(|item| item.number).collect();
    for number in &numbers {
        let name = |rest: &str| format!("q.{number}.{rest}");
        let Some(label) = sent(fields, &name("label")) else { continue };
        if let Some(item) = draft.questions.iter_mut().find(|item| item.number == *number) {
            item.required = fields.contains_key(&name("required"));
            item.role = fields.contains_key(&name("role")).then(|| role_of(item.kind)).flatten();
            item.shown_if = condition(field(fields, &name("if")), fields.get(&name("when")));
        }
        words(draft, &language, *number, label, &name("v."), fields);
    }
    keep_conditions_possible(draft, &numbers);
    for number in numbers {
        if let Some(kind) = sent(fields, &format!("q.{number}.kind")).and_then(Kind::known) {
            set_kind(draft, taken, number, kind);
        }
    }
}

/// Reads the texts of a question in one language.
fn words(draft: &mut Definition, language: &Language, number: u16, label: &str, prefix: &str, fields: &Fields) {
    let worded = draft.item(number).map(Item::worded).unwrap_or_default();
    let Some(texts) = draft.texts.get_mut(language) else { return };
    let own = texts.questions.entry(number).or_default();
    own.label = line(label);
    for value in worded {
        if let Some(text) = sent(fields, &format!("{prefix}{value}")) {
            let text = line(text);
            if text.is_empty() {
                own.values.remove(&value)
            } else {
                own.values.insert(value, text)
            };
        }
    }
}

fn condition(question: &str, when: Option<&Vec<String>>) -> Option<Condition> {
    let question = question.parse().ok()?;
    Some(Condition { question, one_of: when.into_iter().flatten().filter_map(|value| value.parse().ok()).collect() })
}

/// The check boxes belong to the previously chosen question: removes numbers that the new one does not have.
fn keep_conditions_possible(draft: &mut Definition, numbers: &[u16]) {
    let values: BTreeMap<u16, Vec<i64>> = draft.questions.iter().map(|item| (item.number, item.values())).collect();
    for item in draft.questions.iter_mut().filter(|item| numbers.contains(&item.number)) {
        let Some(condition) = &mut item.shown_if else { continue };
        match values.get(&condition.question) {
            None => item.shown_if = None,
            Some(known) => condition.one_of.retain(|value| known.contains(value)),
        }
    }
}

/// Returns the role that a question of this kind may have.
pub(super) fn role_of(kind: Kind) -> Option<Role> {
    match kind {
        Kind::Csat => Some(Role::Score),
        Kind::YesNo => Some(Role::Resolved),
        Kind::Text => Some(Role::Comment),
        _ => None,
    }
}

fn texts(draft: &mut Definition, language: &Language, fields: &Fields) {
    let numbers: Vec<u16> = draft.questions.iter().map(|item| item.number).collect();
    for number in numbers {
        if let Some(label) = sent(fields, &format!("q.{number}.label")) {
            words(draft, language, number, label, &format!("q.{number}.v."), fields);
        }
    }
    let Some(texts) = draft.texts.get_mut(language) else { return };
    let Texts { title_call, title_chat, intro, thanks, phrases, .. } = texts;
    for (name, text) in [("title_call", title_call), ("title_chat", title_chat), ("intro", intro), ("thanks", thanks)] {
        if let Some(value) = sent(fields, name) {
            *text = line(value);
        }
    }
    for (name, values) in fields.iter().filter_map(|(name, values)| Some((name.strip_prefix("p.")?, values))) {
        let text = line(values.first().map_or("", String::as_str));
        if text.is_empty() {
            phrases.remove(name)
        } else {
            phrases.insert(name.to_owned(), text)
        };
    }
}

fn look(draft: &mut Definition, fields: &Fields) {
    let colour = |name: &str| Some(line(field(fields, name)).to_ascii_lowercase()).filter(|text| !text.is_empty());
    draft.look.accent = colour("accent");
    draft.look.accent_dark = colour("accent_dark");
}

/// Returns the step that a button requests besides saving; `None` for saving only.
pub(super) fn step_of(fields: &Fields) -> Option<Step> {
    let mut parts = field(fields, "do").split('.');
    let name = parts.next()?;
    let mut number = || parts.next().and_then(|text| text.parse::<u16>().ok());
    let language = |name: &str| field(fields, name).parse().ok();
    match name {
        "add" => Kind::known(field(fields, "new_kind")).map(Step::Add),
        "remove" => number().map(Step::Remove),
        "up" => number().map(Step::Up),
        "down" => number().map(Step::Down),
        "option" => number().map(Step::AddOption),
        "drop" => {
            let (question, option) = (number()?, number()?);
            u8::try_from(option).ok().map(|option| Step::RemoveOption(question, option))
        }
        "language" => language("new_language").map(Step::AddLanguage),
        "unlanguage" => language("language").map(Step::RemoveLanguage),
        "default" => language("language").map(Step::DefaultLanguage),
        "nologo" => Some(Step::RemoveLogo),
        _ => None,
    }
}

/// Returns entered texts of questions that no longer exist, so that they are not lost silently.
pub(super) fn orphans(draft: &Definition, fields: &Fields) -> Vec<String> {
    let is_gone = |name: &str| {
        let number = name.strip_prefix("q.")?.split('.').next()?.parse::<u16>().ok()?;
        (name.ends_with(".label") && draft.item(number).is_none()).then_some(())
    };
    let gone = fields.iter().filter(|(name, _)| is_gone(name).is_some()).flat_map(|(_, texts)| texts);
    gone.map(|text| line(text)).filter(|text| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::new();
        for (name, text) in pairs {
            fields.entry((*name).to_owned()).or_default().push((*text).to_owned());
        }
        fields
    }

    #[test]
    fn a_part_changes_nothing_else() {
        let standard = Definition::standard();
        let taken = Taken::by([&standard]);
        for part in [Part::Questions, Part::Texts("de".parse().unwrap_or_default())] {
            let mut draft = standard.clone();
            read(&mut draft, &taken, &part, &fields(&[("q.9.label", "x"), ("title_calls", "x"), ("do", "save")]));
            assert_eq!(draft, standard);
        }
    }

    #[test]
    fn odd_fields_break_nothing() {
        let standard = Definition::standard();
        let taken = Taken::by([&standard]);
        for (name, text) in [
            ("q.1.kind", "stars"),
            ("q.1.if", "1"),
            ("q.2.if", "99"),
            ("q.2.when", "1\n\n-7\nx\n99999999999999999999"),
            ("q.1.v.5", "\u{0}\u{1b}[31m"),
            ("p.nothing", "x"),
            ("accent", "red\";}"),
            ("q.1.label", &"x".repeat(5000)),
            ("q.65536.label", "x"),
            ("q..label", "x"),
        ] {
            let sent = fields(&[("q.1.label", "How?"), ("q.2.label", "So?"), ("q.2.if", "1"), (name, text)]);
            for part in [Part::Questions, Part::Texts("en".parse().unwrap_or_default()), Part::Look] {
                let mut draft = standard.clone();
                read(&mut draft, &taken, &part, &sent);
                assert_eq!(draft.questions.len(), 3, "{name}");
                let _ = (draft.check(), step_of(&fields(&[("do", text)])));
                assert!(!serde_json::to_string(&draft).unwrap_or_default().contains("\\u0000"));
            }
        }
        for wrong in ["", "remove", "remove.x", "drop.1", "drop.1.300", "add", "language", "up.-1", "up.70000"] {
            assert_eq!(step_of(&fields(&[("do", wrong), ("new_language", "<b>")])), None, "{wrong}");
        }
    }

    #[test]
    fn what_belongs_to_a_question_that_is_gone_is_named() {
        let sent =
            fields(&[("q.1.label", "How?"), ("q.7.label", " Long  text "), ("q.8.label", " "), ("q.7.v.1", "x")]);
        assert_eq!(orphans(&Definition::standard(), &sent), ["Long text"]);
    }
}
