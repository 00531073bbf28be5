//! The customer's pages: `/s/{token}` and `/u/{token}`. GET and HEAD change nothing and set nothing; only a POST counts.
//! Headers that keep tokens from leaking (no referrer, no cache) are set for these paths by the middleware.

mod contact;
mod form;
mod sheet;
mod views;

pub use views::preview;

use super::answers::{Answer, AnswerError, Given, Invited, Standing};
use super::{Surveys, Token};
use crate::config::Choice;
use form::{Filled, Problem};
use poem::error::ReadBodyError;
use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{Body, Request, Response, Route, get, handler};
use url::form_urlencoded;
use views::{Reader, closed, lost, survey, thanks, unsubscribe};

/// The largest body, in bytes: three texts of 5,000 characters, each as long as form encoding can make it, and the rest.
const MOST_BODY: usize = 192 * 1024;

/// Adds the customer's pages.
pub fn routes(route: Route) -> Route {
    route
        .at("/s/:token", get(show).head(show).post(submit))
        .at("/s/:token/contact", get(contact::show).head(contact::show).post(contact::submit))
        .at("/u/:token", get(ask_unsubscribe).head(ask_unsubscribe).post(do_unsubscribe))
}

/// What of a request the pages look at. Nothing else of it is read.
struct Asked {
    /// The language that the browser prefers; for pages that know nobody.
    accepted: Option<String>,
    /// The language that was chosen on the page.
    lang: Option<String>,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let query = request.uri().query().unwrap_or_default();
        let lang = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang");
        Self { accepted: accepted.map(str::to_owned), lang: lang.map(|(_, value)| value.into_owned()) }
    }

    fn reader<'a>(&'a self, token: &'a Token, invited: &'a Invited) -> Reader<'a> {
        Reader { token, invited, lang: self.lang.as_deref() }
    }

    /// A failure of ours: logged, without the token; kind words for the customer.
    fn trouble(&self, surveys: &Surveys, error: &dyn std::fmt::Display) -> Response {
        tracing::error!(%error, "a survey page failed");
        lost(surveys, StatusCode::INTERNAL_SERVER_ERROR, "trouble", self.accepted.as_deref())
    }

    fn unknown(&self, surveys: &Surveys) -> Response {
        lost(surveys, StatusCode::NOT_FOUND, "unknown", self.accepted.as_deref())
    }

    /// The page for a link that takes no answer any more.
    fn settled(&self, surveys: &Surveys, token: &Token, standing: &Standing, status: StatusCode) -> Response {
        let page = |invited, status, state| closed(surveys, status, state, &self.reader(token, invited));
        match standing {
            Standing::Unknown => self.unknown(surveys),
            Standing::Expired(invited) => page(invited, StatusCode::GONE, "expired"),
            Standing::Counted { rest: false, invited } => page(invited, status, "counted"),
            Standing::Counted { rest: true, invited } => page(invited, status, "rest"),
            Standing::Given(invited, _) | Standing::Open(invited) => page(invited, status, "used"),
        }
    }

    /// The form once more, with what was entered and what is wrong about it.
    fn again(
        &self,
        surveys: &Surveys,
        token: &Token,
        standing: &Standing,
        filled: &Filled,
        problem: &Problem,
    ) -> Response {
        let (invited, before) = match standing {
            Standing::Open(invited) => (invited, None),
            Standing::Given(invited, given) if given.changeable => (invited, Some(given.answer.choice)),
            other => return self.settled(surveys, token, other, StatusCode::CONFLICT),
        };
        let reader = self.reader(token, invited);
        survey(surveys, StatusCode::UNPROCESSABLE_ENTITY, &reader, filled, before, Some(problem))
    }

    async fn refused(&self, surveys: &Surveys, token: &Token, filled: &Filled, error: AnswerError) -> Response {
        let problem = match error {
            AnswerError::NoWayBack => Some(Problem::NoWayBack),
            AnswerError::Incomplete(missing) => Some(missing.into()),
            AnswerError::Unknown => return self.unknown(surveys),
            AnswerError::Expired | AnswerError::Used | AnswerError::Counted => None,
            AnswerError::Stopping(_) => {
                return lost(surveys, StatusCode::SERVICE_UNAVAILABLE, "trouble", self.accepted.as_deref());
            }
            AnswerError::Database(error) => return self.trouble(surveys, &error),
        };
        match (surveys.standing(token).await, problem) {
            (Err(error), _) => self.trouble(surveys, &error),
            (Ok(standing), None) => self.settled(surveys, token, &standing, StatusCode::CONFLICT),
            (Ok(standing), Some(problem)) => {
                let choice = if problem == Problem::NoWayBack { Choice::Apart } else { filled.choice };
                self.again(surveys, token, &standing, &filled.clone().choosing(choice), &problem)
            }
        }
    }
}

/// `GET /s/{token}`, with an answer preselected by `?score=4`, in another language by `?lang=fr`
#[handler]
async fn show(Path(token): Path<String>, Data(surveys): Data<&Surveys>, request: &Request) -> Response {
    let asked = Asked::of(request);
    let Some(token) = Token::parse(&token) else { return asked.unknown(surveys) };
    let standing = match surveys.standing(&token).await {
        Ok(standing) => standing,
        Err(error) => return asked.trouble(surveys, &error),
    };
    match &standing {
        Standing::Open(invited) => {
            let filled = Filled::preselected(&invited.version, request.uri().query(), surveys.settings().preset);
            survey(surveys, StatusCode::OK, &asked.reader(&token, invited), &filled, None, None)
        }
        Standing::Given(invited, Given { answer, changeable: true }) => {
            let filled = Filled::from_answer(&invited.version, answer);
            survey(surveys, StatusCode::OK, &asked.reader(&token, invited), &filled, Some(answer.choice), None)
        }
        other => asked.settled(surveys, &token, other, StatusCode::GONE),
    }
}

/// `POST /s/{token}`
#[handler]
async fn submit(Path(token): Path<String>, Data(surveys): Data<&Surveys>, request: &Request, body: Body) -> Response {
    let asked = Asked::of(request);
    let bytes = match body.into_bytes_limit(MOST_BODY).await {
        Ok(bytes) => bytes,
        Err(ReadBodyError::PayloadTooLarge) => {
            return lost(surveys, StatusCode::PAYLOAD_TOO_LARGE, "large", asked.accepted.as_deref());
        }
        Err(_) => return lost(surveys, StatusCode::BAD_REQUEST, "trouble", asked.accepted.as_deref()),
    };
    let Some(token) = Token::parse(&token) else { return asked.unknown(surveys) };
    let standing = match surveys.standing(&token).await {
        Ok(standing) => standing,
        Err(error) => return asked.trouble(surveys, &error),
    };
    let Some(invited) = standing.invited() else { return asked.unknown(surveys) };
    let filled = Filled::read(&bytes, &invited.version, surveys.settings().preset);
    if filled.withdraw {
        return match surveys.withdraw(&token).await {
            Ok(invited) => closed(surveys, StatusCode::OK, "withdrawn", &asked.reader(&token, &invited)),
            Err(error) => asked.refused(surveys, &token, &filled, error).await,
        };
    }
    match filled.check(&invited.version) {
        Err(problem) => asked.again(surveys, &token, &standing, &filled, &problem),
        Ok(answer) => record(surveys, &token, &asked, standing, (filled, answer)).await,
    }
}

async fn record(
    surveys: &Surveys,
    token: &Token,
    asked: &Asked,
    standing: Standing,
    (filled, answer): (Filled, Answer),
) -> Response {
    match surveys.answer_from(token, standing, answer.clone()).await {
        Ok(invited) => thanks(surveys, &asked.reader(token, &invited), &answer),
        Err(error) => asked.refused(surveys, token, &filled, error).await,
    }
}

/// `GET /u/{token}`
#[handler]
async fn ask_unsubscribe(Path(token): Path<String>, Data(surveys): Data<&Surveys>, request: &Request) -> Response {
    let asked = Asked::of(request);
    let Some(token) = Token::parse(&token) else { return asked.unknown(surveys) };
    match surveys.standing(&token).await {
        Ok(standing) => match standing.invited() {
            Some(invited) => unsubscribe(surveys, &asked.reader(&token, invited), false),
            None => asked.unknown(surveys),
        },
        Err(error) => asked.trouble(surveys, &error),
    }
}

/// `POST /u/{token}`: by the page's button, or by a mail program (RFC 8058); whatever the body, the link says it all.
#[handler]
async fn do_unsubscribe(Path(token): Path<String>, Data(surveys): Data<&Surveys>, request: &Request) -> Response {
    let asked = Asked::of(request);
    let Some(token) = Token::parse(&token) else { return asked.unknown(surveys) };
    let done = match surveys.unsubscribe(&token).await {
        Ok(done) => done,
        Err(error) => return asked.trouble(surveys, &error),
    };
    match surveys.standing(&token).await {
        Ok(standing) => match standing.invited().filter(|_| done) {
            Some(invited) => unsubscribe(surveys, &asked.reader(&token, invited), true),
            None => asked.unknown(surveys),
        },
        Err(error) => asked.trouble(surveys, &error),
    }
}
