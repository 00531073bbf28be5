//! Buffered reading at any position of a file, for finding the places at which its parts begin.

use super::watch::Watch;
use memchr::memmem::Finder;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Number of bytes read at once, and maximum number of bytes of one request.
const BUFFER: usize = 256 * 1024;

/// Reader of a file at any position.
pub(super) struct Scanner<'a> {
    file: &'a File,
    watch: &'a Watch,
    length: u64,
    /// Position of the buffer in the file.
    start: u64,
    buffer: Vec<u8>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(file: &'a File, watch: &'a Watch) -> io::Result<Self> {
        Ok(Self { file, watch, length: file.metadata()?.len(), start: 0, buffer: Vec::new() })
    }

    /// Returns the size of the file, bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Returns this many bytes from a position; fewer at the end of the file.
    pub(super) fn bytes(&mut self, at: u64, count: usize) -> io::Result<&[u8]> {
        let end = at.saturating_add(count as u64).min(self.length);
        if at < self.start || end > self.start + self.buffer.len() as u64 {
            self.fill(at)?;
        }
        let place = |position: u64| usize::try_from(position.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let to = place(end).min(self.buffer.len());
        Ok(&self.buffer[place(at).min(to)..to])
    }

    /// Returns the position of the first such bytes at or after a position.
    pub(super) fn find(&mut self, pattern: &[u8], mut from: u64) -> io::Result<Option<u64>> {
        let finder = Finder::new(pattern);
        loop {
            let bytes = self.bytes(from, BUFFER)?;
            if let Some(at) = finder.find(bytes) {
                return Ok(Some(from + at as u64));
            }
            if bytes.len() < BUFFER {
                return Ok(None);
            }
            // The pattern may begin in these bytes and end in the next.
            from += (BUFFER - pattern.len()) as u64;
        }
    }

    fn fill(&mut self, at: u64) -> io::Result<()> {
        self.watch.beat();
        if self.watch.is_abandoned() {
            return Err(io::Error::other("nobody waits for this any more"));
        }
        let left = usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX);
        self.buffer.resize(left.min(BUFFER), 0);
        self.start = at;
        let mut got = 0;
        while got < self.buffer.len() {
            match self.file.read_at(&mut self.buffer[got..], at + got as u64)? {
                0 => break,
                more => got += more,
            }
        }
        self.buffer.truncate(got);
        Ok(())
    }
}
