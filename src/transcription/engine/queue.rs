//! Queue with three lanes: urgent recordings, short ones, and the rest.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Lane of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// A user waits for it: goes before all others.
    Urgent,
    /// A short recording.
    Short,
    /// Any other recording. This lane and that of short ones alternate, so that neither blocks the other.
    Usual,
}

/// A bounded queue with three lanes. A push blocks until there is room in the lane, so that audio is not decoded faster
/// than it is transcribed.
pub(super) struct Queue<T> {
    lines: Mutex<Lines<T>>,
    /// Notified when there is an item, or the queue was closed.
    ready: Condvar,
    /// Notified when there is room, or the queue was closed.
    room: Condvar,
    most: usize,
}

struct Lines<T> {
    urgent: VecDeque<T>,
    short: VecDeque<T>,
    usual: VecDeque<T>,
    /// Whether the last item that was not urgent came from the lane of short ones.
    short_was_last: bool,
    closed: bool,
}

/// Error: the queue was closed; the item is dropped.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Closed;

impl<T> Queue<T> {
    /// Returns a queue with room for `most` items in each lane.
    pub(super) fn new(most: usize) -> Self {
        let line = VecDeque::new;
        let lines = Lines { urgent: line(), short: line(), usual: line(), short_was_last: false, closed: false };
        Self { lines: Mutex::new(lines), ready: Condvar::new(), room: Condvar::new(), most: most.max(1) }
    }

    fn lines(&self) -> MutexGuard<'_, Lines<T>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the item at the end of its lane; blocks until there is room.
    pub(super) fn push(&self, item: T, line: Lane) -> Result<(), Closed> {
        let full = |lines: &mut Lines<T>| !lines.closed && lines.line(line).len() >= self.most;
        let mut lines = self.room.wait_while(self.lines(), full).unwrap_or_else(PoisonError::into_inner);
        if lines.closed {
            return Err(Closed);
        }
        lines.line(line).push_back(item);
        self.ready.notify_one();
        Ok(())
    }

    /// Returns the next item; blocks until there is one. `None` when the queue is closed and empty.
    pub(super) fn pop(&self) -> Option<T> {
        let idle = |lines: &mut Lines<T>| !lines.closed && lines.is_empty();
        let mut lines = self.ready.wait_while(self.lines(), idle).unwrap_or_else(PoisonError::into_inner);
        let item = lines.next();
        // The waiting threads may wait for different lanes.
        self.room.notify_all();
        item
    }

    /// Closes the queue; remaining items are still returned.
    pub(super) fn close(&self) {
        self.lines().closed = true;
        self.ready.notify_all();
        self.room.notify_all();
    }
}

impl<T> Lines<T> {
    fn line(&mut self, line: Lane) -> &mut VecDeque<T> {
        match line {
            Lane::Urgent => &mut self.urgent,
            Lane::Short => &mut self.short,
            Lane::Usual => &mut self.usual,
        }
    }

    fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.short.is_empty() && self.usual.is_empty()
    }

    fn next(&mut self) -> Option<T> {
        if let Some(item) = self.urgent.pop_front() {
            return Some(item);
        }
        self.short_was_last = !self.short.is_empty() && (!self.short_was_last || self.usual.is_empty());
        if self.short_was_last { self.short.pop_front() } else { self.usual.pop_front() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn what_is_urgent_overtakes_and_the_rest_keeps_its_order() {
        let queue = Queue::new(3);
        let (usual, urgent) = (Lane::Usual, Lane::Urgent);
        for (item, line) in [(1, usual), (2, usual), (3, urgent), (4, usual), (5, urgent)] {
            queue.push(item, line).expect("there is room");
        }
        queue.close();
        assert_eq!(std::iter::from_fn(|| queue.pop()).collect::<Vec<_>>(), [3, 5, 1, 2, 4]);
        assert_eq!(queue.push(6, urgent), Err(Closed));
    }

    #[test]
    fn short_recordings_and_others_take_turns() {
        let queue = Queue::new(4);
        for (item, line) in [(1, Lane::Usual), (2, Lane::Usual), (3, Lane::Usual), (4, Lane::Short), (5, Lane::Short)] {
            queue.push(item, line).expect("there is room");
        }
        queue.close();
        assert_eq!(std::iter::from_fn(|| queue.pop()).collect::<Vec<_>>(), [4, 1, 5, 2, 3]);
    }

    #[test]
    fn a_full_line_holds_up_its_own_and_closing_lets_everybody_go() {
        let queue = Arc::new(Queue::new(1));
        queue.push(1, Lane::Usual).expect("there is room");
        let waiting = {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || queue.push(2, Lane::Usual))
        };
        queue.push(3, Lane::Urgent).expect("the other line has room");
        assert_eq!((queue.pop(), queue.pop()), (Some(3), Some(1)));
        assert_eq!(waiting.join().expect("it does not panic"), Ok(()));
        let full = {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || queue.push(4, Lane::Usual))
        };
        queue.close();
        let late = full.join().expect("it does not panic");
        assert_eq!(queue.pop(), Some(2));
        assert_eq!((queue.pop(), late), (None, Err(Closed)));
    }
}
