//! What the customer's pages show.

use super::form::{Filled, Problem};
use crate::config::{Choice, Choices};
use crate::surveys::answers::{Answer, Invited};
use crate::surveys::invitation::{day, first_name};
use crate::surveys::{Surveys, Token};
use crate::web::page::html_with;
use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use std::time::Duration;

#[derive(Template)]
#[template(path = "surveys/page.html")]
struct SurveyPage<'a> {
    lang: &'a str,
    dir: &'a str,
    company: &'a str,
    action: String,
    chat: bool,
    topic: Option<&'a str>,
    agent: Option<&'a str>,
    happened: Option<String>,
    score: Option<u8>,
    resolved: Option<bool>,
    comment: &'a str,
    apart: bool,
    offers_linked: bool,
    offers_apart: bool,
    k: u32,
    editing: Option<&'a str>,
    problem: Option<String>,
    score_error: Option<&'a str>,
    comment_error: Option<&'a str>,
    unsubscribe: String,
}

#[derive(Template)]
#[template(path = "surveys/thanks.html")]
struct ThanksPage<'a> {
    lang: &'a str,
    dir: &'a str,
    company: &'a str,
    apart: bool,
    chat: bool,
    score: Option<u8>,
    k: u32,
    change: Option<String>,
    change_for: String,
}

#[derive(Template)]
#[template(path = "surveys/closed.html")]
struct ClosedPage<'a> {
    lang: &'a str,
    dir: &'a str,
    company: &'a str,
    action: String,
    state: &'a str,
}

#[derive(Template)]
#[template(path = "surveys/unsubscribe.html")]
struct UnsubscribePage<'a> {
    lang: &'a str,
    dir: &'a str,
    company: &'a str,
    action: String,
    done: bool,
}

/// The language of the texts there are.
const LANG: &str = "en";
const DIR: &str = "ltr";

/// The form. `before`: the choice of the answer that is being changed.
pub(super) fn survey(
    surveys: &Surveys,
    status: StatusCode,
    token: &Token,
    invited: &Invited,
    filled: &Filled,
    before: Option<Choice>,
    problem: Option<Problem>,
) -> Response {
    let settings = surveys.settings();
    // An answer that was kept apart stays apart.
    let offers_linked = settings.choices != Choices::Apart && before != Some(Choice::Apart);
    let offers_apart = settings.choices != Choices::Linked || before == Some(Choice::Apart);
    let page = SurveyPage {
        lang: LANG,
        dir: DIR,
        company: &settings.company,
        action: format!("/s/{}", token.secret()),
        chat: invited.channel == "chat",
        topic: invited.topic.as_deref(),
        agent: first_name(invited.agent_name.as_deref()),
        happened: Some(day(invited.occurred_at)),
        score: filled.score,
        resolved: filled.resolved,
        comment: &filled.comment,
        apart: filled.choice == Choice::Apart,
        offers_linked,
        offers_apart,
        k: settings.k,
        // How much of the time is left is not known: an answer carries no time.
        editing: before.map(|_| "for a short while"),
        problem: problem.map(Problem::sentence),
        score_error: problem.and_then(Problem::at_score),
        comment_error: problem.and_then(Problem::at_comment),
        unsubscribe: format!("/u/{}", token.secret()),
    };
    html_with(status, &page)
}

/// After an answer.
pub(super) fn thanks(surveys: &Surveys, token: &Token, invited: &Invited, answer: &Answer) -> Response {
    let settings = surveys.settings();
    let apart = match settings.choices {
        Choices::Both => answer.choice == Choice::Apart,
        Choices::Linked => false,
        Choices::Apart => true,
    };
    let page = ThanksPage {
        lang: LANG,
        dir: DIR,
        company: &settings.company,
        apart,
        chat: invited.channel == "chat",
        score: Some(answer.score),
        k: settings.k,
        change: (!settings.edit_for.is_zero()).then(|| format!("/s/{}", token.secret())),
        change_for: in_words(settings.edit_for),
    };
    html_with(StatusCode::OK, &page)
}

/// A link that takes no answer.
pub(super) fn closed(surveys: &Surveys, status: StatusCode, state: &str, token: Option<&Token>) -> Response {
    let action = token.map(|token| format!("/s/{}", token.secret())).unwrap_or_default();
    html_with(status, &ClosedPage { lang: LANG, dir: DIR, company: &surveys.settings().company, action, state })
}

/// Before and after unsubscribing.
pub(super) fn unsubscribe(surveys: &Surveys, token: &Token, done: bool) -> Response {
    let action = format!("/u/{}", token.secret());
    html_with(
        StatusCode::OK,
        &UnsubscribePage { lang: LANG, dir: DIR, company: &surveys.settings().company, action, done },
    )
}

/// `for 15 minutes`, in whole units, rounded down.
fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..172_800 => (seconds / 3600, "hour"),
        172_800.. => (seconds / 86_400, "day"),
    };
    format!("for {count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_read_as_people_say_them() {
        for (seconds, wanted) in [
            (1, "for 1 second"),
            (900, "for 15 minutes"),
            (3600, "for 1 hour"),
            (86_400, "for 24 hours"),
            (259_200, "for 3 days"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), wanted);
        }
    }
}
