//! `/metrics` gives the current values, not those of the last count.

use crate::app::TestApp;
use crate::support::heard::raw;
use crate::transcription::short_call;
use afterword::access::Role;

/// Returns the values of the metrics whose line begins so.
async fn values(app: &TestApp, name: &str) -> Vec<String> {
    let text = app.metrics().await;
    let lines = text.lines().filter(|line| line.starts_with(name));
    lines.filter_map(|line| line.rsplit_once(' ')).map(|(_, value)| value.to_owned()).collect()
}

#[tokio::test]
async fn gauges_of_jobs_go_back_to_zero() {
    for app in TestApp::on_both(|_| {}).await {
        app.call("1", "jerry@example.net").await;
        assert_eq!(app.record("1", short_call(3)).await.status(), 201);
        let transcribe = "jobs{kind=\"transcription\",state=\"queued\"}";
        assert_eq!(values(&app, transcribe).await, ["1"]);
        assert_eq!(values(&app, "transcription_waiting ").await, ["1"]);
        assert_eq!(values(&app, "transcription_expected_seconds ").await, ["NaN"], "nobody knows how fast it goes");
        // A kind of another version of the program, until it is removed.
        raw(&app, "INSERT INTO jobs (id, kind, job_key, state, priority, run_at, attempts, created_at) VALUES ('x', 'unknown', 'x', 'failed', 1, 0, 0, 0)").await;
        assert_eq!(values(&app, "jobs{kind=\"unknown\",state=\"failed\"}").await, ["1"]);
        raw(&app, "DELETE FROM jobs WHERE kind = 'unknown'").await;
        app.work().await;
        assert_eq!(values(&app, transcribe).await, ["0"]);
        assert_eq!(values(&app, "jobs{kind=\"unknown\",state=\"failed\"}").await, ["0"]);
        assert_eq!(values(&app, "transcription_waiting ").await, ["0"]);
        assert_eq!(values(&app, "transcription_expected_seconds ").await, ["0"]);
        assert_eq!(values(&app, "database_up ").await, ["1"]);
    }
}

#[tokio::test]
async fn a_job_that_was_taken_and_has_no_transcript_yet_is_shown() {
    for app in TestApp::on_both(|_| {}).await {
        let id = app.call("1", "jerry@example.net").await;
        assert_eq!(app.record("1", short_call(3)).await.status(), 201);
        raw(&app, "UPDATE jobs SET state = 'running', lease_owner = 'x', lease_until = 9000000000000 WHERE kind = 'transcription'").await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        assert!(admin.page("/admin/transcription").await.contains(id.as_str()));
        let queue = admin.api(reqwest::Method::GET, "/api/v1/transcription/queue", None).await;
        assert_eq!(queue.status(), 200);
        let queue: serde_json::Value = queue.json().await.unwrap();
        assert_eq!(
            (&queue["running"][0]["interaction"], queue["running"][0]["progress"].as_f64()),
            (&serde_json::json!(id), Some(0.0))
        );
        assert_eq!(values(&app, "transcription_running ").await, ["1"]);
    }
}
