//! Settings of interactions.

use super::intake::Timing;
use crate::config;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Settings of interactions.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Time between the final phase and the decision of the survey.
    pub settle: Duration,
    /// Time after its end in which an interaction can still be surveyed; `None`: no limit.
    pub max_age: Option<Duration>,
    /// Country code of telephone numbers without one; empty: none.
    pub country_code: String,
    /// Folder of recordings.
    pub recordings: PathBuf,
    /// Maximum size of a recording, in bytes.
    pub max_bytes: u64,
    /// Maximum number of recordings converted to WAV at the same time.
    pub max_renditions: usize,
    /// Default speakers of the channels, such as `agent,customer`; empty: unknown.
    pub channels: String,
    /// Default speakers by source.
    pub channels_by_source: BTreeMap<String, String>,
    /// Time after the last delivery at which an interaction becomes final; zero: never.
    pub final_after: Duration,
    /// The same by source.
    pub final_after_by_source: BTreeMap<String, Duration>,
}

impl Settings {
    /// Reads the settings from their sections of the configuration.
    pub fn new(
        survey: &config::Survey,
        intake: &config::Intake,
        recordings: &config::Recordings,
        company: &config::Company,
    ) -> Self {
        let by_source = intake.final_after_by_source.iter();
        let config::RecordingsUrl::File(folder) = &recordings.url;
        Self {
            settle: survey.settle.0,
            max_age: Some(survey.max_age.0).filter(|age| !age.is_zero()),
            country_code: company.country_code.clone(),
            recordings: folder.clone(),
            max_bytes: recordings.max_bytes,
            max_renditions: recordings.max_renditions,
            channels: recordings.channels.clone(),
            channels_by_source: recordings.channels_by_source.clone(),
            final_after: intake.final_after.0,
            final_after_by_source: by_source.map(|(source, after)| (source.clone(), after.0)).collect(),
        }
    }
}

impl Settings {
    pub(super) fn timing(&self) -> Timing {
        Timing { settle: self.settle, max_age: self.max_age }
    }
}
