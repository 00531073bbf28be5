//! Views of the editor's pages.

use super::form::{Part, role_of};
use crate::clock::Timestamp;
use crate::surveys::definition::{Definition, Item, Kind, MAX_QUESTIONS, Texts};
use crate::surveys::editor::{Listed, kind_in_words, problems, question_in_words, role_in_words};
use crate::surveys::wording::{Language, Phrases, contrast, names};
use crate::web::Shell;
use askama::Template;

/// Header of every part of the editor.
pub(super) struct Head {
    pub id: String,
    pub name: String,
    pub archived: bool,
    /// Number of the current version.
    pub version: Option<i64>,
    /// Time of the draft's last save, for machines and for people, and its author.
    pub saved: Option<(String, String, String)>,
    pub edition: i64,
    pub part: &'static str,
    pub language: String,
    pub problems: Vec<String>,
    pub languages: Vec<LanguageTab>,
    pub conflict: Option<Conflict>,
}

/// A language of the survey.
pub(super) struct LanguageTab {
    pub tag: String,
    pub name: String,
    pub missing: usize,
    pub current: bool,
}

/// Someone else saved in the meantime.
pub(super) struct Conflict {
    pub by: String,
    /// Changes that saving would make to the other's draft.
    pub changes: Vec<String>,
    /// Texts of questions that no longer exist.
    pub orphans: Vec<String>,
}

pub(super) fn time(at: Timestamp) -> (String, String) {
    (at.to_rfc3339(), at.to_jiff().strftime("%-d %B %Y, %H:%M UTC").to_string())
}

impl Head {
    pub fn new(survey: &Listed, draft: &Definition, edition: i64, part: &Part, conflict: Option<Conflict>) -> Self {
        let language = match part {
            Part::Texts(language) => language.clone(),
            _ => draft.default_language.clone(),
        };
        let problems = problems(draft);
        let tab = |tag: &Language| LanguageTab {
            tag: tag.tag().to_owned(),
            name: tag.name().to_owned(),
            missing: problems.iter().filter(|problem| problem.starts_with(&format!("{}: ", tag.name()))).count(),
            current: *tag == language,
        };
        let saved = survey.draft.as_ref().map(|(at, by)| {
            let (iso, exact) = time(*at);
            (iso, exact, by.clone())
        });
        Self {
            id: survey.id.clone(),
            name: survey.name.clone(),
            archived: survey.archived,
            version: survey.current.as_ref().map(|current| current.number),
            saved,
            edition,
            part: part.code(),
            language: language.tag().to_owned(),
            languages: draft.texts.keys().map(tab).collect(),
            problems,
            conflict,
        }
    }
}

#[derive(Template)]
#[template(path = "surveys/editor/questions.html")]
pub(super) struct QuestionsPage {
    pub page: Shell,
    pub head: Head,
    pub questions: Vec<QuestionView>,
    pub kinds: Vec<(&'static str, &'static str)>,
    pub language: String,
    pub dir: &'static str,
    pub full: bool,
}

/// A question in the editor.
pub(super) struct QuestionView {
    pub number: u16,
    pub place: usize,
    pub label: String,
    pub kind: &'static str,
    pub required: bool,
    /// Possible role, and whether it is set.
    pub role: Option<(&'static str, bool)>,
    pub words: Vec<Word>,
    pub has_options: bool,
    pub first: bool,
    pub last: bool,
    pub conditions: Vec<Choice>,
    pub when: Vec<Choice>,
}

/// Label of a number or an option.
pub(super) struct Word {
    pub value: i64,
    pub label: String,
    pub text: String,
    /// Label in the default language.
    pub base: String,
}

/// A selectable option.
pub(super) struct Choice {
    pub value: i64,
    pub label: String,
    pub chosen: bool,
}

impl QuestionsPage {
    pub fn new(page: Shell, head: Head, draft: &Definition) -> Self {
        let last = draft.questions.len().saturating_sub(1);
        let view = |(at, item): (usize, &Item)| QuestionView {
            number: item.number,
            place: at + 1,
            label: label(draft, &draft.default_language, item.number),
            kind: item.kind.code(),
            required: item.required,
            role: role_of(item.kind).map(|role| (role_in_words(role), item.role.is_some())),
            words: words(draft, item, &draft.default_language, None),
            has_options: matches!(item.kind, Kind::OneOf | Kind::ManyOf),
            first: at == 0,
            last: at == last,
            conditions: before(draft, at, item),
            when: when(draft, item),
        };
        Self {
            questions: draft.questions.iter().enumerate().map(view).collect(),
            kinds: Kind::ALL.map(|kind| (kind.code(), kind_in_words(kind))).to_vec(),
            language: draft.default_language.name().to_owned(),
            dir: draft.default_language.direction(),
            full: draft.questions.len() >= MAX_QUESTIONS,
            page,
            head,
        }
    }
}

fn label(draft: &Definition, language: &Language, number: u16) -> String {
    let texts = draft.texts.get(language).and_then(|texts| texts.questions.get(&number));
    texts.map(|texts| texts.label.clone()).unwrap_or_default()
}

fn words(draft: &Definition, item: &Item, language: &Language, base: Option<&Language>) -> Vec<Word> {
    let of = |language: &Language, value: i64| -> String {
        let texts = draft.texts.get(language).and_then(|texts| texts.questions.get(&item.number));
        texts.and_then(|texts| texts.values.get(&value)).cloned().unwrap_or_default()
    };
    let name = |at: usize, value: i64| match item.kind {
        Kind::YesNo => if value == 1 { "Yes" } else { "No" }.to_owned(),
        Kind::OneOf | Kind::ManyOf => format!("Option {}", at + 1),
        _ => format!("Words for {value}"),
    };
    let word = |(at, value): (usize, i64)| Word {
        value,
        label: name(at, value),
        text: of(language, value),
        base: base.map(|base| of(base, value)).unwrap_or_default(),
    };
    item.worded().into_iter().enumerate().map(word).collect()
}

/// Returns the questions that a condition can use: preceding ones that are not texts.
fn before(draft: &Definition, at: usize, item: &Item) -> Vec<Choice> {
    let chosen = item.shown_if.as_ref().map(|condition| condition.question);
    let other = |other: &Item| Choice {
        value: i64::from(other.number),
        label: question_in_words(draft, other.number),
        chosen: chosen == Some(other.number),
    };
    draft.questions[..at].iter().filter(|other| other.kind != Kind::Text).map(other).collect()
}

/// Returns the answers that a condition can use.
fn when(draft: &Definition, item: &Item) -> Vec<Choice> {
    let Some(condition) = &item.shown_if else { return Vec::new() };
    let Some(other) = draft.item(condition.question) else { return Vec::new() };
    let texts = draft.texts.get(&draft.default_language).and_then(|texts| texts.questions.get(&other.number));
    let is_scale = matches!(other.kind, Kind::Csat | Kind::Nps | Kind::Ces);
    let named = |value: i64| {
        let word = texts.and_then(|texts| texts.values.get(&value)).filter(|word| !is_scale && !word.is_empty());
        word.cloned().unwrap_or_else(|| value.to_string())
    };
    let choice = |value: i64| Choice { value, label: named(value), chosen: condition.one_of.contains(&value) };
    other.values().into_iter().map(choice).collect()
}

#[derive(Template)]
#[template(path = "surveys/editor/texts.html")]
pub(super) struct TextsPage {
    pub page: Shell,
    pub head: Head,
    pub tag: String,
    pub name: String,
    pub dir: &'static str,
    pub base: String,
    pub base_tag: String,
    pub base_dir: &'static str,
    pub is_default: bool,
    pub built_in: bool,
    pub rows: Vec<TranslationRow>,
    pub phrases: Vec<TranslationRow>,
    pub missing: usize,
}

/// A text to translate, beside the text in the default language.
pub(super) struct TranslationRow {
    pub name: String,
    pub label: String,
    pub base: String,
    pub text: String,
    pub long: bool,
}

impl TextsPage {
    pub fn new(page: Shell, head: Head, draft: &Definition, language: &Language) -> Self {
        let base = &draft.default_language;
        let (own, original) = (draft.texts.get(language), draft.texts.get(base));
        let phrases: Vec<TranslationRow> = phrases(language, own, base, original);
        let built_in = language.is_built_in();
        Self {
            tag: language.tag().to_owned(),
            name: language.name().to_owned(),
            dir: language.direction(),
            base: base.name().to_owned(),
            base_tag: base.tag().to_owned(),
            base_dir: base.direction(),
            is_default: language == base,
            built_in,
            rows: rows(draft, language, own, base, original),
            missing: if built_in { 0 } else { phrases.iter().filter(|row| row.text.is_empty()).count() },
            phrases,
            page,
            head,
        }
    }
}

fn rows(
    draft: &Definition,
    language: &Language,
    own: Option<&Texts>,
    base: &Language,
    original: Option<&Texts>,
) -> Vec<TranslationRow> {
    let row = |name: &str, label: &str, long: bool, pick: fn(&Texts) -> &String| TranslationRow {
        name: name.to_owned(),
        label: label.to_owned(),
        base: original.map(pick).cloned().unwrap_or_default(),
        text: own.map(pick).cloned().unwrap_or_default(),
        long,
    };
    let mut rows = vec![
        row("title_call", "Heading after a call", false, |texts| &texts.title_call),
        row("title_chat", "Heading after a chat", false, |texts| &texts.title_chat),
        row("intro", "Introduction", true, |texts| &texts.intro),
        row("thanks", "Heading after answering", false, |texts| &texts.thanks),
    ];
    for (at, item) in draft.questions.iter().enumerate() {
        rows.push(TranslationRow {
            name: format!("q.{}.label", item.number),
            label: format!("Question {}", at + 1),
            base: label(draft, base, item.number),
            text: label(draft, language, item.number),
            long: false,
        });
        rows.extend(words(draft, item, language, Some(base)).into_iter().map(|word| TranslationRow {
            name: format!("q.{}.v.{}", item.number, word.value),
            label: format!("Question {}: {}", at + 1, word.label.to_lowercase()),
            base: word.base,
            text: word.text,
            long: false,
        }));
    }
    rows
}

/// Returns the page's phrases: the built-in one beside the survey's own.
fn phrases(language: &Language, own: Option<&Texts>, base: &Language, original: Option<&Texts>) -> Vec<TranslationRow> {
    let nothing = std::collections::BTreeMap::new();
    let of = |texts: Option<&Texts>| texts.map_or_else(|| nothing.clone(), |texts| texts.phrases.clone());
    let beside =
        if language.is_built_in() { Phrases::with(language, &nothing) } else { Phrases::with(base, &of(original)) };
    let own = of(own);
    let row = |name: &'static str| TranslationRow {
        name: format!("p.{name}"),
        label: name.replace('_', " "),
        base: beside.get(name).unwrap_or_default().to_owned(),
        text: own.get(name).cloned().unwrap_or_default(),
        long: true,
    };
    names().map(row).collect()
}

#[derive(Template)]
#[template(path = "surveys/editor/look.html")]
pub(super) struct LookPage {
    pub page: Shell,
    pub head: Head,
    pub accent: String,
    pub accent_dark: String,
    pub light: Readable,
    pub dark: Readable,
    pub logo: Option<String>,
    pub most_kb: usize,
}

/// Contrast of a colour.
pub(super) struct Readable {
    /// Ratio such as `5.9`; `None` if it is no colour.
    pub ratio: Option<String>,
    pub good: bool,
}

impl Readable {
    fn on(colour: &str, ground: &str) -> Self {
        let ratio = contrast::ratio(colour, ground);
        Self { ratio: ratio.map(|ratio| format!("{ratio:.1}")), good: contrast::objection(colour, ground).is_none() }
    }
}

/// Built-in colours of the page.
const OURS: (&str, &str) = ("#0f6a68", "#6cc5ba");

impl LookPage {
    pub fn new(page: Shell, head: Head, draft: &Definition) -> Self {
        let (accent, accent_dark) = (draft.look.accent.clone(), draft.look.accent_dark.clone());
        Self {
            light: Readable::on(accent.as_deref().unwrap_or(OURS.0), contrast::PAPER),
            dark: Readable::on(accent_dark.as_deref().unwrap_or(OURS.1), contrast::SLATE),
            accent: accent.unwrap_or_default(),
            accent_dark: accent_dark.unwrap_or_default(),
            logo: draft.look.logo.clone(),
            most_kb: crate::surveys::editor::MAX_LOGO_BYTES / 1024,
            page,
            head,
        }
    }
}
