//! Gauges of `/metrics`, read from the database at each request.
//!
//! A gauge keeps its last value until it is set again, so every gauge is set at every request: to 0 where nothing is
//! left to count, and to NaN where the value is unknown, which Prometheus stores as "no value".

use super::App;
use crate::jobs::{self, Backlog, JOB_STATES};
use crate::transcription::Queue;
use ::metrics::gauge;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Kind and state of jobs.
type Series = (String, &'static str);

struct Recorder {
    prometheus: PrometheusHandle,
    /// Every series of `jobs` that this process has exposed.
    jobs: Mutex<BTreeMap<Series, i64>>,
}

/// Returns the recorder of the process, made on first use; `None` where another one is installed already.
fn recorder() -> Option<&'static Recorder> {
    static RECORDER: OnceLock<Option<Recorder>> = OnceLock::new();
    let install = || {
        let prometheus = PrometheusBuilder::new().install_recorder().ok()?;
        Some(Recorder { prometheus, jobs: Mutex::default() })
    };
    RECORDER.get_or_init(install).as_ref()
}

/// Installs the recorder: anything counted before is lost.
pub(super) fn install() {
    recorder();
}

/// Returns all metrics in Prometheus' text format. Labels are routes, kinds and states, never persons or tokens.
pub(super) async fn render(app: &App) -> Option<String> {
    let recorder = recorder()?;
    let backlog = jobs::backlog(&app.db).await;
    let queue = app.transcription.queue().await;
    let missing = app.interactions.missing_recordings(0).await.ok();
    gauge!("database_up").set(if backlog.is_ok() && queue.is_ok() { 1.0 } else { 0.0 });
    let kinds = app.jobs().into_iter().map(|kind| kind.name);
    recorder.set_jobs(kinds, backlog.ok());
    set_queue(queue.ok(), app.clock.now());
    gauge!("recordings_missing").set(missing.map_or(f64::NAN, |(number, _)| number as f64));
    gauge!("recordings_renditions").set(app.interactions.renditions() as f64);
    for (status, requests) in app.survey_counts.yesterday() {
        gauge!("survey_requests_yesterday", "status" => status).set(requests as f64);
    }
    recorder.prometheus.run_upkeep();
    Some(recorder.prometheus.render())
}

impl Recorder {
    /// Sets the gauge of every kind and state, including kinds that have no jobs any more.
    fn set_jobs(&self, kinds: impl Iterator<Item = &'static str>, backlog: Option<Vec<Backlog>>) {
        let mut series = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        for kind in kinds {
            for state in JOB_STATES {
                series.entry((kind.to_owned(), state)).or_default();
            }
        }
        let known = backlog.is_some();
        series.values_mut().for_each(|jobs| *jobs = 0);
        for line in backlog.into_iter().flatten() {
            if let Some(state) = JOB_STATES.into_iter().find(|state| *state == line.state) {
                series.insert((line.kind, state), line.jobs);
            }
        }
        for ((kind, state), jobs) in &*series {
            let jobs = if known { *jobs as f64 } else { f64::NAN };
            gauge!("jobs", "kind" => kind.clone(), "state" => *state).set(jobs);
        }
    }
}

/// Sets the gauges of transcription.
fn set_queue(queue: Option<Queue>, now: crate::clock::Timestamp) {
    let value = |of: &dyn Fn(&Queue) -> Option<f64>| queue.as_ref().and_then(of).unwrap_or(f64::NAN);
    let waited = |queue: &Queue| queue.oldest.map_or(0, |at| now.ms_since(at).max(0)) as f64 / 1000.0;
    let idle = |queue: &Queue| queue.waiting == 0 && queue.running.is_empty();
    gauge!("transcription_waiting").set(value(&|queue| Some(queue.waiting as f64)));
    gauge!("transcription_running").set(value(&|queue| Some(queue.running.len() as f64)));
    gauge!("transcription_waiting_audio_seconds").set(value(&|queue| Some(queue.waiting_ms as f64 / 1000.0)));
    gauge!("transcription_oldest_waits_seconds").set(value(&|queue| Some(waited(queue))));
    gauge!("transcription_speed_ratio").set(value(&|queue| queue.speed));
    gauge!("transcription_expected_seconds").set(value(&|queue| match queue.left {
        Some(left) => Some(left.as_secs_f64()),
        None => idle(queue).then_some(0.0),
    }));
}
