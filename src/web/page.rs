//! Pages: the layout (navigation, signed-in user), responses from templates, and errors as pages.

use super::access::{SiteInfo, Viewer};
use super::outage;
use crate::access::principal::{Principal, Role};
use crate::access::rights::Right;
use crate::database::{DbError, Outage};
use askama::Template;
use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};

/// Layout of a page of a signed-in user, as rendered by `templates/layout/base.html`.
#[derive(Debug, Clone)]
pub struct Shell {
    /// Name of the company.
    pub company: String,
    /// Navigation of this role.
    pub nav: Vec<NavItem>,
    /// Signed-in user.
    pub who: WhoIsIt,
    /// CSRF token of forms.
    pub csrf: String,
    /// Whether to show the demo's banner.
    pub demo: bool,
    /// Message about the last action.
    pub flash: Option<Flash>,
    /// IANA name of the time zone of times on the page.
    pub time_zone: String,
}

/// An item of the navigation.
#[derive(Debug, Clone)]
pub struct NavItem {
    /// URL.
    pub href: &'static str,
    /// Label.
    pub label: &'static str,
    /// Icon in `layout/icons.html`.
    pub icon: &'static str,
    /// Whether it is the current page.
    pub current: bool,
    /// Count next to it.
    pub count: Option<u32>,
}

/// Signed-in user, as shown in the corner.
#[derive(Debug, Clone)]
pub struct WhoIsIt {
    /// Name.
    pub name: String,
    /// Label of the role.
    pub role: String,
    /// Initials, up to two letters.
    pub initials: String,
}

/// Message about the last action.
#[derive(Debug, Clone)]
pub struct Flash {
    /// Kind: `ok` or `bad`.
    pub kind: &'static str,
    /// Text.
    pub text: String,
}

/// Items of the navigation: URL, label, icon, roles.
const NAV: &[(&str, &str, &str, &[Role])] = &[
    ("/", "Desk", "desk", &Role::ALL),
    ("/interactions", "Calls and chats", "calls", &[Role::Admin, Role::Supervisor, Role::Agent]),
    ("/follow-ups", "Follow-ups", "flag", &[Role::Supervisor]),
    ("/feedback", "Feedback", "note", &[Role::Supervisor]),
    ("/search", "Search", "search", &[Role::Admin, Role::Supervisor, Role::Agent]),
    ("/library", "Library", "library", &[Role::Admin, Role::Supervisor, Role::Agent]),
    ("/learn", "Learn", "learn", &[Role::Agent]),
    ("/ratings", "Ratings", "ratings", &Role::ALL),
    ("/surveys", "Surveys", "note", &[Role::Admin]),
    ("/admin", "Setup", "admin", &[Role::Admin]),
];

impl Shell {
    /// Returns the layout for a user, with `here` (a URL of the navigation) as the current page.
    pub fn new<R: Right>(viewer: &Viewer<R>, site: &SiteInfo, here: &str) -> Self {
        Self::of(&viewer.principal, &viewer.csrf, site, here)
    }

    /// Returns the same from its parts.
    pub fn of(principal: &Principal, csrf: &str, site: &SiteInfo, here: &str) -> Self {
        let role = principal.role().unwrap_or(Role::Agent);
        let nav = NAV
            .iter()
            .filter(|(.., roles)| roles.contains(&role))
            .map(|(href, label, icon, _)| NavItem { href, label, icon, current: *href == here, count: None })
            .collect();
        let who = WhoIsIt {
            name: principal.name.clone(),
            role: role.label().to_owned(),
            initials: initials(&principal.name),
        };
        Self {
            company: site.company.clone(),
            nav,
            who,
            csrf: csrf.to_owned(),
            demo: site.demo,
            flash: None,
            time_zone: site.zone.to_string(),
        }
    }

    /// Adds a message about the last action, by the code of the redirect's `?did=`.
    pub fn with_flash(mut self, code: Option<&str>, sentences: &[(&str, &str)]) -> Self {
        let found = code.and_then(|code| sentences.iter().find(|(known, _)| *known == code));
        self.flash = found.map(|(_, text)| Flash { kind: "ok", text: (*text).to_owned() });
        self
    }
}

/// Returns the first letters of the first and the last word.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next();
    first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

/// Returns a template as a response of status 200.
pub fn html(template: &impl Template) -> Response {
    html_with(StatusCode::OK, template)
}

/// Returns a template as a response.
pub fn html_with(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => Response::builder()
            .status(status)
            .content_type("text/html; charset=utf-8")
            .header(header::CACHE_CONTROL, "no-store")
            .body(text),
        Err(error) => {
            tracing::error!(%error, "a template could not be rendered");
            Response::builder()
                .status(StatusCode::INTERNAL_SERVER_ERROR)
                .content_type("text/plain; charset=utf-8")
                .body("This page could not be made.")
        }
    }
}

/// Returns an error's text as a sentence: with a capital first letter.
pub fn sentence(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get(..1).map(str::to_uppercase) {
        text.replace_range(..1, &first);
    }
    text
}

/// Returns a redirect (303) to another page after a form.
pub fn redirect(to: impl AsRef<str>) -> Response {
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, to.as_ref()).finish()
}

/// Error of a page.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PageError {
    /// No user is signed in.
    #[error("sign in first")]
    SignIn {
        /// Page to return to after signing in.
        next: String,
    },
    /// The role lacks the right.
    #[error("this page is for other roles")]
    Forbidden,
    /// Not found, or not visible to the user.
    #[error("there is no such page")]
    NotFound,
    /// The form's CSRF token is not the session's.
    #[error("this form is out of date: open the page again and send it once more")]
    StaleForm,
    /// The form is too large.
    #[error("the form is too large: shorten the texts")]
    TooLarge,
    /// The body did not arrive in time.
    #[error("the form took too long to arrive: send it once more")]
    TooSlow,
    /// The path has other methods.
    #[error("this address does not take that method")]
    WrongMethod,
    /// Fields are missing or malformed.
    #[error("the form could not be read: {0}")]
    BadForm(String),
    /// The action is not possible; the text gives the reason and the next step.
    #[error("{0}")]
    Refused(String),
    /// Too many attempts.
    #[error("too many tries: wait a minute, then try again")]
    TooMany,
    /// Outage of the database or the disk.
    #[error("{}", outage::detail(*.0))]
    Outage(Outage),
    /// Internal error; logged.
    #[error("something failed on our side; nothing was stored")]
    Internal,
}

impl PageError {
    fn status(&self) -> StatusCode {
        match self {
            Self::SignIn { .. } => StatusCode::SEE_OTHER,
            Self::Forbidden | Self::StaleForm => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadForm(_) => StatusCode::BAD_REQUEST,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Outage(outage) => outage::status(*outage),
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn heading(&self) -> &'static str {
        match self {
            Self::SignIn { .. } => "Sign in first",
            Self::Forbidden => "Not for this role",
            Self::NotFound => "Nothing here",
            Self::StaleForm => "Once more, please",
            Self::TooLarge | Self::TooSlow | Self::WrongMethod | Self::BadForm(_) => "That could not be read",
            Self::Refused(_) => "That can't be done",
            Self::TooMany => "A little slower",
            Self::Outage(Outage::Full) => "The disk is full",
            Self::Outage(_) => "Not at the moment",
            Self::Internal => "That did not work",
        }
    }
}

impl From<&DbError> for PageError {
    fn from(error: &DbError) -> Self {
        outage::of(error).map_or_else(
            || {
                tracing::error!(%error, "a page failed in the database");
                Self::Internal
            },
            Self::Outage,
        )
    }
}

impl From<DbError> for PageError {
    fn from(error: DbError) -> Self {
        (&error).into()
    }
}

#[derive(Template)]
#[template(path = "staff/error.html")]
struct ErrorPage<'a> {
    demo: bool,
    heading: &'a str,
    text: String,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        if let Self::SignIn { next } = &self {
            let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
            return redirect(format!("/sign-in?{query}"));
        }
        let text = sentence(&self.to_string());
        outage::retry_later(html_with(self.status(), &ErrorPage { demo: false, heading: self.heading(), text }))
    }
}

impl poem::error::ResponseError for PageError {
    fn status(&self) -> StatusCode {
        PageError::status(self)
    }
    fn as_response(&self) -> Response {
        self.clone().into_response()
    }
}
