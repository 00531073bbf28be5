//! Two lines before one counter: what somebody waits for, and the rest.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A bounded queue with a line for what is urgent. Who pushes waits for room in the line, so that sound is not decoded
/// faster than it is heard.
pub(super) struct Queue<T> {
    lines: Mutex<Lines<T>>,
    /// There is something to take, or it was closed.
    ready: Condvar,
    /// There is room again, or it was closed.
    room: Condvar,
    most: usize,
}

struct Lines<T> {
    urgent: VecDeque<T>,
    usual: VecDeque<T>,
    closed: bool,
}

/// It was closed; what was to be pushed is dropped.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Closed;

impl<T> Queue<T> {
    /// With room for so many in each line.
    pub(super) fn new(most: usize) -> Self {
        let lines = Lines { urgent: VecDeque::new(), usual: VecDeque::new(), closed: false };
        Self { lines: Mutex::new(lines), ready: Condvar::new(), room: Condvar::new(), most: most.max(1) }
    }

    fn lines(&self) -> MutexGuard<'_, Lines<T>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts it at the end of its line; waits until there is room.
    pub(super) fn push(&self, item: T, urgent: bool) -> Result<(), Closed> {
        let full = |lines: &mut Lines<T>| !lines.closed && lines.line(urgent).len() >= self.most;
        let mut lines = self.room.wait_while(self.lines(), full).unwrap_or_else(PoisonError::into_inner);
        if lines.closed {
            return Err(Closed);
        }
        lines.line(urgent).push_back(item);
        self.ready.notify_one();
        Ok(())
    }

    /// The next one, the urgent ones first; waits until there is one. Nothing when it was closed and is empty.
    pub(super) fn pop(&self) -> Option<T> {
        let idle = |lines: &mut Lines<T>| !lines.closed && lines.urgent.is_empty() && lines.usual.is_empty();
        let mut lines = self.ready.wait_while(self.lines(), idle).unwrap_or_else(PoisonError::into_inner);
        let item = lines.urgent.pop_front().or_else(|| lines.usual.pop_front());
        // Those who wait do so for different lines.
        self.room.notify_all();
        item
    }

    /// Nothing more comes; what is there is still taken.
    pub(super) fn close(&self) {
        self.lines().closed = true;
        self.ready.notify_all();
        self.room.notify_all();
    }
}

impl<T> Lines<T> {
    fn line(&mut self, urgent: bool) -> &mut VecDeque<T> {
        if urgent { &mut self.urgent } else { &mut self.usual }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn what_is_urgent_overtakes_and_the_rest_keeps_its_order() {
        let queue = Queue::new(3);
        for (item, urgent) in [(1, false), (2, false), (3, true), (4, false), (5, true)] {
            queue.push(item, urgent).expect("there is room");
        }
        queue.close();
        assert_eq!(std::iter::from_fn(|| queue.pop()).collect::<Vec<_>>(), [3, 5, 1, 2, 4]);
        assert_eq!(queue.push(6, true), Err(Closed));
    }

    #[test]
    fn a_full_line_holds_up_its_own_and_closing_lets_everybody_go() {
        let queue = Arc::new(Queue::new(1));
        queue.push(1, false).expect("there is room");
        let waiting = {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || queue.push(2, false))
        };
        queue.push(3, true).expect("the other line has room");
        assert_eq!((queue.pop(), queue.pop()), (Some(3), Some(1)));
        assert_eq!(waiting.join().expect("it does not panic"), Ok(()));
        let full = {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || queue.push(4, false))
        };
        queue.close();
        let late = full.join().expect("it does not panic");
        assert_eq!(queue.pop(), Some(2));
        assert_eq!((queue.pop(), late), (None, Err(Closed)));
    }
}
