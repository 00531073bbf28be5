//! The letters of a batch on their way: who takes the next, and what became of each.

use super::journal::Entries;
use super::outcome::SendError;
use super::press::{Letter, Press};
use super::rates::Limits;
use super::transport::Outgoing;
use crate::ids::MailId;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How a letter ended; with its bytes where nobody knows whether it left.
pub(super) type Ended = (MailId, Result<(), SendError>, Option<Outgoing>);

/// The letters of a batch.
pub(super) struct Feed {
    state: Mutex<State>,
    /// A domain has room again, or the end was reached.
    freed: Notify,
    press: Arc<Press>,
    journal: Arc<Entries>,
    limits: Limits,
    cancelled: CancellationToken,
}

#[derive(Default)]
struct State {
    letters: VecDeque<Letter>,
    /// Letters on their way, by domain.
    busy: HashMap<String, usize>,
    ended: Vec<Ended>,
    sent: usize,
    /// Why nothing more leaves.
    stopped: Option<String>,
    /// Why a worker found no line.
    no_line: Option<String>,
}

/// What became of a batch.
pub(super) struct Endings {
    pub ended: Vec<Ended>,
    /// Why letters are left that nobody tried.
    pub stopped: Option<String>,
}

impl Feed {
    pub fn new(
        letters: Vec<Letter>,
        press: Arc<Press>,
        journal: Arc<Entries>,
        limits: Limits,
        cancelled: CancellationToken,
    ) -> Self {
        let state = State { letters: letters.into(), ..State::default() };
        Self { state: Mutex::new(state), freed: Notify::new(), press, journal, limits, cancelled }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.state().letters.len()
    }

    /// The next letter to a domain that has room; none where all are taken, or nothing more is to leave.
    pub async fn next(&self) -> Option<Letter> {
        loop {
            let freed = self.freed.notified();
            {
                let mut state = self.state();
                if state.stopped.is_some() || self.cancelled.is_cancelled() || state.letters.is_empty() {
                    return None;
                }
                let place = state.letters.iter().position(|letter| self.has_room(&state.busy, &letter.domain));
                if let Some(letter) = place.and_then(|place| state.letters.remove(place)) {
                    *state.busy.entry(letter.domain.clone()).or_default() += 1;
                    return Some(letter);
                }
            }
            freed.await;
        }
    }

    fn has_room(&self, busy: &HashMap<String, usize>, domain: &str) -> bool {
        let most = self.limits.of(domain).at_once.unwrap_or(usize::MAX);
        busy.get(domain).copied().unwrap_or_default() < most
    }

    /// The letter's bytes.
    pub fn print(&self, letter: &Letter) -> Result<Outgoing, SendError> {
        self.press.print(letter)
    }

    /// Says how a letter ended. That one has left is written down before anything else happens.
    pub fn done(&self, letter: Letter, outcome: Result<(), SendError>, outgoing: Option<Outgoing>) {
        let noted = if outcome.is_ok() { self.journal.sent(&letter.id) } else { Ok(()) };
        let mut state = self.state();
        if let Err(error) = noted {
            let text = format!("mail.journal can't be written: {error}");
            tracing::error!(%error, "a mail has left, and the journal can't say so");
            state.stopped.get_or_insert(text);
        }
        free(&mut state, &letter);
        match outcome {
            Err(SendError::Stopped(why)) => {
                state.stopped.get_or_insert(why);
                state.letters.push_front(letter);
            }
            outcome => {
                state.sent += usize::from(outcome.is_ok());
                let keep = matches!(outcome, Err(SendError::Unsure(_)));
                state.ended.push((letter.id, outcome, outgoing.filter(|_| keep)));
            }
        }
        drop(state);
        self.freed.notify_waiters();
    }

    /// Gives a letter back that could not be tried: there was no line.
    pub fn put_back(&self, letter: Letter, why: String) {
        let mut state = self.state();
        free(&mut state, &letter);
        state.letters.push_front(letter);
        state.no_line = Some(why);
        drop(state);
        self.freed.notify_waiters();
    }

    /// What became of all of it; the journal's entries are to be kept until that is settled.
    pub fn end(&self) -> Endings {
        let mut state = self.state();
        let none_left = state.letters.is_empty() || self.cancelled.is_cancelled();
        let no_line = state.no_line.take().filter(|_| state.sent == 0 && !none_left);
        Endings { ended: std::mem::take(&mut state.ended), stopped: state.stopped.take().or(no_line) }
    }
}

fn free(state: &mut State, letter: &Letter) {
    if let Some(busy) = state.busy.get_mut(&letter.domain) {
        *busy = busy.saturating_sub(1);
    }
}
