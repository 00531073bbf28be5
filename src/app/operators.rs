//! For those who run it: alive, ready, metrics.

use super::{App, metrics};
use poem::http::StatusCode;
use poem::middleware::AddData;
use poem::web::{Data, Json};
use poem::{EndpointExt, IntoResponse, Response, Route, get, handler};
use std::sync::Arc;

pub(super) fn routes(route: Route, app: &App) -> Route {
    metrics::install();
    // For these alone: whatever is added for all is copied with each request.
    let app = AddData::new(Arc::new(app.clone()));
    route
        .at("/healthz", get(healthz))
        .at("/readyz", get(readyz).with(&app))
        .at("/metrics", get(metrics_page).with(&app))
}

/// Alive: the process answers.
#[handler]
fn healthz() -> &'static str {
    "ok\n"
}

/// Ready: database, store, schema; the model is named, but only transcripts wait for it.
#[handler]
async fn readyz(Data(app): Data<&Arc<App>>) -> Response {
    let database = app.db.meta("key_fingerprint").await.is_ok();
    let migrations = app.db.pending().await.is_ok_and(|pending| pending.0 == 0);
    let store = app.interactions.probe_recordings_folder().await;
    let store = store.inspect_err(|error| tracing::warn!(%error, "not ready: recordings can't be stored")).is_ok();
    let ready = database && migrations && store;
    let body = Json(
        serde_json::json!({ "ready": ready, "database": database, "migrations": migrations, "store": store, "model": app.model_state() }),
    );
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    body.with_status(status).into_response()
}

/// Metrics in Prometheus' text format.
#[handler]
async fn metrics_page(Data(app): Data<&Arc<App>>) -> Response {
    match metrics::render(app).await {
        Some(text) => Response::builder().content_type("text/plain; version=0.0.4").body(text),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
