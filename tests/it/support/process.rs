//! A child process that ends with its test.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// How long a helper may take to come up, on a machine that is busy with other tests.
pub const START: Duration = Duration::from_secs(60);

/// Killed and waited for when dropped.
pub struct Helper {
    child: Child,
}

impl Helper {
    /// Starts it; its standard output is ours to read, its standard input ours to write.
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
        // It may have ended by itself; there is nobody to tell either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first thing that `find` sees in the lines of `from`; the rest is read away, so that the writer is never blocked.
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
