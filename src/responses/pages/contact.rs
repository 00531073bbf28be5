//! `/s/{token}/contact`: requests a callback, and ends the quoting of the comment. A page of its own, so that a request
//! comes in a separate HTTP request and transaction from every answer. GET changes nothing.

use super::RequestLanguage;
use super::views::{Frame, Reader};
use crate::invitations::{Invited, Token};
use crate::responses::Responses;
use crate::responses::callback_requests::{
    CallbackError, CallbackRequest, CallbackState, MAX_ABOUT_CHARS, MAX_CONTACT_CHARS, MAX_NAME_CHARS,
};
use crate::web::page::html_with;
use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Body, Request, Response, handler};
use url::form_urlencoded;

/// Maximum size of the body, in bytes.
const MAX_BODY_BYTES: usize = 32 * 1024;

/// Values of the submitted form.
#[derive(Debug, Clone, Default)]
struct Entered {
    callback: CallbackRequest,
    join: bool,
    /// Pressed button: `withdraw`, `unquote`, or that of the form.
    act: String,
    trap: bool,
}

/// Problems of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    Missing,
    Long,
    Trapped,
}

impl Entered {
    fn read(bytes: &[u8]) -> Self {
        let mut entered = Self::default();
        for (name, value) in form_urlencoded::parse(bytes) {
            let line = || value.split_whitespace().collect::<Vec<_>>().join(" ").replace('\0', "");
            match name.as_ref() {
                "name" => entered.callback.name = line(),
                "reach" => entered.callback.reach = line(),
                "about" => {
                    let text = value.replace("\r\n", "\n").replace('\0', "").trim().to_owned();
                    entered.callback.about = Some(text).filter(|text| !text.is_empty());
                }
                "join" => entered.join = value == "yes",
                "do" => entered.act = value.into_owned(),
                "website" => entered.trap = !value.is_empty(),
                _ => {}
            }
        }
        entered
    }

    fn check(&self) -> Result<(), Problem> {
        let CallbackRequest { name, reach, about } = &self.callback;
        let fits = |text: &str, most: usize| text.chars().count() <= most;
        if self.trap {
            return Err(Problem::Trapped);
        }
        if name.is_empty() || !can_reach(reach) {
            return Err(Problem::Missing);
        }
        let all_fit = fits(name, MAX_NAME_CHARS)
            && fits(reach, MAX_CONTACT_CHARS)
            && fits(about.as_deref().unwrap_or(""), MAX_ABOUT_CHARS);
        if all_fit { Ok(()) } else { Err(Problem::Long) }
    }
}

/// Whether the text is a usable contact: an address, or a number of five digits or more.
fn can_reach(text: &str) -> bool {
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    digits >= 5 || text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

#[derive(Template)]
#[template(path = "surveys/contact.html")]
struct ContactPage<'a> {
    frame: Frame<'a>,
    action: String,
    /// State of the page: `form`, `thanks`, `handed`, `deletion`, `unquoted`.
    state: &'a str,
    name: &'a str,
    reach: &'a str,
    about: &'a str,
    join: bool,
    joinable: bool,
    editing: bool,
    quoted: bool,
    problem: Option<String>,
    most: (usize, usize, usize),
}

/// Values that the page is rendered from.
struct ContactView<'a> {
    state: &'a str,
    entered: &'a Entered,
    standing: &'a CallbackState,
    problem: Option<Problem>,
    quoted: bool,
}

fn page(responses: &Responses, status: StatusCode, reader: &Reader<'_>, shown: &ContactView<'_>) -> Response {
    let speech = reader.invited.texts(responses.settings(), reader.lang);
    let words = speech.words;
    let query = reader.lang.map(|_| format!("?lang={}", speech.language.tag())).unwrap_or_default();
    let problem = shown.problem.map(|problem| match problem {
        Problem::Missing => words.contact_missing.clone(),
        Problem::Long => words.problem_long.clone(),
        Problem::Trapped => words.problem_trap.clone(),
    });
    let callback = &shown.entered.callback;
    let page = ContactPage {
        frame: Frame::new(responses, &speech, Some(&reader.invited.version.definition.look)),
        action: format!("/s/{}/contact{query}", reader.token.secret()),
        state: shown.state,
        name: &callback.name,
        reach: &callback.reach,
        about: callback.about.as_deref().unwrap_or_default(),
        join: shown.entered.join,
        joinable: shown.standing.joinable,
        editing: shown.standing.callback.is_some(),
        quoted: shown.quoted,
        problem,
        most: (MAX_NAME_CHARS, MAX_CONTACT_CHARS, MAX_ABOUT_CHARS),
    };
    html_with(status, &page)
}

/// Returns the state, or the page that says that the link is not open.
async fn standing(
    responses: &Responses,
    asked: &RequestLanguage,
    token: &Token,
) -> Result<(Invited, CallbackState), Box<Response>> {
    match responses.callback_state(token).await {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(Box::new(match responses.standing(token).await {
            Ok(standing) => asked.settled(responses, token, &standing, StatusCode::GONE),
            Err(error) => asked.trouble(responses, &error),
        })),
        Err(error) => Err(Box::new(asked.trouble(responses, &error))),
    }
}

/// `GET /s/{token}/contact`.
#[handler]
pub(super) async fn show(Path(token): Path<String>, Data(responses): Data<&Responses>, request: &Request) -> Response {
    let asked = RequestLanguage::of(request);
    let Some(token) = Token::parse(&token) else { return asked.unknown(responses) };
    let (invited, standing) = match standing(responses, &asked, &token).await {
        Ok(found) => found,
        Err(answer) => return *answer,
    };
    let quoted = match responses.has_quote(&token).await {
        Ok(quoted) => quoted,
        Err(error) => return asked.trouble(responses, &error),
    };
    let entered = Entered {
        callback: standing.callback.clone().unwrap_or_default(),
        join: standing.joined,
        ..Entered::default()
    };
    let state = if standing.handed { "handed" } else { "form" };
    let shown = ContactView { state, entered: &entered, standing: &standing, problem: None, quoted };
    page(responses, StatusCode::OK, &asked.reader(&token, &invited), &shown)
}

/// `POST /s/{token}/contact`.
#[handler]
pub(super) async fn submit(
    Path(token): Path<String>,
    Data(responses): Data<&Responses>,
    request: &Request,
    body: Body,
) -> Response {
    let asked = RequestLanguage::of(request);
    let Some(token) = Token::parse(&token) else { return asked.unknown(responses) };
    let (invited, standing) = match standing(responses, &asked, &token).await {
        Ok(found) => found,
        Err(answer) => return *answer,
    };
    let Ok(bytes) = body.into_bytes_limit(MAX_BODY_BYTES).await else {
        let entered = Entered::default();
        let problem = Some(Problem::Long);
        let shown = ContactView { state: "form", entered: &entered, standing: &standing, problem, quoted: false };
        return page(responses, StatusCode::PAYLOAD_TOO_LARGE, &asked.reader(&token, &invited), &shown);
    };
    let entered = Entered::read(&bytes);
    match act(responses, &token, &entered).await {
        Ok((status, state, problem)) => {
            let shown = ContactView { state, entered: &entered, standing: &standing, problem, quoted: false };
            page(responses, status, &asked.reader(&token, &invited), &shown)
        }
        Err(CallbackError::Closed) => match responses.standing(&token).await {
            Ok(standing) => asked.settled(responses, &token, &standing, StatusCode::CONFLICT),
            Err(error) => asked.trouble(responses, &error),
        },
        Err(CallbackError::Handed) => {
            let shown =
                ContactView { state: "handed", entered: &entered, standing: &standing, problem: None, quoted: false };
            page(responses, StatusCode::CONFLICT, &asked.reader(&token, &invited), &shown)
        }
        Err(CallbackError::Database(error)) => asked.trouble(responses, &error),
    }
}

/// Returns status and state of the next page, and the problem if there was one.
async fn act(
    responses: &Responses,
    token: &Token,
    entered: &Entered,
) -> Result<(StatusCode, &'static str, Option<Problem>), CallbackError> {
    match entered.act.as_str() {
        "withdraw" => {
            responses.withdraw_callback(token).await?;
            Ok((StatusCode::OK, "gone", None))
        }
        "unquote" => {
            responses.withdraw_quote(token).await?;
            Ok((StatusCode::OK, "unquoted", None))
        }
        _ => match entered.check() {
            Err(problem) => Ok((StatusCode::UNPROCESSABLE_ENTITY, "form", Some(problem))),
            Ok(()) => {
                responses.callback(token, entered.callback.clone(), entered.join).await?;
                Ok((StatusCode::OK, "thanks", None))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_be_reached_is_taken_and_who_cannot_is_told() {
        let check = |form: &str| Entered::read(form.as_bytes()).check();
        for good in ["name=Jerry&reach=%2B44+306+999", "name=%E7%8E%8B&reach=jerry%40example.net&about=+parcel%0D%0A"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, problem) in [
            ("", Problem::Missing),
            ("name=Jerry", Problem::Missing),
            ("name=+&reach=12345", Problem::Missing),
            ("name=Jerry&reach=call+me", Problem::Missing),
            ("name=Jerry&reach=12345&website=x", Problem::Trapped),
            (&format!("name={}&reach=12345", "x".repeat(121)), Problem::Long),
            (&format!("name=Jerry&reach=12345&about={}", "x".repeat(1001)), Problem::Long),
        ] {
            assert_eq!(check(bad), Err(problem), "{bad}");
        }
    }
}
