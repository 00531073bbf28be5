//! Behaviour during an outage of the database or the disk, and afterwards.

mod full;
mod locked;
mod postponed;
mod restarted;
mod skewed;

use crate::app::{TestApp, call_body};
use reqwest::Response;
use serde_json::Value;

/// Sends a call with this key.
async fn put(app: &TestApp, key: &str, name: &str) -> Response {
    app.put(key, &format!("phone/{name}"), &call_body(&format!("{name}@example.net"))).await
}

/// Asserts that it is rejected as an outage, in the format of the API, with `Retry-After`.
async fn assert_refused(answer: Response, status: u16, code: &str) {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(answer.headers().contains_key("retry-after"), status == 503);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some(code), Some(u64::from(status))));
}
