//! Endpoints for operators: liveness, readiness, metrics.

use super::readiness::Readiness;
use super::{App, metrics};
use crate::web::{access, get};
use poem::http::{StatusCode, header};
use poem::middleware::AddData;
use poem::web::{Data, Json};
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Route, handler};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Adds health checks and metrics to the pages. Metrics require the token; without a configured token they are not
/// served here.
pub(super) fn routes(route: Route, app: &App) -> Route {
    add(route, app, Listener::Public)
}

impl App {
    /// Returns health checks and metrics for a separate listener. Metrics require the token where one is configured.
    pub fn operator_routes(&self) -> impl Endpoint<Output = Response> + 'static {
        add(Route::new(), self, Listener::OfOperators)
    }
}

/// Listener on which a request arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listener {
    /// `http.listen`
    Public,
    /// `metrics.listen` or `worker.listen`
    OfOperators,
}

fn add(route: Route, app: &App, listener: Listener) -> Route {
    metrics::install();
    // Only for these routes: data added for all is copied with each request.
    let app = AddData::new(Arc::new(app.clone()));
    route
        .at("/healthz", get(healthz))
        .at("/readyz", get(readyz).with(&app).with(AddData::new(Arc::new(Readiness::default()))))
        .at("/metrics", get(metrics_page.data(listener)).with(&app))
}

/// Liveness: the process answers.
#[handler]
fn healthz() -> &'static str {
    "ok\n"
}

/// Readiness: not about to stop; database, store and schema were checked by writing. The state of the model is
/// reported; only transcripts wait for it.
#[handler]
async fn readyz(Data(app): Data<&Arc<App>>, Data(readiness): Data<&Arc<Readiness>>) -> Response {
    if app.draining.is_cancelled() {
        let body = Json(serde_json::json!({ "ready": false, "draining": true }));
        return body.with_status(StatusCode::SERVICE_UNAVAILABLE).into_response();
    }
    let report = readiness.report(app).await;
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Json(report).with_status(status).into_response()
}

/// Metrics in Prometheus' text format.
#[handler]
async fn metrics_page(request: &Request, Data(app): Data<&Arc<App>>, Data(listener): Data<&Listener>) -> Response {
    if let Some(refusal) = refusal(request, app, *listener) {
        return refusal;
    }
    match metrics::render(app).await {
        Some(text) => Response::builder().content_type("text/plain; version=0.0.4").body(text),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Returns the error for requests without `metrics.token` on a listener that is not only for operators.
fn refusal(request: &Request, app: &App, listener: Listener) -> Option<Response> {
    let settings = &app.config.metrics;
    let refuse = |status: StatusCode, text: &'static str| text.with_status(status).into_response();
    match (settings.token.get(), listener) {
        (Some(token), _) => {
            let sent = access::bearer(request).unwrap_or_default();
            if sent.as_bytes().ct_eq(token.as_bytes()).into() {
                return None;
            }
            let mut refusal = refuse(
                StatusCode::UNAUTHORIZED,
                "Send the token of the setting metrics.token as \"Authorization: Bearer …\".\n",
            );
            let challenge = header::HeaderValue::from_static("Bearer realm=\"metrics\"");
            refusal.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            Some(refusal)
        }
        (None, Listener::OfOperators) => None,
        (None, Listener::Public) => Some(refuse(
            StatusCode::NOT_FOUND,
            "Metrics are not served here. Set metrics.token to read them here with a bearer token, or metrics.listen to read \
             them on a listener of their own.\n",
        )),
    }
}
