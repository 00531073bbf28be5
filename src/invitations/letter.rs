//! Text of the customer's mail, in both its parts: the survey's texts and the scale, each answer one tap.

use crate::clock::Timestamp;
use crate::config::Choices;
use crate::surveys::{
    Language, LocalizedText, Look, Phrases, QuestionItem as Item, QuestionKind as Kind, Settings, Version, contrast,
    fill,
};
use askama::Template;

/// Background and text colour of the five numbers of a CSAT scale, as on the page.
const TONES: [(&str, &str); 5] = [
    ("#9a5600", "#ffffff"),
    ("#e0b25c", "#1f2430"),
    ("#c9c6be", "#1f2430"),
    ("#9cc0e4", "#1f2430"),
    ("#1f5d9c", "#ffffff"),
];
/// Background and text colour of other answers.
const PLAIN: (&str, &str) = ("#e2eeeb", "#1f2430");

/// Values of a single mail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letter<'a> {
    /// Name to greet.
    pub customer: Option<&'a str>,
    /// Absolute URL of the survey, without a query.
    pub survey: &'a str,
    /// Absolute URL for unsubscribing.
    pub unsubscribe: &'a str,
    /// Time at which the link expires.
    pub expires_at: Timestamp,
}

/// Subject and both parts.
#[derive(Debug)]
pub(super) struct Texts {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// An answer that can be chosen in the mail.
struct Tile {
    /// Value in the link.
    value: String,
    /// Large text: a number, or empty.
    number: String,
    word: String,
    ground: &'static str,
    ink: &'static str,
    /// CSS class for the colours in dark mode.
    class: String,
}

/// Values that both parts are rendered from.
struct Parts<'a> {
    lang: &'a str,
    dir: &'static str,
    company: &'a str,
    w: &'a Phrases,
    chat: bool,
    title: String,
    hello: String,
    lead: String,
    /// Question that the tiles answer, if the heading does not ask it.
    question: String,
    /// Labels of the ends of a scale without other labels.
    ends: Option<(String, String)>,
    rows: Vec<Vec<Tile>>,
    /// Whether the page offers both choices.
    decide: bool,
    survey: &'a str,
    unsubscribe: &'a str,
    privacy: String,
    copy: String,
    why: String,
    often: String,
    accent: &'a str,
    accent_ink: &'static str,
    accent_dark: &'a str,
    accent_dark_ink: &'static str,
}

#[derive(Template)]
#[template(path = "mail/invitation.html")]
struct HtmlPart<'a> {
    p: &'a Parts<'a>,
}

#[derive(Template)]
#[template(path = "mail/invitation.txt")]
struct TextPart<'a> {
    p: &'a Parts<'a>,
}

/// Writes the mail about a chat or another conversation. `reason`: pattern of the sentence that tells why the customer
/// gets it.
pub(super) fn write(
    settings: &Settings,
    version: &Version,
    speech: &LocalizedText<'_>,
    (chat, reason): (bool, &str),
    letter: Letter<'_>,
) -> Result<Texts, askama::Error> {
    let parts = parts(settings, version, speech, (chat, reason), letter);
    let text = TextPart { p: &parts }.render()?;
    let html = HtmlPart { p: &parts }.render()?;
    let w = speech.words;
    Ok(Texts { subject: speech.say(if chat { &w.mail_subject_chat } else { &w.mail_subject_call }), text, html })
}

fn parts<'a>(
    settings: &'a Settings,
    version: &'a Version,
    speech: &'a LocalizedText<'a>,
    (chat, reason): (bool, &str),
    letter: Letter<'a>,
) -> Parts<'a> {
    let w = speech.words;
    let texts = speech.texts(version);
    let days = settings.quiet_period.as_secs() / 86_400;
    let facts = speech
        .facts()
        .clone()
        .with_some("customer", letter.customer)
        .with("days", days)
        .with("until", speech.day(letter.expires_at));
    let say = |pattern: &str| fill(pattern, &facts);
    let title = texts.map(|texts| if chat { &texts.title_chat } else { &texts.title_call });
    let Look { accent, accent_dark, .. } = &version.definition.look;
    let (accent, accent_dark) = (accent.as_deref().unwrap_or("#0f6a68"), accent_dark.as_deref().unwrap_or("#6cc5ba"));
    let (question, ends, rows) = scale(version, speech);
    Parts {
        lang: Language::tag(&speech.language),
        dir: speech.language.direction(),
        company: &settings.company,
        w,
        chat,
        title: title.map(|title| say(title)).unwrap_or_default(),
        hello: say(&w.mail_hello),
        lead: format!("{} {}", say(if chat { &w.mail_chat } else { &w.mail_call }), w.mail_how),
        question,
        ends,
        rows,
        decide: settings.choices == Choices::Both,
        survey: letter.survey,
        unsubscribe: letter.unsubscribe,
        privacy: format!("{}/privacy?lang={}", settings.public_url, speech.language.tag()),
        copy: say(&w.mail_copy),
        why: say(reason),
        often: if days > 1 { say(&w.mail_often) } else { w.mail_once.clone() },
        accent,
        accent_ink: contrast::ink_on(accent),
        accent_dark,
        accent_dark_ink: contrast::ink_on(accent_dark),
    }
}

/// Returns the anchor question: its text, the labels of its scale's ends, and its answers in rows.
fn scale(version: &Version, speech: &LocalizedText<'_>) -> (String, Option<(String, String)>, Vec<Vec<Tile>>) {
    let (Some(item), Some(texts)) = (version.definition.anchor(), speech.texts(version)) else {
        return (String::new(), None, Vec::new());
    };
    let words = texts.questions.get(&item.number);
    let said =
        |value: i64| words.and_then(|words| words.values.get(&value)).map(|text| speech.say(text)).unwrap_or_default();
    let label = words.map(|words| speech.say(&words.label)).unwrap_or_default();
    let scale = matches!(item.kind, Kind::Nps | Kind::Ces);
    let ends = scale.then(|| (said(item.worded()[0]), said(item.worded()[1])));
    let tile = |value: i64| tile(item, value, if scale { String::new() } else { said(value) });
    let tiles: Vec<Tile> = item.values().into_iter().map(tile).collect();
    let across = match item.kind {
        Kind::Csat => 5,
        Kind::Nps => 6,
        Kind::Ces => 7,
        Kind::YesNo => 2,
        _ => 1,
    };
    let mut rows: Vec<Vec<Tile>> = Vec::new();
    for tile in tiles {
        match rows.last_mut().filter(|row| row.len() < across) {
            Some(row) => row.push(tile),
            None => rows.push(vec![tile]),
        }
    }
    // The heading already asks the CSAT question; another question is printed.
    (if item.kind == Kind::Csat { String::new() } else { label }, ends, rows)
}

fn tile(item: &Item, value: i64, word: String) -> Tile {
    let tone = usize::try_from(value - 1).ok().and_then(|place| TONES.get(place)).filter(|_| item.kind == Kind::Csat);
    let (ground, ink) = tone.copied().unwrap_or(PLAIN);
    let number =
        if matches!(item.kind, Kind::Csat | Kind::Nps | Kind::Ces) { value.to_string() } else { String::new() };
    let class = if tone.is_some() { format!("s{value}") } else { "sp".to_owned() };
    Tile { value: item.kind.word(value), number, word, ground, ink, class }
}
