//! A file of weights as a slice of bytes, and numbers read from one.

use crate::transcription::models::ModelError;
use memmap2::Mmap;
use std::fs::File;
use std::path::Path;

/// A file that is read as a slice, so that weights of gigabytes need no memory of their own.
pub(super) struct MappedFile(Mmap);

impl MappedFile {
    pub(super) fn open(path: &Path) -> Result<Self, ModelError> {
        let file = File::open(path).map_err(ModelError::io(path))?;
        // SAFETY: the file is only read. Shortening it meanwhile ends this process with SIGBUS; no unfinished model is
        // installed then, for the result is renamed last.
        unsafe { Mmap::map(&file) }.map(Self).map_err(ModelError::io(path))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Reads little-endian numbers and runs of bytes in sequence. Each method returns `None` at the end.
pub(super) struct Cursor<'a> {
    left: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.left.split_at_checked(length)?;
        self.left = left;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// Reads a 32-bit count: never negative, at most what fits in memory.
    pub(super) fn count(&mut self) -> Option<usize> {
        self.u32().and_then(|count| usize::try_from(count).ok())
    }
}
