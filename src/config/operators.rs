//! Settings for those who run the service: figures and probes.

use super::{ListenAddress, Secret};
use serde::{Deserialize, Serialize};

/// Who may read `/metrics`. Where neither is set, nobody.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// A listener of its own for `/metrics`, `/healthz` and `/readyz`: an address that only the monitoring reaches.
    pub listen: ListenAddress,
    /// The bearer token that `/metrics` asks for, on every listener.
    pub token: Secret,
}

/// `afterword worker`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Worker {
    /// Where a worker serves `/healthz`, `/readyz` and `/metrics`; nowhere where it is empty.
    pub listen: ListenAddress,
}
