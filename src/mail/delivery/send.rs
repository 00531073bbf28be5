//! Stage 3: the send queue of a batch: the workers take mails from it and report their outcomes.

use super::render::{RenderedMail, Renderer};
use crate::ids::MailId;
use crate::mail::journal::Entries;
use crate::mail::outcome::SendError;
use crate::mail::rates::{Limits, Slot};
use crate::mail::transport::Outgoing;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Outcome of a mail; with its bytes where the outcome is uncertain.
pub(in crate::mail) type Ended = (MailId, Result<(), SendError>, Option<Outgoing>);

/// Mails of a batch.
pub(in crate::mail) struct SendQueue {
    state: Mutex<State>,
    /// Notified when a mail was put back or the end was reached.
    changed: Notify,
    renderer: Arc<Renderer>,
    journal: Arc<Entries>,
    limits: Limits,
    cancelled: CancellationToken,
}

#[derive(Default)]
struct State {
    letters: VecDeque<RenderedMail>,
    ended: Vec<Ended>,
    sent: usize,
    /// Reason why no more mail leaves.
    stopped: Option<String>,
    /// Reason why a worker got no connection.
    no_line: Option<String>,
}

/// Outcomes of a batch.
pub(in crate::mail) struct Endings {
    pub ended: Vec<Ended>,
    /// Reason why mails remain that were not tried.
    pub stopped: Option<String>,
}

impl SendQueue {
    pub fn new(
        letters: Vec<RenderedMail>,
        renderer: Arc<Renderer>,
        journal: Arc<Entries>,
        limits: Limits,
        cancelled: CancellationToken,
    ) -> Self {
        let state = State { letters: letters.into(), ..State::default() };
        Self { state: Mutex::new(state), changed: Notify::new(), renderer, journal, limits, cancelled }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of waiting mails.
    pub fn waiting(&self) -> usize {
        self.state().letters.len()
    }

    /// Waits for a mail to a domain that has room; false where all are taken, or no more mail is to leave. The caller
    /// holds nothing meanwhile that another batch could use.
    pub async fn has_next(&self) -> bool {
        loop {
            let (freed, changed) = (self.limits.freed(), self.changed.notified());
            {
                let state = self.state();
                if self.is_over(&state) {
                    return false;
                }
                if first(&state.letters, |domain| self.limits.has_room(domain).then_some(())).is_some() {
                    return true;
                }
            }
            tokio::select! {
                () = freed => {}
                () = changed => {}
                () = self.cancelled.cancelled() => return false,
            }
        }
    }

    /// Returns the next mail to a domain that has room, with its slot; `None` where there is none now.
    pub fn next(&self) -> Option<(RenderedMail, Slot)> {
        let mut state = self.state();
        if self.is_over(&state) {
            return None;
        }
        let (place, slot) = first(&state.letters, |domain| self.limits.slot(domain))?;
        state.letters.remove(place).map(|letter| (letter, slot))
    }

    fn is_over(&self, state: &State) -> bool {
        state.stopped.is_some() || self.cancelled.is_cancelled() || state.letters.is_empty()
    }

    /// Returns the bytes of the mail.
    pub fn render(&self, letter: &RenderedMail) -> Result<Outgoing, SendError> {
        self.renderer.render(letter)
    }

    /// Reports the outcome of a mail. A mail that has left is recorded in the journal first.
    pub fn done(&self, letter: RenderedMail, outcome: Result<(), SendError>, outgoing: Option<Outgoing>) {
        let noted = if outcome.is_ok() { self.journal.sent(&letter.id) } else { Ok(()) };
        let mut state = self.state();
        if let Err(error) = noted {
            let text = format!("mail.journal can't be written: {error}");
            tracing::error!(%error, "a mail has left, and the journal can't say so");
            state.stopped.get_or_insert(text);
        }
        match outcome {
            Err(SendError::Stopped(why)) => {
                state.stopped.get_or_insert(why);
                state.letters.push_front(letter);
            }
            outcome => {
                state.sent += usize::from(outcome.is_ok());
                let keep = matches!(outcome, Err(SendError::UncertainDelivery(_)));
                state.ended.push((letter.id, outcome, outgoing.filter(|_| keep)));
            }
        }
        let is_over = self.is_over(&state);
        drop(state);
        if is_over {
            self.changed.notify_waiters();
        }
    }

    /// Puts a mail back that could not be tried, for want of a connection.
    pub fn put_back(&self, letter: RenderedMail, why: String) {
        let mut state = self.state();
        state.letters.push_front(letter);
        state.no_line = Some(why);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Returns the outcomes of the batch; the journal's entries are to be kept until these are settled.
    pub fn end(&self) -> Endings {
        let mut state = self.state();
        let none_left = state.letters.is_empty() || self.cancelled.is_cancelled();
        let no_line = state.no_line.take().filter(|_| state.sent == 0 && !none_left);
        Endings { ended: std::mem::take(&mut state.ended), stopped: state.stopped.take().or(no_line) }
    }
}

/// Returns the index of the first mail for whose domain `ask` returns a value, and that value. Asks once for a
/// run of mails to one domain.
fn first<T>(letters: &VecDeque<RenderedMail>, ask: impl Fn(&str) -> Option<T>) -> Option<(usize, T)> {
    let mut refused = None;
    for (place, letter) in letters.iter().enumerate() {
        if refused == Some(&letter.domain) {
            continue;
        }
        match ask(&letter.domain) {
            Some(given) => return Some((place, given)),
            None => refused = Some(&letter.domain),
        }
    }
    None
}
