//! `/sign-in`, `/sign-out`, `/welcome/{token}`.

use crate::access::rights::SignedIn;
use crate::staff::sessions::{SESSION_LASTS, cookie, device_cookie};
use crate::staff::{DEMO_ACCOUNTS, SignIn, SignInTry, Staff, StaffError};
use crate::web::form::parse_form;
use crate::web::local_path::local_path;
use crate::web::page::html_with;
use crate::web::{ClientAddress, EmptyForm, PageError, Posted, SiteInfo, Viewer, access, redirect};
use askama::Template;
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::{Data, Path, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;
use std::time::Duration;

#[derive(Template)]
#[template(path = "staff/sign_in.html")]
struct SignInPage {
    demo: bool,
    accounts: Vec<(&'static str, &'static str, &'static str)>,
    next: String,
    email: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "staff/welcome.html")]
struct WelcomePage {
    demo: bool,
    /// Set where the account exists; the first administrator enters name and address.
    account: Option<(String, String)>,
    email: String,
    name: String,
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Next {
    next: String,
}

/// Returns the target after signing in: a path of this site, else the home page.
fn safe_next(next: &str) -> String {
    local_path(next).unwrap_or_else(|| "/".to_owned())
}

fn sign_in_page(site: &SiteInfo, next: &str, email: String, error: Option<String>) -> SignInPage {
    let accounts = if site.demo { DEMO_ACCOUNTS.to_vec() } else { Vec::new() };
    SignInPage { demo: site.demo, accounts, next: safe_next(next), email, error }
}

#[handler]
pub(super) fn show(Data(site): Data<&SiteInfo>, Query(query): Query<Next>) -> Response {
    html_with(StatusCode::OK, &sign_in_page(site, &query.next, String::new(), None))
}

#[derive(Deserialize)]
struct Credentials {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// Whether the form comes from this site; others are rejected, as they could sign a user in to another account.
fn from_here(request: &Request) -> bool {
    let site = request.headers().get("sec-fetch-site").and_then(|v| v.to_str().ok());
    !matches!(site, Some("cross-site" | "same-site"))
}

#[handler]
pub(super) async fn submit(
    Data(site): Data<&SiteInfo>,
    Data(staff): Data<&Staff>,
    from: ClientAddress,
    request: &Request,
    body: poem::Body,
) -> poem::Result<Response> {
    if !from_here(request) {
        return Err(PageError::StaleForm.into());
    }
    let bytes = body.into_bytes_limit(16 * 1024).await.map_err(|_| PageError::TooLarge)?;
    let form: Credentials = parse_form(&bytes)?;
    let device = access::device_token(request);
    let tried = SignInTry {
        email: &form.email,
        password: form.password,
        from: from.0,
        device: device.as_deref(),
        client: client_name(request),
    };
    let error = match staff.sign_in(tried).await {
        Ok(session) => return Ok(signed_in(site, &session, &safe_next(&form.next))),
        Err(error) => error,
    };
    let page = |status| html_with(status, &sign_in_page(site, &form.next, form.email.clone(), Some(error.to_string())));
    match error {
        StaffError::WrongCredentials => Ok(page(StatusCode::UNAUTHORIZED)),
        StaffError::TooManyTries(until) => {
            let mut response = page(StatusCode::TOO_MANY_REQUESTS);
            let seconds = HeaderValue::from(until.as_secs().max(1));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
            Ok(response)
        }
        other => Err(PageError::from(other).into()),
    }
}

/// Returns browser and system of a request, in words: `Firefox on Linux`. Empty where unknown.
fn client_name(request: &Request) -> String {
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Later ones also name earlier ones.
    const BROWSERS: [(&str, &str); 5] =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    let named =
        |list: &[(&str, &'static str)]| list.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (named(&BROWSERS), named(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (browser, system) => browser.or(system).unwrap_or_default().to_owned(),
    }
}

fn signed_in(site: &SiteInfo, session: &SignIn, next: &str) -> Response {
    let mut response = redirect(next);
    set_cookie(&mut response, &device_cookie(site, &session.device));
    // The session's cookie comes last: clients that keep one header of a name keep this one.
    set_cookie(&mut response, &cookie(site, &session.token, SESSION_LASTS));
    response
}

fn set_cookie(response: &mut Response, line: &str) {
    if let Ok(value) = line.parse() {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

#[handler]
pub(super) async fn leave(
    _who: Viewer<SignedIn>,
    Data(site): Data<&SiteInfo>,
    Data(staff): Data<&Staff>,
    request: &Request,
    _form: Posted<EmptyForm>,
) -> poem::Result<Response> {
    if let Some(token) = access::session_token(request) {
        staff.sign_out(&token).await.map_err(PageError::from)?;
    }
    let mut response = redirect("/sign-in");
    set_cookie(&mut response, &cookie(site, "", Duration::ZERO));
    Ok(response)
}

#[handler]
pub(super) async fn welcome(
    Data(site): Data<&SiteInfo>,
    Data(staff): Data<&Staff>,
    Path(token): Path<String>,
) -> poem::Result<Response> {
    let account = staff.open_link(&token).await.map_err(PageError::from)?;
    let account = account.map(|a| (a.name, a.email));
    Ok(html_with(
        StatusCode::OK,
        &WelcomePage { demo: site.demo, account, email: String::new(), name: String::new(), error: None },
    ))
}

#[derive(Deserialize)]
struct Begin {
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

#[handler]
pub(super) async fn begin(
    Data(site): Data<&SiteInfo>,
    Data(staff): Data<&Staff>,
    Path(token): Path<String>,
    request: &Request,
    body: poem::Body,
) -> poem::Result<Response> {
    let bytes = body.into_bytes_limit(16 * 1024).await.map_err(|_| PageError::TooLarge)?;
    let form: Begin = parse_form(&bytes)?;
    let account = staff.open_link(&token).await.map_err(PageError::from)?.map(|a| (a.name, a.email));
    let first = account.is_none().then(|| (form.email.clone(), form.name.clone()));
    let result = if form.password == form.again {
        match staff.use_link(&token, first, form.password, &client_name(request)).await {
            Err(StaffError::Database(error)) => return Err(PageError::from(error).into()),
            used => used.map_err(|error| (error.to_string(), matches!(error, StaffError::DeadLink))),
        }
    } else {
        Err(("the two passwords are not the same".to_owned(), false))
    };
    match result {
        Ok(session) => Ok(signed_in(site, &session, "/")),
        Err((error, true)) => Err(PageError::Refused(error).into()),
        Err((error, false)) => {
            let page = WelcomePage { demo: site.demo, account, email: form.email, name: form.name, error: Some(error) };
            Ok(html_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}
