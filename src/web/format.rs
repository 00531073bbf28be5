//! Formats of times and durations on pages.

use crate::clock::Timestamp;

/// A time: in machine-readable form, and in full for pages without scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// RFC 3339.
    pub iso: String,
    /// "20 Nov 2026, 13:24 UTC".
    pub exact: String,
}

impl From<Timestamp> for When {
    fn from(at: Timestamp) -> Self {
        Self { iso: at.to_rfc3339(), exact: at.to_jiff().strftime("%-d %b %Y, %H:%M UTC").to_string() }
    }
}

/// Returns 331000 ms as "5:31", from an hour on "1:02:05".
pub fn clock(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}
