//! Facts about the intake of a conversation: its other occurrences, and its warnings.

use crate::access::Role;
use crate::access::rights::SeeInteractions;
use crate::desk::Desk;
use crate::desk::words::When;
use crate::interactions::Interaction;
use crate::web::{PageError, Viewer};

/// Facts about the intake.
pub(super) struct IntakeView {
    /// All occurrences of a conversation that was reopened; empty if there is one.
    pub occurrences: Vec<Occurrence>,
    /// Field and text of each warning, for administrators.
    pub warnings: Vec<(String, String)>,
}

/// One occurrence of a conversation.
pub(super) struct Occurrence {
    pub when: When,
    /// URL; empty for the one on this page.
    pub href: String,
}

impl IntakeView {
    pub(super) async fn load(
        who: &Viewer<SeeInteractions>,
        desk: &Desk,
        found: &Interaction,
    ) -> Result<Self, PageError> {
        let all = desk.interactions.occurrences(&who.visible(), found).await?;
        let occurrence = |one: Interaction| Occurrence {
            when: one.occurred_at.into(),
            href: if one.id == found.id { String::new() } else { format!("/interactions/{}", one.id) },
        };
        let occurrences = if all.len() > 1 { all.into_iter().map(occurrence).collect() } else { Vec::new() };
        let warnings = match who.role() {
            Some(Role::Admin) => desk.interactions.warnings(&found.id).await?,
            _ => Vec::new(),
        };
        let warnings = warnings.into_iter().map(|warning| (warning.field, warning.message)).collect();
        Ok(Self { occurrences, warnings })
    }
}
