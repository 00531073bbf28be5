//! Settings for operators: metrics and health checks.

use super::{ListenAddress, Secret};
use serde::{Deserialize, Serialize};

/// Access to `/metrics`. Where neither setting is set, it is denied.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Separate listener for `/metrics`, `/healthz` and `/readyz`: an address that only the monitoring reaches.
    pub listen: ListenAddress,
    /// Bearer token required by `/metrics`, on every listener.
    pub token: Secret,
}

/// `afterword worker`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Worker {
    /// Listener of a worker for `/healthz`, `/readyz` and `/metrics`; none where it is empty.
    pub listen: ListenAddress,
}
