//! What the customer's pages show.

use super::form::{Filled, Problem};
use super::sheet::{self, QuestionView};
use crate::config::Choice;
use crate::surveys::answers::{Answer, Invited, Value, chosen};
use crate::surveys::definition::{Kind, Look};
use crate::surveys::localized_text::{About, LocalizedText};
use crate::surveys::wording::{Facts, Language, Phrases, contrast, fill};
use crate::surveys::{Offer, Surveys, Token, Version};
use crate::web::page::html_with;
use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use std::time::Duration;

/// What every page of a customer has.
pub(super) struct Frame<'a> {
    pub lang: &'a str,
    pub dir: &'static str,
    pub company: &'a str,
    /// The logo's address.
    pub logo: Option<String>,
    /// Colours of the survey's own.
    pub style: Option<String>,
    pub w: &'a Phrases,
    pub speech: &'a LocalizedText<'a>,
}

impl<'a> Frame<'a> {
    pub fn new(surveys: &'a Surveys, speech: &'a LocalizedText<'a>, look: Option<&Look>) -> Self {
        Self {
            lang: speech.language.tag(),
            dir: speech.language.direction(),
            company: &surveys.settings().company,
            logo: look.and_then(|look| look.logo.as_ref()).map(|file| format!("/logos/{file}")),
            style: look.and_then(style),
            w: speech.words,
            speech,
        }
    }

    /// Fills a pattern.
    pub fn say(&self, pattern: &str) -> String {
        self.speech.say(pattern)
    }
}

/// The custom properties that a survey's colours change.
fn style(look: &Look) -> Option<String> {
    let rule = |colour: &str| format!(":root{{--a:{colour};--o:{}}}", contrast::ink_on(colour));
    let light = look.accent.as_deref().map(rule);
    let dark =
        look.accent_dark.as_deref().map(|colour| format!("@media(prefers-color-scheme:dark){{{}}}", rule(colour)));
    // A colour for light alone must not show in the dark, where it was not checked.
    let light = light.map(|rule| format!("@media(prefers-color-scheme:light){{{rule}}}"));
    (light.is_some() || dark.is_some()).then(|| light.into_iter().chain(dark).collect())
}

/// A language that the page can be read in.
struct OtherLanguage<'a> {
    tag: &'a str,
    name: &'a str,
    dir: &'static str,
}

#[derive(Template)]
#[template(path = "surveys/page.html")]
struct SurveyPage<'a> {
    frame: Frame<'a>,
    action: String,
    chat: bool,
    title: String,
    intro: String,
    questions: Vec<QuestionView>,
    /// Which choice is selected.
    linked: bool,
    apart: bool,
    /// Whether the company selected it in advance.
    preset: bool,
    /// What is wrong with the choice.
    choice_error: Option<String>,
    /// What the form offers, signed.
    offer: String,
    offers_linked: bool,
    offers_apart: bool,
    /// Is an answer there already?
    editing: bool,
    problem: Option<String>,
    /// Says when the form was shown once more.
    seen: Option<String>,
    agent: bool,
    languages: Vec<OtherLanguage<'a>>,
    unsubscribe: String,
    /// Where one asks to be contacted.
    contact: String,
    /// May the comment be quoted?
    quote: bool,
    /// Shown to its author, not to a customer: nothing can be sent.
    preview: bool,
}

#[derive(Template)]
#[template(path = "surveys/thanks.html")]
struct ThanksPage<'a> {
    frame: Frame<'a>,
    title: String,
    answered: Option<String>,
    apart: bool,
    chat: bool,
    change: Option<String>,
    change_for: String,
    contact: String,
}

#[derive(Template)]
#[template(path = "surveys/closed.html")]
struct ClosedPage<'a> {
    frame: Frame<'a>,
    action: String,
    contact: String,
    state: &'a str,
}

#[derive(Template)]
#[template(path = "surveys/unsubscribe.html")]
struct UnsubscribePage<'a> {
    frame: Frame<'a>,
    action: String,
    done: bool,
}

/// Who asks, and in which language they chose to read.
pub(super) struct Reader<'a> {
    pub token: &'a Token,
    pub invited: &'a Invited,
    pub lang: Option<&'a str>,
}

impl Reader<'_> {
    /// Behind every address of ours: the language that was chosen, if one was.
    fn query(&self, speech: &LocalizedText<'_>) -> String {
        self.lang.map(|_| format!("?lang={}", speech.language.tag())).unwrap_or_default()
    }
}

/// The form. `before`: the choice of the answer that is being changed.
pub(super) fn survey(
    surveys: &Surveys,
    status: StatusCode,
    reader: &Reader<'_>,
    filled: &Filled,
    before: Option<Choice>,
    problem: Option<&Problem>,
) -> Response {
    let speech = LocalizedText::of(surveys, reader.invited, reader.lang);
    let about = About::from(reader.invited);
    let offer = surveys.offer(reader.token, filled.offer.as_deref());
    let mut page = sheet_page(surveys, &reader.invited.version, &speech, &about, (filled, offer), problem);
    page.offer = surveys.offer_stamp(reader.token, offer);
    let secret = reader.token.secret();
    let query = reader.query(&speech);
    page.action = format!("/s/{secret}{query}");
    page.unsubscribe = format!("/u/{secret}{query}");
    page.contact = format!("/s/{secret}/contact{query}");
    page.editing = before.is_some();
    page.preset &= before.is_none();
    // An answer that was kept apart stays apart.
    page.offers_linked &= before != Some(Choice::Apart);
    page.offers_apart |= before == Some(Choice::Apart);
    html_with(status, &page)
}

/// The page of a version that nobody was invited to: its author sees it, and can send nothing.
pub fn preview(surveys: &Surveys, version: &Version, language: &Language, about: &About<'_>) -> Response {
    let speech = LocalizedText::about(surveys.settings(), version, language, about);
    let filled = Filled::empty(surveys.settings().preset);
    let offer = Offer::of(surveys.settings());
    let mut page = sheet_page(surveys, version, &speech, about, (&filled, offer), None);
    page.preview = true;
    html_with(StatusCode::OK, &page)
}

fn sheet_page<'a>(
    surveys: &'a Surveys,
    version: &'a Version,
    speech: &'a LocalizedText<'a>,
    about: &About<'_>,
    (filled, offer): (&Filled, Offer),
    problem: Option<&Problem>,
) -> SurveyPage<'a> {
    let settings = surveys.settings();
    let texts = speech.texts(version).cloned().unwrap_or_default();
    let others = version.definition.texts.keys().filter(|language| **language != *speech.language);
    SurveyPage {
        frame: Frame::new(surveys, speech, Some(&version.definition.look)),
        action: String::new(),
        chat: about.chat,
        title: speech.say(if about.chat { &texts.title_chat } else { &texts.title_call }),
        intro: speech.say(&texts.intro),
        questions: sheet::questions(version, &texts, speech.words, speech.facts(), filled, problem),
        linked: filled.choice == Some(Choice::Linked),
        apart: filled.choice == Some(Choice::Apart),
        preset: settings.preset.is_some(),
        choice_error: matches!(problem, Some(Problem::NoChoice | Problem::NotOffered))
            .then(|| speech.words.choose_use.clone()),
        offer: String::new(),
        offers_linked: offer.linked,
        offers_apart: offer.apart,
        editing: false,
        problem: problem.map(|problem| sentence(problem, speech.words)),
        seen: filled.seen.clone(),
        agent: about.agent.is_some(),
        languages: others
            .map(|language| OtherLanguage { tag: language.tag(), name: language.name(), dir: language.direction() })
            .collect(),
        unsubscribe: String::new(),
        contact: String::new(),
        quote: filled.quote,
        preview: false,
    }
}

/// Above the form: what is wrong, and that nothing is lost.
fn sentence(problem: &Problem, words: &Phrases) -> String {
    let what = match problem {
        Problem::Missing(_) | Problem::NoChoice => &words.problem_missing,
        Problem::NotOffered => &words.problem_offer,
        Problem::Long(_) => &words.problem_long,
        Problem::Trapped => return words.problem_trap.clone(),
        Problem::Odd => &words.problem_odd,
        Problem::NoWayBack => &words.problem_apart,
    };
    format!("{what} {}", words.problem_safe)
}

/// After an answer.
pub(super) fn thanks(surveys: &Surveys, reader: &Reader<'_>, answer: &Answer) -> Response {
    let settings = surveys.settings();
    let speech = LocalizedText::of(surveys, reader.invited, reader.lang);
    let (version, query) = (&reader.invited.version, reader.query(&speech));
    let own = speech.texts(version).map(|texts| texts.thanks.as_str()).filter(|text| !text.trim().is_empty());
    let page = ThanksPage {
        frame: Frame::new(surveys, &speech, Some(&version.definition.look)),
        title: speech.say(own.unwrap_or(&speech.words.thanks)),
        answered: said(version, &speech, answer)
            .map(|said| fill(&speech.words.thanks_answer, &Facts::default().with("answer", said))),
        apart: answer.choice == Choice::Apart,
        chat: reader.invited.channel == "chat",
        change: (!settings.edit_for.is_zero()).then(|| format!("/s/{}{query}", reader.token.secret())),
        change_for: in_words(speech.words, settings.edit_for),
        contact: format!("/s/{}/contact{query}", reader.token.secret()),
    };
    html_with(StatusCode::OK, &page)
}

/// The first answer in words, said back so that a slip of the thumb is noticed: `4, Good`.
fn said(version: &Version, speech: &LocalizedText<'_>, answer: &Answer) -> Option<String> {
    let (item, question) = version.anchor()?;
    let number = answer.values.get(&question).and_then(Value::number)?;
    let words = speech.texts(version)?.questions.get(&item.number)?;
    let word = |value: &i64| words.values.get(value).map(|text| speech.say(text));
    match item.kind {
        Kind::Csat => Some(format!("{number}, {}", word(&number)?)),
        Kind::Nps | Kind::Ces => Some(number.to_string()),
        kind => Some(chosen(kind, number).iter().filter_map(word).collect::<Vec<_>>().join(", ")),
    }
}

/// A link that takes no answer.
pub(super) fn closed(surveys: &Surveys, status: StatusCode, state: &str, reader: &Reader<'_>) -> Response {
    let speech = LocalizedText::of(surveys, reader.invited, reader.lang);
    let frame = Frame::new(surveys, &speech, Some(&reader.invited.version.definition.look));
    let (secret, query) = (reader.token.secret(), reader.query(&speech));
    let (action, contact) = (format!("/s/{secret}{query}"), format!("/s/{secret}/contact{query}"));
    html_with(status, &ClosedPage { frame, action, contact, state })
}

/// The same where nothing is known of the link; `accepted`: what the browser prefers.
pub(super) fn lost(surveys: &Surveys, status: StatusCode, state: &str, accepted: Option<&str>) -> Response {
    let speech = LocalizedText::unknown(surveys.settings(), accepted);
    html_with(
        status,
        &ClosedPage { frame: Frame::new(surveys, &speech, None), action: String::new(), contact: String::new(), state },
    )
}

/// Before and after unsubscribing.
pub(super) fn unsubscribe(surveys: &Surveys, reader: &Reader<'_>, done: bool) -> Response {
    let speech = LocalizedText::of(surveys, reader.invited, reader.lang);
    let frame = Frame::new(surveys, &speech, Some(&reader.invited.version.definition.look));
    html_with(StatusCode::OK, &UnsubscribePage { frame, action: format!("/u/{}", reader.token.secret()), done })
}

/// The same by the link of a reminder, which knows no survey.
pub(super) fn unsubscribe_unasked(surveys: &Surveys, token: &Token, accepted: Option<&str>, done: bool) -> Response {
    let speech = LocalizedText::unknown(surveys.settings(), accepted);
    let frame = Frame::new(surveys, &speech, None);
    html_with(StatusCode::OK, &UnsubscribePage { frame, action: format!("/u/{}", token.secret()), done })
}

/// How long an answer can be changed, in units of which there are two at least.
fn in_words(words: &Phrases, time: Duration) -> String {
    let seconds = time.as_secs();
    let (pattern, count) = match seconds {
        0..120 => (&words.change_while, 0),
        120..7200 => (&words.change_minutes, seconds / 60),
        7200..172_800 => (&words.change_hours, seconds / 3600),
        172_800.. => (&words.change_days, seconds / 86_400),
    };
    fill(pattern, &Facts::default().with("n", count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surveys::wording::english;

    #[test]
    fn lengths_of_time_read_as_people_say_them() {
        for (seconds, wanted) in [
            (60, "You can change it for a short while."),
            (900, "You can change it for 15 minutes."),
            (3600, "You can change it for 60 minutes."),
            (86_400, "You can change it for 24 hours."),
            (259_200, "You can change it for 3 days."),
        ] {
            assert_eq!(in_words(english(), Duration::from_secs(seconds)), wanted);
        }
    }
}
