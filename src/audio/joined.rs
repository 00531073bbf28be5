//! Files that were joined end to end, such as a recording that was paused and resumed: played one after the other as
//! one recording.
//!
//! `sections` finds where each begins, whatever the header of the first one promises. Sections may differ in sample
//! rate: they are resampled to the highest one. Where they differ in the number of channels, nobody knows which
//! channel continues which, so all are mixed to one channel.

use super::AudioError;
use super::open::Opened;
use super::resample::Resampler;
use super::scan::Scanner;
use super::source::{Piece, Shape, Source};
use super::stream::Stream;
use super::watch::Watch;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Maximum number of sections of one file.
pub(super) const MAX_SECTIONS: usize = 1000;

/// Returns the physical streams of an Ogg file (RFC 3533, chaining): each begins with pages that are marked as the first
/// of their logical streams.
pub(super) fn ogg_sections(scan: &mut Scanner<'_>) -> io::Result<Vec<Range<u64>>> {
    let (mut found, mut start, mut at, mut has_body) = (Vec::new(), 0, 0, false);
    loop {
        match page(scan.bytes(at, 27 + 255)?) {
            Some((is_first, _)) if is_first && has_body => {
                found.push(start..at);
                (start, has_body) = (at, false);
            }
            Some((is_first, length)) => {
                has_body |= !is_first;
                at += length;
            }
            None => match scan.find(b"OggS", at.saturating_add(1))? {
                Some(next) => at = next,
                None => break,
            },
        }
    }
    found.push(start..scan.length());
    Ok(found)
}

/// Returns whether a page is the first of its stream, and its size in bytes.
fn page(head: &[u8]) -> Option<(bool, u64)> {
    let (fixed, table) = head.split_first_chunk::<27>().filter(|(fixed, _)| fixed.starts_with(b"OggS\0"))?;
    let segments = table.get(..usize::from(fixed[26]))?;
    let body: u64 = segments.iter().map(|length| u64::from(*length)).sum();
    Some((fixed[5] & 2 != 0, 27 + segments.len() as u64 + body))
}

/// Returns the FLAC streams of a file: each begins with its marker and the block of its properties.
pub(super) fn flac_sections(scan: &mut Scanner<'_>) -> io::Result<Vec<Range<u64>>> {
    let (mut found, mut start, mut from) = (Vec::new(), 0, 4);
    while let Some(at) = scan.find(b"fLaC", from)? {
        if matches!(scan.bytes(at + 4, 4)?, [0 | 0x80, 0, 0, 34]) {
            found.push(start..at);
            start = at;
        }
        from = at + 4;
    }
    found.push(start..scan.length());
    Ok(found)
}

type Open = Box<dyn Fn(usize) -> Result<Opened, AudioError>>;

/// Sections of a file, one after the other.
pub(super) struct Joined {
    open: Open,
    watch: Arc<Watch>,
    count: usize,
    /// Index of the section after the current one.
    next: usize,
    current: Option<Current>,
    shape: Shape,
    /// Whether all channels are mixed to one.
    is_mixed: bool,
    truncated: bool,
    /// Error of the first section that could not be read.
    fault: Option<AudioError>,
    sounded: bool,
}

/// The section that is read.
struct Current {
    stream: Stream,
    resamplers: Vec<Resampler>,
    sample_rate: u32,
    /// Number of frames before and after resampling that were passed over.
    passed: (u64, u64),
}

impl Joined {
    /// Returns the source of this many sections. Errors: none of them can be read.
    pub(super) fn new(
        count: usize,
        open: impl Fn(usize) -> Result<Opened, AudioError> + 'static,
        watch: &Arc<Watch>,
    ) -> Result<Self, AudioError> {
        if count > MAX_SECTIONS {
            return Err(AudioError::unsupported(format!("a recording of more than {MAX_SECTIONS} joined files")));
        }
        let (mut shapes, mut fault) = (Vec::new(), None);
        for section in 0..count {
            match open(section).and_then(|opened| Stream::new(opened, watch)) {
                Ok(stream) => shapes.push(stream.shape()),
                Err(error) if can_be_left_out(&error) => fault = fault.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        let Some(shape) = common_shape(&shapes) else { return Err(fault.unwrap_or(AudioError::Empty)) };
        Ok(Self {
            open: Box::new(open),
            watch: Arc::clone(watch),
            count,
            next: 0,
            current: None,
            is_mixed: shapes.iter().any(|one| one.channels != shape.channels),
            shape,
            truncated: fault.is_some(),
            fault,
            sounded: false,
        })
    }

    /// Opens the next section that can be read; false after the last one.
    fn advance(&mut self) -> Result<bool, AudioError> {
        while self.next < self.count {
            let opened = (self.open)(self.next).and_then(|opened| Stream::new(opened, &self.watch));
            self.next += 1;
            match opened {
                Ok(stream) => {
                    let from = stream.shape().sample_rate;
                    let resampler = |_| Resampler::new(from, self.shape.sample_rate).map_err(AudioError::Damaged);
                    let resamplers = (0..self.shape.channels).map(resampler).collect::<Result<_, _>>()?;
                    self.current = Some(Current { stream, resamplers, sample_rate: from, passed: (0, 0) });
                    return Ok(true);
                }
                Err(error) => self.leave_out(error)?,
            }
        }
        match self.fault.take() {
            Some(fault) if !self.sounded => Err(fault),
            _ => Ok(false),
        }
    }

    fn leave_out(&mut self, error: AudioError) -> Result<(), AudioError> {
        if !can_be_left_out(&error) {
            return Err(error);
        }
        self.truncated = true;
        self.fault.get_or_insert(error);
        self.current = None;
        Ok(())
    }
}

/// Returns the properties of the whole; `None` for nothing.
fn common_shape(shapes: &[Shape]) -> Option<Shape> {
    let first = *shapes.first()?;
    let sample_rate = shapes.iter().map(|shape| shape.sample_rate).max()?;
    let alike = shapes.iter().all(|shape| shape.channels == first.channels);
    let frames = |shape: &Shape| Some(scaled(shape.promised?, shape.sample_rate, sample_rate));
    let promised = shapes.iter().map(frames).try_fold(0_u64, |sum, frames| Some(sum.saturating_add(frames?)));
    Some(Shape { channels: if alike { first.channels } else { 1 }, sample_rate, promised, ..first })
}

fn scaled(frames: u64, from: u32, to: u32) -> u64 {
    u64::try_from(u128::from(frames) * u128::from(to) / u128::from(from)).unwrap_or(u64::MAX)
}

/// Whether the other sections are used without the one that has this error.
fn can_be_left_out(error: &AudioError) -> bool {
    matches!(
        error,
        AudioError::NotAudio
            | AudioError::Unsupported { .. }
            | AudioError::NeedsFfmpeg { .. }
            | AudioError::Truncated
            | AudioError::Empty
            | AudioError::NoChannels
            | AudioError::Damaged(_)
    )
}

/// Mixes all channels of a block to one.
fn mix(planes: &mut Vec<Vec<f32>>) {
    let share = 1.0 / planes.len().max(1) as f32;
    let Some((first, others)) = planes.split_first_mut() else { return };
    for (at, sample) in first.iter_mut().enumerate() {
        *sample = (*sample + others.iter().map(|plane| plane[at]).sum::<f32>()) * share;
    }
    planes.truncate(1);
}

impl Current {
    /// Resamples a block in place.
    fn resample(&mut self, planes: &mut [Vec<f32>]) -> Result<(), AudioError> {
        for (plane, resampler) in planes.iter_mut().zip(&mut self.resamplers) {
            let samples = std::mem::take(plane);
            let pushed = resampler.push(&samples, &mut |samples| plane.extend_from_slice(samples));
            pushed.map_err(AudioError::Damaged)?;
        }
        Ok(())
    }

    /// Returns the last frames of the resamplers.
    fn finish(self, planes: &mut Vec<Vec<f32>>) -> Result<bool, AudioError> {
        planes.clear();
        for resampler in self.resamplers {
            let mut plane = Vec::new();
            resampler.finish(&mut |samples| plane.extend_from_slice(samples)).map_err(AudioError::Damaged)?;
            planes.push(plane);
        }
        Ok(planes.first().is_some_and(|plane| !plane.is_empty()))
    }
}

impl Source for Joined {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn decode(&mut self, planes: &mut Vec<Vec<f32>>) -> Result<Option<Piece>, AudioError> {
        loop {
            let Some(current) = &mut self.current else {
                if self.advance()? {
                    continue;
                }
                return Ok(None);
            };
            let needs_resampling = current.sample_rate != self.shape.sample_rate;
            match current.stream.next(planes) {
                Ok(true) => {
                    self.sounded = true;
                    if self.is_mixed {
                        mix(planes);
                    }
                    if needs_resampling {
                        current.resample(planes)?;
                    }
                    return Ok(Some(Piece::Sound));
                }
                Ok(false) => {
                    self.truncated |= current.stream.truncated();
                    let Some(current) = self.current.take() else { continue };
                    if needs_resampling && current.finish(planes)? {
                        return Ok(Some(Piece::Sound));
                    }
                }
                Err(error) => self.leave_out(error)?,
            }
        }
    }

    fn pass(&mut self) -> Result<Option<u64>, AudioError> {
        loop {
            let Some(current) = &mut self.current else {
                if self.advance()? {
                    continue;
                }
                return Ok(None);
            };
            match current.stream.pass() {
                Ok(Some(frames)) => {
                    self.sounded = true;
                    let (before, after) = &mut current.passed;
                    *before += frames;
                    // The encoder's padding at the end of a section has been counted too.
                    let counted = (*before).min(current.stream.shape().promised.unwrap_or(u64::MAX));
                    let reached = scaled(counted, current.sample_rate, self.shape.sample_rate);
                    let frames = reached - *after;
                    *after = reached;
                    return Ok(Some(frames));
                }
                Ok(None) => {
                    self.truncated |= current.stream.truncated();
                    self.current = None;
                }
                Err(error) => self.leave_out(error)?,
            }
        }
    }

    fn truncated(&self) -> bool {
        self.truncated
    }
}
