//! Endpoint for the webhooks of mail services: `POST /hooks/mail/{service}`.

use super::{Call, HookError, Hooks};
use crate::web::{PageError, post};
use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{Request, Response, Route, handler};

/// Adds the routes of this feature.
pub fn routes(route: Route) -> Route {
    route.at("/hooks/mail/:service", post(take_call))
}

#[handler]
async fn take_call(
    request: &Request,
    Data(hooks): Data<&Hooks>,
    Path(service): Path<String>,
    body: Vec<u8>,
) -> Result<Response, PageError> {
    let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
    let call = Call {
        body,
        authorization: header("authorization"),
        signature: header("x-twilio-email-event-webhook-signature"),
        timestamp: header("x-twilio-email-event-webhook-timestamp"),
    };
    let answer = |status, text: &'static str| {
        Ok(Response::builder().status(status).content_type("text/plain; charset=utf-8").body(text))
    };
    match hooks.take(&service, &call).await {
        Ok(_) => answer(StatusCode::OK, "Taken.\n"),
        Err(HookError::Unknown) => {
            let mut refused = answer(StatusCode::UNAUTHORIZED, "Who is it? Nothing was read.\n")?;
            // SNS first requests without its password, and again when it is challenged.
            let basic = header::HeaderValue::from_static("Basic realm=\"Afterword\"");
            refused.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
            Ok(refused)
        }
        Err(HookError::Unreadable) => answer(StatusCode::BAD_REQUEST, "This is not what that service sends.\n"),
        Err(HookError::Database(error)) => Err(error.into()),
    }
}
