//! Authorisation as a parameter of the handler: [`Allowed`] for the API, [`Viewer`] for pages. Both authenticate the
//! request once, by API key or session cookie, and reject it before the handler runs.

use super::page::PageError;
use super::problem::ApiError;
use crate::access::principal::Principal;
use crate::access::rights::Right;
use crate::clock::Zone;
use poem::http::{Method, header};
use poem::web::Data;
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use std::marker::PhantomData;
use std::sync::Arc;

/// Authenticates requests; implemented by the staff feature.
pub trait Authenticate: Send + Sync + 'static {
    /// Authenticates by the token of the session cookie.
    fn by_session<'a>(
        &'a self,
        token: &'a str,
    ) -> futures_util::future::BoxFuture<'a, Result<Option<Principal>, crate::database::DbError>>;
    /// Authenticates by an API key.
    fn by_key<'a>(
        &'a self,
        secret: &'a str,
    ) -> futures_util::future::BoxFuture<'a, Result<Option<Principal>, crate::database::DbError>>;
}

/// Data on the deployment for pages.
#[derive(Debug, Clone)]
pub struct SiteInfo {
    /// Public URL without a path: scheme, host and port; no slash at the end.
    pub public_url: String,
    /// Name of the company for customers.
    pub company: String,
    /// Whether it is a demo, with made-up data and a banner.
    pub demo: bool,
    /// Time zone of the company.
    pub zone: Zone,
}

impl SiteInfo {
    /// Whether it is served over https: cookies are then `Secure` and bound to the host by their name.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Returns the name of the session cookie.
    pub fn cookie_name(&self) -> &'static str {
        if self.is_https() { "__Host-afterword" } else { "afterword" }
    }

    /// Returns the name of the cookie that identifies a browser, signed in or not.
    pub fn device_cookie_name(&self) -> &'static str {
        if self.is_https() { "__Host-afterword-device" } else { "afterword-device" }
    }
}

/// Returns the CSRF token of forms, derived from the session's token; it can't be made without the cookie.
pub fn csrf_token(session_token: &str) -> String {
    crate::vault::plain_hash(format!("csrf:{session_token}").as_bytes())[..32].to_owned()
}

/// Returns the session token in the request's cookie.
pub fn session_token(request: &Request) -> Option<String> {
    cookie(request, request.data::<SiteInfo>()?.cookie_name())
}

/// Returns the token that identifies the browser, in a cookie that outlives the session.
pub fn device_token(request: &Request) -> Option<String> {
    cookie(request, request.data::<SiteInfo>()?.device_cookie_name())
}

fn cookie(request: &Request, name: &str) -> Option<String> {
    let cookies = request.headers().get_all(header::COOKIE);
    cookies
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then(|| value.to_owned()))
}

/// Returns the secret of the request's `Authorization: Bearer`.
pub fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

async fn authenticator(request: &Request) -> poem::Result<Arc<dyn Authenticate>> {
    let Data(auth) = Data::<&Arc<dyn Authenticate>>::from_request_without_body(request).await?;
    Ok(Arc::clone(auth))
}

/// Proof that the caller has the right `R`: the first parameter of every handler of the API.
#[derive(Debug)]
pub struct Allowed<R> {
    /// Caller.
    pub principal: Principal,
    right: PhantomData<R>,
}

impl<R> std::ops::Deref for Allowed<R> {
    type Target = Principal;
    fn deref(&self) -> &Principal {
        &self.principal
    }
}

impl Allowed<crate::access::rights::Ingest> {
    /// Checks that the caller may send interactions of this source.
    ///
    /// Errors: 403 `source_not_allowed` for a key that is bound to other sources.
    pub fn check_source(&self, source: &str) -> Result<(), ApiError> {
        if self.principal.may_send_for(source) {
            return Ok(());
        }
        let text = format!("This API key may not send for the source {source}.");
        Err(ApiError::new(poem::http::StatusCode::FORBIDDEN, "source_not_allowed", text))
    }
}

impl<R: Right> Allowed<R> {
    async fn check(request: &Request) -> poem::Result<Self> {
        let auth = authenticator(request).await?;
        let failed = |error| poem::Error::from(ApiError::from(error));
        let principal = if let Some(secret) = bearer(request) {
            auth.by_key(secret).await.map_err(failed)?
        } else if let Some(token) = session_token(request) {
            let who = auth.by_session(&token).await.map_err(failed)?;
            if who.is_some() && !is_safe(request.method()) && !carries_csrf(request, &token) {
                return Err(ApiError::forbidden(
                    "With a session instead of an API key, send the page's token as X-CSRF-Token.",
                )
                .into());
            }
            who
        } else {
            None
        };
        let principal = principal.ok_or_else(ApiError::unauthorized)?;
        if !R::has(&principal) {
            return Err(ApiError::forbidden(missing_right::<R>()).into());
        }
        Ok(Self { principal, right: PhantomData })
    }
}

/// Returns the error text for a missing right: who has it.
pub fn missing_right<R: Right>() -> String {
    let names = |codes: Vec<&str>| codes.join(" or ");
    let roles = names(R::ROLES.iter().map(|r| r.code()).collect());
    match R::SCOPES {
        [] => format!("This needs somebody signed in as {roles}; no API key may do it."),
        scopes => format!(
            "This needs a key with the scope {}, or the role {roles}.",
            names(scopes.iter().map(|s| s.code()).collect())
        ),
    }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn carries_csrf(request: &Request, session_token: &str) -> bool {
    use subtle::ConstantTimeEq;
    let sent = request.headers().get("x-csrf-token").map(|v| v.as_bytes()).unwrap_or_default();
    sent.ct_eq(csrf_token(session_token).as_bytes()).into()
}

/// Names of the two security schemes, as in openapi.yaml.
const SCHEMES: [&str; 2] = ["api_key", "session"];

impl<'a, R: Right> ApiExtractor<'a> for Allowed<R> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = |ty, description, name, key_in, scheme| MetaSecurityScheme {
            ty,
            description: Some(description),
            name,
            key_in,
            scheme,
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        let key = "API key, created at /admin/keys or with `afterword key add`. Scopes: `ingest`, `read`, `admin`.";
        let session = "Session cookie of a staff account, from /sign-in. Its name is `__Host-afterword` over HTTPS.";
        registry.create_security_scheme(SCHEMES[0], scheme("http", key, None, None, Some("bearer")));
        registry.create_security_scheme(SCHEMES[1], scheme("apiKey", session, Some("afterword"), Some("cookie"), None));
    }

    fn security_schemes() -> Vec<&'static str> {
        SCHEMES.into_iter().filter(|scheme| *scheme != SCHEMES[0] || !R::SCOPES.is_empty()).collect()
    }

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        Self::check(request).await
    }
}

/// Proof that the user has the right `R`: the first parameter of every page handler. A request without a session is
/// redirected to the sign-in page and back.
#[derive(Debug)]
pub struct Viewer<R> {
    /// User.
    pub principal: Principal,
    /// CSRF token for forms on the page.
    pub csrf: String,
    right: PhantomData<R>,
}

impl<R> std::ops::Deref for Viewer<R> {
    type Target = Principal;
    fn deref(&self) -> &Principal {
        &self.principal
    }
}

impl<'a, R: Right> FromRequest<'a> for Viewer<R> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let here = request.original_uri().path_and_query().map_or("/", |p| p.as_str()).to_owned();
        let sign_in = || {
            poem::Error::from(PageError::SignIn {
                next: if request.method() == Method::GET { here.clone() } else { "/".into() },
            })
        };
        let token = session_token(request).ok_or_else(sign_in)?;
        let auth = authenticator(request).await?;
        let found = auth.by_session(&token).await.map_err(|e| poem::Error::from(PageError::from(e)))?;
        let principal = found.ok_or_else(sign_in)?;
        if !R::has(&principal) {
            return Err(PageError::Forbidden.into());
        }
        Ok(Self { principal, csrf: csrf_token(&token), right: PhantomData })
    }
}
