//! For those who run it: alive, ready, metrics.

use super::App;
use super::readiness::Readiness;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use poem::http::StatusCode;
use poem::middleware::AddData;
use poem::web::{Data, Json};
use poem::{EndpointExt, IntoResponse, Response, Route, get, handler};
use std::sync::{Arc, OnceLock};

/// One recorder a process, whoever asks first.
fn recorder() -> &'static Option<PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().ok())
}

pub(super) fn routes(route: Route, app: &App) -> Route {
    recorder();
    // For these alone: whatever is added for all is copied with each request.
    let app = AddData::new(Arc::new(app.clone()));
    route
        .at("/healthz", get(healthz))
        .at("/readyz", get(readyz).with(&app).with(AddData::new(Arc::new(Readiness::default()))))
        .at("/metrics", get(metrics_page).with(&app))
}

/// Alive: the process answers.
#[handler]
fn healthz() -> &'static str {
    "ok\n"
}

/// Ready: database, store, schema, each tried by writing; the model is named, but only transcripts wait for it.
#[handler]
async fn readyz(Data(app): Data<&Arc<App>>, Data(readiness): Data<&Arc<Readiness>>) -> Response {
    let report = readiness.report(app).await;
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Json(report).with_status(status).into_response()
}

/// Prometheus text. Labels are routes and states, never persons or tokens.
#[handler]
async fn metrics_page(Data(app): Data<&Arc<App>>) -> Response {
    for lane in crate::jobs::backlog(&app.db).await.unwrap_or_default() {
        metrics::gauge!("jobs", "kind" => lane.kind, "state" => lane.state).set(lane.jobs as f64);
    }
    if let Ok(queue) = app.transcription.queue().await {
        metrics::gauge!("transcription_waiting").set(queue.waiting as f64);
        metrics::gauge!("transcription_running").set(queue.running.len() as f64);
        metrics::gauge!("transcription_waiting_audio_seconds").set(queue.waiting_ms as f64 / 1000.0);
        let waited = queue.oldest.map_or(0, |at| app.clock.now().ms_since(at).max(0));
        metrics::gauge!("transcription_oldest_waits_seconds").set(waited as f64 / 1000.0);
        metrics::gauge!("transcription_speed_ratio").set(queue.speed.unwrap_or_default());
        let left = queue.left.map_or(0.0, |left| left.as_secs_f64());
        metrics::gauge!("transcription_expected_seconds").set(left);
    }
    let Some(handle) = recorder() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    handle.run_upkeep();
    Response::builder().content_type("text/plain; version=0.0.4").body(handle.render())
}
