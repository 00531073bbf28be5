//! A child process that ends with its test.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Maximum start time of a helper, on a machine that is busy with other tests.
pub const START: Duration = Duration::from_secs(60);

/// A process that is killed and waited for when dropped.
pub struct Helper {
    child: Child,
}

impl Helper {
    /// Starts it; returns it with its standard input and output.
    pub fn start(command: &mut Command) -> (Self, ChildStdin, BufReader<ChildStdout>) {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        (Self { child }, stdin, stdout)
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // It may have ended by itself; an error has no receiver.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the first result of `find` in the lines of `from`; the rest is drained, so that the writer is never blocked.
pub fn first_match<T: Send + 'static>(
    mut from: BufReader<ChildStdout>,
    find: impl Fn(&str) -> Option<T> + Send + 'static,
) -> Option<T> {
    let (found, wait) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        while from.read_line(&mut line).is_ok_and(|read| read > 0) {
            if let Some(thing) = find(&line) {
                // Only the first has a receiver.
                let _ = found.send(thing);
            }
            line.clear();
        }
    });
    wait.recv_timeout(START).ok()
}
