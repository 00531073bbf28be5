//! Files of a recording that has several, for the page of a conversation.

use crate::desk::words;
use crate::interactions::Part;
use crate::transcription::Speaker;

/// A file of the recording.
pub(super) struct PartLine {
    pub(super) name: String,
    /// Speakers of its channels: "Agent, Customer".
    pub(super) channels: String,
    pub(super) length: String,
    /// URL of the file; `None` if it is missing.
    pub(super) href: Option<String>,
}

/// Returns the files of a recording; none if it is one file.
pub(super) fn lines(parts: Vec<Part>) -> Vec<PartLine> {
    if parts.len() < 2 { Vec::new() } else { parts.into_iter().map(PartLine::from).collect() }
}

impl From<Part> for PartLine {
    fn from(part: Part) -> Self {
        let label = |name: &String| name.parse::<Speaker>().unwrap_or_default().label();
        let labels: Vec<String> = part.speakers().iter().map(label).collect();
        let base = format!("/api/v1/interactions/{}/recordings", part.interaction_id);
        Self {
            channels: labels.join(", "),
            length: words::clock(part.duration_ms),
            href: part.missing_since.is_none().then(|| format!("{base}/{}", part.name)),
            name: part.name,
        }
    }
}
