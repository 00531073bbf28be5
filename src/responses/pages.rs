//! The customer's pages: `/s/{token}` and `/u/{token}`. GET and HEAD change nothing; only a POST has effects. The
//! middleware sets the headers for these paths that keep tokens from leaking (no referrer, no cache).

mod contact;
mod form;
mod preview;
mod sheet;
mod suspects;
mod views;

use super::answers::{Answer, AnswerError, LinkState, StoredAnswer};
use super::{Responses, Suspicion};
use crate::config::Choice;
use crate::database::DbError;
use crate::invitations::{Invitations, Invited, Token};
use crate::web::{get, outage, post};
use form::{Filled, Problem};
use poem::error::ReadBodyError;
use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{Body, Request, Response, Route, handler};
use url::form_urlencoded;
use views::{Reader, closed, lost, survey, thanks, unsubscribe, unsubscribe_unasked};

/// Maximum size of a body, in bytes: three texts of 5,000 characters in their longest form encoding, and the other
/// fields.
const MAX_BODY_BYTES: usize = 192 * 1024;

/// Adds the customer's pages.
pub fn routes(route: Route) -> Route {
    route
        .at("/s/:token", get(show).head(show).post(submit))
        .at("/admin/suspects", get(suspects::show))
        .at("/admin/suspects/:id/admission", post(suspects::admit))
        .at("/admin/suspects/:id/removal", post(suspects::remove))
        .at("/surveys/:id/preview", get(preview::preview))
        .at("/s/:token/contact", get(contact::show).head(contact::show).post(contact::submit))
        .at("/u/:token", get(ask_unsubscribe).head(ask_unsubscribe).post(do_unsubscribe))
}

/// Facts of a request that the pages use. Nothing else of it is read.
struct RequestLanguage {
    /// Language that the browser prefers; for pages without a known invitation.
    accepted: Option<String>,
    /// Language that was chosen on the page.
    lang: Option<String>,
}

impl RequestLanguage {
    fn of(request: &Request) -> Self {
        let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let query = request.uri().query().unwrap_or_default();
        let lang = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang");
        Self { accepted: accepted.map(str::to_owned), lang: lang.map(|(_, value)| value.into_owned()) }
    }

    /// The link in a reminder unsubscribes, and leads to no survey that would give a language.
    async fn by_reminder(
        &self,
        (responses, invitations): (&Responses, &Invitations),
        token: &Token,
        done: bool,
    ) -> Response {
        match invitations.can_unsubscribe(token).await {
            Ok(true) => unsubscribe_unasked(responses, token, self.accepted.as_deref(), done),
            Ok(false) => self.unknown(responses),
            Err(error) => self.trouble(responses, &error),
        }
    }

    fn reader<'a>(&'a self, token: &'a Token, invited: &'a Invited) -> Reader<'a> {
        Reader { token, invited, lang: self.lang.as_deref() }
    }

    /// Returns the page for an internal failure, which is logged without the token.
    fn trouble(&self, responses: &Responses, error: &DbError) -> Response {
        outage::failed(error, |status| lost(responses, status, "trouble", self.accepted.as_deref()))
    }

    fn unknown(&self, responses: &Responses) -> Response {
        lost(responses, StatusCode::NOT_FOUND, "unknown", self.accepted.as_deref())
    }

    /// Returns the page for a link that accepts no answer any more.
    fn settled(&self, responses: &Responses, token: &Token, standing: &LinkState, status: StatusCode) -> Response {
        let page = |invited, status, state| closed(responses, status, state, &self.reader(token, invited));
        match standing {
            LinkState::Unknown => self.unknown(responses),
            LinkState::Expired(invited) => page(invited, StatusCode::GONE, "expired"),
            LinkState::Counted { rest: false, invited } => page(invited, status, "counted"),
            LinkState::Counted { rest: true, invited } => page(invited, status, "rest"),
            LinkState::StoredAnswer(invited, _) | LinkState::Open(invited) => page(invited, status, "used"),
        }
    }

    /// Returns the form in another language, with the entered values. Nothing was sent.
    fn redrawn(&self, responses: &Responses, token: &Token, standing: &LinkState, filled: &Filled) -> Response {
        let (invited, before) = match standing {
            LinkState::Open(invited) => (invited, None),
            LinkState::StoredAnswer(invited, given) if given.changeable => (invited, Some(given.answer.choice)),
            other => return self.settled(responses, token, other, StatusCode::GONE),
        };
        survey(responses, StatusCode::OK, &self.reader(token, invited), filled, before, None)
    }

    /// Returns the form again, with the entered values and the problem.
    fn again(
        &self,
        responses: &Responses,
        token: &Token,
        standing: &LinkState,
        filled: &Filled,
        problem: &Problem,
    ) -> Response {
        let (invited, before) = match standing {
            LinkState::Open(invited) => (invited, None),
            LinkState::StoredAnswer(invited, given) if given.changeable => (invited, Some(given.answer.choice)),
            other => return self.settled(responses, token, other, StatusCode::CONFLICT),
        };
        let reader = self.reader(token, invited);
        survey(responses, StatusCode::UNPROCESSABLE_ENTITY, &reader, filled, before, Some(problem))
    }

    async fn refused(&self, responses: &Responses, token: &Token, filled: &Filled, error: AnswerError) -> Response {
        let problem = match error {
            AnswerError::NoWayBack => Some(Problem::NoWayBack),
            AnswerError::NotOffered => Some(Problem::NotOffered),
            AnswerError::Incomplete(missing) => Some(missing.into()),
            AnswerError::Unknown => return self.unknown(responses),
            AnswerError::Expired | AnswerError::Used | AnswerError::Counted => None,
            AnswerError::Stopping(stopping) => return self.trouble(responses, &DbError::from(stopping)),
            AnswerError::Database(error) => return self.trouble(responses, &error),
        };
        match (responses.standing(token).await, problem) {
            (Err(error), _) => self.trouble(responses, &error),
            (Ok(standing), None) => self.settled(responses, token, &standing, StatusCode::CONFLICT),
            (Ok(standing), Some(problem)) => {
                let choice = match problem {
                    Problem::NoWayBack => Some(Choice::Apart),
                    Problem::NotOffered => None,
                    _ => filled.choice,
                };
                self.again(responses, token, &standing, &filled.clone().choosing(choice), &problem)
            }
        }
    }
}

/// `GET /s/{token}`, with an answer preselected by `?score=4`, in another language by `?lang=fr`.
#[handler]
async fn show(Path(token): Path<String>, Data(responses): Data<&Responses>, request: &Request) -> Response {
    let asked = RequestLanguage::of(request);
    let Some(token) = Token::parse(&token) else { return asked.unknown(responses) };
    let standing = match responses.standing(&token).await {
        Ok(standing) => standing,
        Err(error) => return asked.trouble(responses, &error),
    };
    if let Some(invited) = standing.invited() {
        note_hit(responses, &token, invited, "/s", request);
    }
    match &standing {
        LinkState::Open(invited) => {
            let filled = Filled::preselected(&invited.version, request.uri().query(), responses.settings().preset);
            survey(responses, StatusCode::OK, &asked.reader(&token, invited), &filled, None, None)
        }
        LinkState::StoredAnswer(invited, StoredAnswer { answer, changeable: true }) => {
            let filled = Filled::from_answer(&invited.version, answer);
            survey(responses, StatusCode::OK, &asked.reader(&token, invited), &filled, Some(answer.choice), None)
        }
        other => asked.settled(responses, &token, other, StatusCode::GONE),
    }
}

/// `POST /s/{token}`.
#[handler]
async fn submit(
    Path(token): Path<String>,
    Data(responses): Data<&Responses>,
    request: &Request,
    body: Body,
) -> Response {
    let mut asked = RequestLanguage::of(request);
    let bytes = match body.into_bytes_limit(MAX_BODY_BYTES).await {
        Ok(bytes) => bytes,
        Err(ReadBodyError::PayloadTooLarge) => {
            return lost(responses, StatusCode::PAYLOAD_TOO_LARGE, "large", asked.accepted.as_deref());
        }
        Err(_) => return lost(responses, StatusCode::BAD_REQUEST, "trouble", asked.accepted.as_deref()),
    };
    let Some(token) = Token::parse(&token) else { return asked.unknown(responses) };
    let standing = match responses.standing(&token).await {
        Ok(standing) => standing,
        Err(error) => return asked.trouble(responses, &error),
    };
    let Some(invited) = standing.invited() else { return asked.unknown(responses) };
    let mut filled = Filled::read(&bytes, &invited.version);
    if let Some(language) = filled.show.take() {
        asked.lang = Some(language);
        return asked.redrawn(responses, &token, &standing, &filled);
    }
    if let Some(why) = responses.suspicion(&token, invited, filled.trap, filled.seen.as_deref()) {
        return suspected(responses, &token, &asked, &standing, filled, why).await;
    }
    if filled.withdraw {
        return match responses.withdraw(&token).await {
            Ok(invited) => closed(responses, StatusCode::OK, "withdrawn", &asked.reader(&token, &invited)),
            Err(error) => asked.refused(responses, &token, &filled, error).await,
        };
    }
    match filled.check(&invited.version) {
        Err(problem) => asked.again(responses, &token, &standing, &filled, &problem),
        Ok(answer) => record(responses, &token, &asked, standing, (filled, answer)).await,
    }
}

/// Mail scanners open every link of a mail.
fn note_hit(responses: &Responses, token: &Token, invited: &Invited, page: &str, request: &Request) {
    responses.note_hit(token, invited, &format!("{page}?{}", request.uri().query().unwrap_or_default()));
}

/// Holds a suspected answer and shows the form again. A customer who reads it and sends it again is a person.
async fn suspected(
    responses: &Responses,
    token: &Token,
    asked: &RequestLanguage,
    standing: &LinkState,
    filled: Filled,
    why: Suspicion,
) -> Response {
    let filled = filled.once_more(responses.confirmation(token));
    if let (LinkState::Open(invited), false) = (standing, filled.withdraw) {
        let kept = match filled.check(&invited.version) {
            Ok(answer) => {
                let offer = responses.offer(token, filled.offer.as_deref());
                responses.keep_aside(token, invited, &answer, offer, why).await
            }
            // An incomplete answer is not held.
            Err(_) => Ok(()),
        };
        if let Err(error) = kept {
            return asked.trouble(responses, &error);
        }
    }
    asked.again(responses, token, standing, &filled, &Problem::Trapped)
}

async fn record(
    responses: &Responses,
    token: &Token,
    asked: &RequestLanguage,
    standing: LinkState,
    (filled, answer): (Filled, Answer),
) -> Response {
    let offer = responses.offer(token, filled.offer.as_deref());
    match responses.answer_from(token, standing, answer.clone(), offer).await {
        Ok(invited) => thanks(responses, &asked.reader(token, &invited), &answer),
        Err(error) => asked.refused(responses, token, &filled, error).await,
    }
}

/// `GET /u/{token}`.
#[handler]
async fn ask_unsubscribe(
    Path(token): Path<String>,
    Data(responses): Data<&Responses>,
    Data(invitations): Data<&Invitations>,
    request: &Request,
) -> Response {
    let asked = RequestLanguage::of(request);
    let Some(token) = Token::parse(&token) else { return asked.unknown(responses) };
    let known = match invitations.can_unsubscribe(&token).await {
        Ok(known) => known,
        Err(error) => return asked.trouble(responses, &error),
    };
    match responses.standing(&token).await {
        // A survey that closed long ago no longer holds its customer's address hash.
        Ok(standing) => match standing.invited().filter(|_| known) {
            Some(invited) => {
                note_hit(responses, &token, invited, "/u", request);
                unsubscribe(responses, &asked.reader(&token, invited), false)
            }
            None => asked.by_reminder((responses, invitations), &token, false).await,
        },
        Err(error) => asked.trouble(responses, &error),
    }
}

/// `POST /u/{token}`: by the page's button, or by a mail program (RFC 8058); the body is ignored.
#[handler]
async fn do_unsubscribe(
    Path(token): Path<String>,
    Data(responses): Data<&Responses>,
    Data(invitations): Data<&Invitations>,
    request: &Request,
) -> Response {
    let asked = RequestLanguage::of(request);
    let Some(token) = Token::parse(&token) else { return asked.unknown(responses) };
    let done = match invitations.unsubscribe(&token).await {
        Ok(done) => done,
        Err(error) => return asked.trouble(responses, &error),
    };
    match responses.standing(&token).await {
        Ok(standing) => match standing.invited().filter(|_| done) {
            Some(invited) => unsubscribe(responses, &asked.reader(&token, invited), true),
            None => asked.by_reminder((responses, invitations), &token, true).await,
        },
        Err(error) => asked.trouble(responses, &error),
    }
}
