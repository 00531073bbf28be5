//! Deliveries in progress to each webhook, on this node.
//!
//! A receiver that hangs occupies its slot until the timeout. While it fails, one delivery at a time checks whether it
//! works again; the other slots are for other webhooks.

use crate::ids::WebhookId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Number of deliveries in progress by webhook.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<HashMap<WebhookId, usize>>);

/// A delivery in progress; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    all: Arc<UnderWay>,
    webhook: WebhookId,
}

impl UnderWay {
    fn counts(&self) -> MutexGuard<'_, HashMap<WebhookId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a delivery; `alone`: only where there is none.
    pub(super) fn enter(self: &Arc<Self>, webhook: &WebhookId, alone: bool) -> Option<Place> {
        let mut counts = self.counts();
        let count = counts.entry(webhook.clone()).or_default();
        if alone && *count > 0 {
            return None;
        }
        *count += 1;
        Some(Place { all: Arc::clone(self), webhook: webhook.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.all.counts();
        if let Some(count) = counts.get_mut(&self.webhook) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.webhook);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_fails_has_one_on_its_way_and_others_are_not_held_up() {
        let (all, failing, well) = (Arc::<UnderWay>::default(), WebhookId::random(), WebhookId::random());
        let first = all.enter(&failing, true);
        assert!(first.is_some() && all.enter(&failing, true).is_none());
        assert!(all.enter(&well, true).is_some());
        // A test is sent all the same, and counts.
        let test = all.enter(&failing, false);
        drop(first);
        assert!(all.enter(&failing, true).is_none());
        drop(test);
        assert!(all.enter(&failing, true).is_some());
        assert!(all.counts().is_empty(), "nothing is remembered of what is over");
    }
}
