//! The customer's pages: `/s/{token}` and `/u/{token}`. GET and HEAD change nothing and set nothing; only a POST counts.
//! Headers that keep tokens from leaking (no referrer, no cache) are set for these paths by the middleware.

mod form;
mod views;

use super::answers::{AnswerError, Given, Standing};
use super::{Surveys, Token};
use crate::config::Choice;
use form::{Filled, Problem};
use poem::error::ReadBodyError;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Body, Request, Response, Route, get, handler};
use views::{closed, survey, thanks, unsubscribe};

/// The largest body, in bytes: 5,000 characters, each as long as form encoding can make it, and the rest.
const MOST_BODY: usize = 96 * 1024;

/// Adds the customer's pages.
pub fn routes(route: Route) -> Route {
    route
        .at("/s/:token", get(show).head(show).post(submit))
        .at("/u/:token", get(ask_unsubscribe).head(ask_unsubscribe).post(do_unsubscribe))
}

/// A failure of ours: logged, without the token; kind words for the customer.
fn trouble(surveys: &Surveys, error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "a survey page failed");
    closed(surveys, StatusCode::INTERNAL_SERVER_ERROR, "trouble", None)
}

fn unknown(surveys: &Surveys) -> Response {
    closed(surveys, StatusCode::NOT_FOUND, "unknown", None)
}

/// `GET /s/{token}`, with a score preselected by `?score=4`
#[handler]
async fn show(Path(token): Path<String>, Data(surveys): Data<&Surveys>, request: &Request) -> Response {
    let Some(token) = Token::parse(&token) else { return unknown(surveys) };
    let standing = match surveys.standing(&token).await {
        Ok(standing) => standing,
        Err(error) => return trouble(surveys, &error),
    };
    match standing {
        Standing::Open(invited) => {
            let filled =
                Filled { score: form::preselected(request.uri().query()), ..Filled::empty(surveys.settings().preset) };
            survey(surveys, StatusCode::OK, &token, &invited, &filled, None, None)
        }
        Standing::Given(invited, Given { answer, changeable: true }) => {
            let filled = Filled::from(&answer);
            survey(surveys, StatusCode::OK, &token, &invited, &filled, Some(answer.choice), None)
        }
        other => settled(surveys, &token, &other, StatusCode::GONE),
    }
}

/// The page for a link that takes no answer any more.
fn settled(surveys: &Surveys, token: &Token, standing: &Standing, status: StatusCode) -> Response {
    match standing {
        Standing::Unknown => unknown(surveys),
        Standing::Expired(_) => closed(surveys, StatusCode::GONE, "expired", None),
        Standing::Counted { rest: false, .. } => closed(surveys, status, "counted", None),
        Standing::Counted { rest: true, .. } => closed(surveys, status, "rest", Some(token)),
        Standing::Given(..) | Standing::Open(_) => closed(surveys, status, "used", Some(token)),
    }
}

/// `POST /s/{token}`
#[handler]
async fn submit(Path(token): Path<String>, Data(surveys): Data<&Surveys>, body: Body) -> Response {
    let bytes = match body.into_bytes_limit(MOST_BODY).await {
        Ok(bytes) => bytes,
        Err(ReadBodyError::PayloadTooLarge) => return closed(surveys, StatusCode::PAYLOAD_TOO_LARGE, "large", None),
        Err(_) => return closed(surveys, StatusCode::BAD_REQUEST, "trouble", None),
    };
    let Some(token) = Token::parse(&token) else { return unknown(surveys) };
    let filled = Filled::read(&bytes, surveys.settings().preset);
    if filled.withdraw {
        return match surveys.withdraw(&token).await {
            Ok(_) => closed(surveys, StatusCode::OK, "withdrawn", Some(&token)),
            Err(error) => refused(surveys, &token, &filled, error).await,
        };
    }
    match filled.check() {
        Err(problem) => again(surveys, &token, &filled, problem).await,
        Ok(answer) => match surveys.answer(&token, answer.clone()).await {
            Ok(invited) => thanks(surveys, &token, &invited, &answer),
            Err(error) => refused(surveys, &token, &filled, error).await,
        },
    }
}

/// The form once more, with what was entered and what is wrong about it.
async fn again(surveys: &Surveys, token: &Token, filled: &Filled, problem: Problem) -> Response {
    let (invited, before) = match surveys.standing(token).await {
        Err(error) => return trouble(surveys, &error),
        Ok(Standing::Open(invited)) => (invited, None),
        Ok(Standing::Given(invited, given)) if given.changeable => (invited, Some(given.answer.choice)),
        Ok(other) => return settled(surveys, token, &other, StatusCode::CONFLICT),
    };
    survey(surveys, StatusCode::UNPROCESSABLE_ENTITY, token, &invited, filled, before, Some(problem))
}

async fn refused(surveys: &Surveys, token: &Token, filled: &Filled, error: AnswerError) -> Response {
    match error {
        AnswerError::NoWayBack => {
            let kept = Filled { choice: Choice::Apart, ..filled.clone() };
            again(surveys, token, &kept, Problem::NoWayBack).await
        }
        AnswerError::Unknown => unknown(surveys),
        AnswerError::Expired | AnswerError::Used | AnswerError::Counted => match surveys.standing(token).await {
            Ok(standing) => settled(surveys, token, &standing, StatusCode::CONFLICT),
            Err(error) => trouble(surveys, &error),
        },
        AnswerError::Stopping(_) => closed(surveys, StatusCode::SERVICE_UNAVAILABLE, "trouble", None),
        AnswerError::Database(error) => trouble(surveys, &error),
    }
}

/// `GET /u/{token}`
#[handler]
async fn ask_unsubscribe(Path(token): Path<String>, Data(surveys): Data<&Surveys>) -> Response {
    let Some(token) = Token::parse(&token) else { return unknown(surveys) };
    match surveys.knows(&token).await {
        Ok(true) => unsubscribe(surveys, &token, false),
        Ok(false) => unknown(surveys),
        Err(error) => trouble(surveys, &error),
    }
}

/// `POST /u/{token}`: by the page's button, or by a mail program (RFC 8058); whatever the body, the link says it all.
#[handler]
async fn do_unsubscribe(Path(token): Path<String>, Data(surveys): Data<&Surveys>) -> Response {
    let Some(token) = Token::parse(&token) else { return unknown(surveys) };
    match surveys.unsubscribe(&token).await {
        Ok(true) => unsubscribe(surveys, &token, true),
        Ok(false) => unknown(surveys),
        Err(error) => trouble(surveys, &error),
    }
}
