//! Views of the customer's pages.

use super::form::{Filled, Problem};
use super::sheet::{self, QuestionView};
use crate::config::Choice;
use crate::invitations::{Invited, Token};
use crate::responses::{Answer, Offer, Responses};
use crate::surveys::{
    About, Facts, Language, LocalizedText, Look, Phrases, QuestionKind as Kind, Value, Version, chosen, contrast, fill,
};
use crate::web::page::html_with;
use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use std::time::Duration;

/// Common values of every customer page.
pub(super) struct Frame<'a> {
    pub lang: &'a str,
    pub dir: &'static str,
    pub company: &'a str,
    /// URL of the logo.
    pub logo: Option<String>,
    /// Style with the survey's own colours.
    pub style: Option<String>,
    pub w: &'a Phrases,
    pub speech: &'a LocalizedText<'a>,
}

impl<'a> Frame<'a> {
    pub fn new(responses: &'a Responses, speech: &'a LocalizedText<'a>, look: Option<&Look>) -> Self {
        Self {
            lang: speech.language.tag(),
            dir: speech.language.direction(),
            company: &responses.settings().company,
            logo: look.and_then(|look| look.logo.as_ref()).map(|file| format!("/logos/{file}")),
            style: look.and_then(style),
            w: speech.words,
            speech,
        }
    }

    /// Returns a pattern with its placeholders filled in.
    pub fn say(&self, pattern: &str) -> String {
        self.speech.say(pattern)
    }
}

/// Returns the custom properties for a survey's colours.
fn style(look: &Look) -> Option<String> {
    let rule = |colour: &str| format!(":root{{--a:{colour};--o:{}}}", contrast::ink_on(colour));
    let light = look.accent.as_deref().map(rule);
    let dark =
        look.accent_dark.as_deref().map(|colour| format!("@media(prefers-color-scheme:dark){{{}}}", rule(colour)));
    // A colour for light mode alone is not used in dark mode, where its contrast was not checked.
    let light = light.map(|rule| format!("@media(prefers-color-scheme:light){{{rule}}}"));
    (light.is_some() || dark.is_some()).then(|| light.into_iter().chain(dark).collect())
}

/// A language that the page is available in.
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
    /// Whether linked is selected.
    linked: bool,
    apart: bool,
    /// Whether the company preselected it.
    preset: bool,
    /// Problem of the choice.
    choice_error: Option<String>,
    /// Signed offer of the form.
    offer: String,
    offers_linked: bool,
    offers_apart: bool,
    /// Whether an answer is recorded already.
    editing: bool,
    problem: Option<String>,
    /// Signed time at which the form was shown again.
    seen: Option<String>,
    agent: bool,
    languages: Vec<OtherLanguage<'a>>,
    unsubscribe: String,
    /// URL of the callback request page.
    contact: String,
    /// Whether the comment may be quoted.
    quote: bool,
    /// Whether it is the author's preview: it can't be submitted.
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

/// Reader of a page, and the language that they chose.
pub(super) struct Reader<'a> {
    pub token: &'a Token,
    pub invited: &'a Invited,
    pub lang: Option<&'a str>,
}

impl Reader<'_> {
    /// Returns the query for every URL of the page: the chosen language, if any.
    fn query(&self, speech: &LocalizedText<'_>) -> String {
        self.lang.map(|_| format!("?lang={}", speech.language.tag())).unwrap_or_default()
    }
}

/// Returns the form. `before`: choice of the answer that is being changed.
pub(super) fn survey(
    responses: &Responses,
    status: StatusCode,
    reader: &Reader<'_>,
    filled: &Filled,
    before: Option<Choice>,
    problem: Option<&Problem>,
) -> Response {
    let speech = reader.invited.texts(responses.settings(), reader.lang);
    let about = reader.invited.about();
    let offer = responses.offer(reader.token, filled.offer.as_deref());
    let mut page = sheet_page(responses, &reader.invited.version, &speech, &about, (filled, offer), problem);
    page.offer = responses.offer_stamp(reader.token, offer);
    let secret = reader.token.secret();
    let query = reader.query(&speech);
    page.action = format!("/s/{secret}{query}");
    page.unsubscribe = format!("/u/{secret}{query}");
    page.contact = format!("/s/{secret}/contact{query}");
    page.editing = before.is_some();
    page.preset &= before.is_none();
    // An apart answer stays apart.
    page.offers_linked &= before != Some(Choice::Apart);
    page.offers_apart |= before == Some(Choice::Apart);
    html_with(status, &page)
}

/// Returns the page of a version without an invitation: the author's preview, which can't be submitted.
pub fn preview(responses: &Responses, version: &Version, language: &Language, about: &About<'_>) -> Response {
    let speech = LocalizedText::about(responses.settings(), version, language, about);
    let filled = Filled::empty(responses.settings().preset);
    let offer = Offer::of(responses.settings());
    let mut page = sheet_page(responses, version, &speech, about, (&filled, offer), None);
    page.preview = true;
    html_with(StatusCode::OK, &page)
}

fn sheet_page<'a>(
    responses: &'a Responses,
    version: &'a Version,
    speech: &'a LocalizedText<'a>,
    about: &About<'_>,
    (filled, offer): (&Filled, Offer),
    problem: Option<&Problem>,
) -> SurveyPage<'a> {
    let settings = responses.settings();
    let texts = speech.texts(version).cloned().unwrap_or_default();
    let others = version.definition.texts.keys().filter(|language| **language != *speech.language);
    SurveyPage {
        frame: Frame::new(responses, speech, Some(&version.definition.look)),
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

/// Returns the message above the form: the problem, and that the entered values are kept.
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

/// Returns the page after an answer.
pub(super) fn thanks(responses: &Responses, reader: &Reader<'_>, answer: &Answer) -> Response {
    let settings = responses.settings();
    let speech = reader.invited.texts(responses.settings(), reader.lang);
    let (version, query) = (&reader.invited.version, reader.query(&speech));
    let own = speech.texts(version).map(|texts| texts.thanks.as_str()).filter(|text| !text.trim().is_empty());
    let page = ThanksPage {
        frame: Frame::new(responses, &speech, Some(&version.definition.look)),
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

/// Returns the first answer in words, such as `4, Good`, so that a mistap is noticed.
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

/// Returns the page of a link that accepts no answer.
pub(super) fn closed(responses: &Responses, status: StatusCode, state: &str, reader: &Reader<'_>) -> Response {
    let speech = reader.invited.texts(responses.settings(), reader.lang);
    let frame = Frame::new(responses, &speech, Some(&reader.invited.version.definition.look));
    let (secret, query) = (reader.token.secret(), reader.query(&speech));
    let (action, contact) = (format!("/s/{secret}{query}"), format!("/s/{secret}/contact{query}"));
    html_with(status, &ClosedPage { frame, action, contact, state })
}

/// Returns the page if nothing is known of the link; `accepted`: the browser's languages.
pub(super) fn lost(responses: &Responses, status: StatusCode, state: &str, accepted: Option<&str>) -> Response {
    let speech = LocalizedText::unknown(responses.settings(), accepted);
    html_with(
        status,
        &ClosedPage {
            frame: Frame::new(responses, &speech, None),
            action: String::new(),
            contact: String::new(),
            state,
        },
    )
}

/// Returns the page before and after unsubscribing.
pub(super) fn unsubscribe(responses: &Responses, reader: &Reader<'_>, done: bool) -> Response {
    let speech = reader.invited.texts(responses.settings(), reader.lang);
    let frame = Frame::new(responses, &speech, Some(&reader.invited.version.definition.look));
    html_with(StatusCode::OK, &UnsubscribePage { frame, action: format!("/u/{}", reader.token.secret()), done })
}

/// Returns the page for the link of a reminder, which has no survey.
pub(super) fn unsubscribe_unasked(
    responses: &Responses,
    token: &Token,
    accepted: Option<&str>,
    done: bool,
) -> Response {
    let speech = LocalizedText::unknown(responses.settings(), accepted);
    let frame = Frame::new(responses, &speech, None);
    html_with(StatusCode::OK, &UnsubscribePage { frame, action: format!("/u/{}", token.secret()), done })
}

/// Returns the time for changes in words, in the largest unit that gives at least two; without a number below two
/// minutes.
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
    use crate::surveys::english;

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
