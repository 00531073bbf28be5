//! Frames of MPEG audio (ISO 11172-3, 13818-3) and of AAC in ADTS: where a file of them begins, and where another file
//! was joined to it.
//!
//! Such a file has no header. It may begin anywhere: in the middle of a frame, where it was cut out of a stream, or
//! after padding. Its first frame may be a tag (Xing, Info, VBRI) with the number of frames, which holds for the file
//! that it was written for, not for what was joined to it later.

use super::scan::Scanner;
use std::io;
use std::ops::Range;

/// Number of frames in a row that prove a stream that does not begin at the first byte.
const RUN: usize = 3;
/// Number of bytes searched at once for the next frames.
const SEARCH: usize = 64 * 1024;
/// Maximum size of [`RUN`] frames, bytes.
const MAX_RUN_BYTES: usize = 3 * 8_192;
/// Number of bytes of a frame up to the end of a tag's number of frames.
const TAG: usize = 64;
/// Number of bytes of the header of an ID3 tag.
const ID3: usize = 10;

/// Header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Layer 1 to 3; 0 is AAC.
    pub(super) layer: u8,
    version: u8,
    sample_rate: u32,
    mono: bool,
    /// Number of bytes, with the header; 0: not given.
    length: usize,
}

impl Frame {
    /// Returns the frame that begins with these bytes.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let &[sync, b1, b2, b3] = bytes.first_chunk()?;
        if sync != 0xFF || b1 & 0xE0 != 0xE0 {
            return None;
        }
        let (version, layer) = ((b1 >> 3) & 3, (b1 >> 1) & 3);
        if layer == 0 {
            return (b1 & 0xF6 == 0xF0).then(|| Self::adts(bytes)).flatten();
        }
        let (bitrate, rate) = (usize::from(b2 >> 4), usize::from((b2 >> 2) & 3));
        if version == 1 || bitrate == 15 || rate == 3 {
            return None;
        }
        let sample_rate = [44_100, 48_000, 32_000][rate] >> [2, 0, 1, 0][usize::from(version)];
        let (layer, padding) = (4 - layer, usize::from((b2 >> 1) & 1));
        let bits = kilobits(version, layer, bitrate) * 1000;
        let length = match (layer, version) {
            _ if bits == 0 => 0,
            (1, _) => (12 * bits / sample_rate as usize + padding) * 4,
            (3, 0 | 2) => 72 * bits / sample_rate as usize + padding,
            _ => 144 * bits / sample_rate as usize + padding,
        };
        Some(Self { layer, version, sample_rate, mono: b3 >> 6 == 3, length })
    }

    fn adts(bytes: &[u8]) -> Option<Self> {
        const RATES: [u32; 13] =
            [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
        let &[_, b1, b2, b3, b4, b5] = bytes.first_chunk()?;
        let sample_rate = *RATES.get(usize::from((b2 >> 2) & 15))?;
        let length = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5 >> 5);
        let mono = (b2 & 1) << 2 | b3 >> 6 == 1;
        Some(Self { layer: 0, version: (b1 >> 3) & 1, sample_rate, mono, length: if length < 7 { 0 } else { length } })
    }

    /// Whether both belong to one stream.
    fn is_like(&self, other: &Self) -> bool {
        Self { length: 0, ..*self } == Self { length: 0, ..*other }
    }

    /// Returns the tag in this frame, which begins with these bytes; with the number of the frames after it, where it
    /// gives one.
    fn tag(&self, bytes: &[u8]) -> Option<Option<u64>> {
        if self.layer != 3 {
            return None;
        }
        let number = |at: usize| Some(u64::from(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?)));
        let side = match (self.version, self.mono) {
            (3, false) => 32,
            (3, true) | (_, false) => 17,
            (_, true) => 9,
        };
        let marked = |at: usize, marks: &[&[u8]]| marks.iter().any(|mark| bytes.get(at..at + 4) == Some(*mark));
        if marked(4 + side, &[b"Xing", b"Info"]) {
            let has_count = number(8 + side)? & 1 == 1;
            return Some(number(12 + side).filter(|_| has_count));
        }
        marked(36, &[b"VBRI"]).then(|| number(50))
    }
}

/// Returns the bit rate of an index of the table, kbit/s; 0: none is given.
fn kilobits(version: u8, layer: u8, index: usize) -> usize {
    const TABLES: [[usize; 15]; 5] = [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let table = match (version, layer) {
        (3, layer) => usize::from(layer) - 1,
        (_, 1) => 3,
        _ => 4,
    };
    TABLES[table][index]
}

/// Returns the frame at the first byte: one is enough, unless the next one is missing from its place within `head`.
pub(super) fn first_frame(head: &[u8]) -> Option<Frame> {
    let frame = Frame::read(head)?;
    match head.get(frame.length..).filter(|next| frame.length > 0 && next.len() >= 6) {
        Some(next) => Frame::read(next).filter(|next| next.layer == frame.layer).map(|_| frame),
        None => Some(frame),
    }
}

/// Returns the position and the first frame of a stream within `bytes`: [`RUN`] frames in a row, or two before the
/// end. Positions from `limit` on are not tried.
pub(super) fn find(bytes: &[u8], limit: usize) -> Option<(usize, Frame)> {
    memchr::memchr_iter(0xFF, &bytes[..limit.min(bytes.len())]).find_map(|at| Some((at, run(&bytes[at..])?)))
}

fn run(bytes: &[u8]) -> Option<Frame> {
    let first = Frame::read(bytes)?;
    let (mut at, mut frame) = (0, first);
    for count in 1..RUN {
        if frame.length == 0 {
            return None;
        }
        at += frame.length;
        frame = match bytes.get(at..) {
            Some(rest) if rest.len() >= 6 => Frame::read(rest).filter(|next| next.is_like(&first))?,
            _ => return (count > 1).then_some(first),
        };
    }
    Some(first)
}

/// Returns the size of the ID3 tag that begins with these bytes, bytes.
fn id3(bytes: &[u8]) -> Option<u64> {
    let head = bytes.first_chunk::<ID3>().filter(|head| head.starts_with(b"ID3"))?;
    let size = head[6..].iter().fold(0_u64, |sum, byte| (sum << 7) | u64::from(byte & 0x7F));
    Some(ID3 as u64 + size)
}

/// Returns the position and the first frame of the next stream at or after a position.
fn next_stream(scan: &mut Scanner<'_>, mut from: u64) -> io::Result<Option<(u64, Frame)>> {
    loop {
        if let Some(size) = id3(scan.bytes(from, ID3)?) {
            from += size;
            continue;
        }
        let bytes = scan.bytes(from, SEARCH + MAX_RUN_BYTES)?;
        let is_last = bytes.len() < SEARCH + MAX_RUN_BYTES;
        if let Some((at, frame)) = find(bytes, if is_last { bytes.len() } else { SEARCH }) {
            return Ok(Some((from + at as u64, frame)));
        }
        if is_last {
            return Ok(None);
        }
        from += SEARCH as u64;
    }
}

/// Returns the position and the first frame of the first stream, however long the padding before it.
pub(super) fn begin(scan: &mut Scanner<'_>) -> io::Result<Option<(u64, Frame)>> {
    let from = id3(scan.bytes(0, ID3)?).unwrap_or(0);
    match first_frame(scan.bytes(from, SEARCH)?) {
        Some(frame) => Ok(Some((from, frame))),
        None => next_stream(scan, from),
    }
}

/// A stream of like frames.
struct Section {
    start: u64,
    end: u64,
    like: Frame,
    frames: u64,
    /// Number of bytes of the tag, and of the frames that it promises.
    tag: Option<(u64, Option<u64>)>,
}

impl Section {
    fn new(start: u64, like: Frame) -> Self {
        Self { start, end: start, like, frames: 0, tag: None }
    }

    /// Returns the bytes of the section: without its tag, where it promises fewer frames than there are.
    fn range(&self) -> Range<u64> {
        match self.tag {
            Some((bytes, Some(promised))) if promised + 2 < self.frames => self.start + bytes..self.end,
            _ => self.start..self.end,
        }
    }
}

/// Returns the streams of a file of layers 1 to 3 that were joined end to end: each begins with a tag of its own, or has
/// another sample rate or number of channels than the one before.
pub(super) fn sections(scan: &mut Scanner<'_>) -> io::Result<Vec<Range<u64>>> {
    let Some((mut at, like)) = begin(scan)? else { return Ok(Vec::new()) };
    let (mut found, mut section, length) = (Vec::new(), Section::new(at, like), scan.length());
    while at < length {
        let bytes = scan.bytes(at, TAG)?;
        let frame = Frame::read(bytes).filter(|frame| frame.length > 0 && frame.is_like(&section.like));
        if let Some(frame) = frame {
            let tag = frame.tag(bytes);
            if section.frames > 0 && tag.is_some() {
                found.push(section.range());
                section = Section::new(at, frame);
            }
            section.tag = section.tag.or(tag.map(|promised| (frame.length as u64, promised)));
            section.frames += 1;
            at += frame.length as u64;
            section.end = at.min(length);
            continue;
        }
        // A tag, garbage, or a stream of another kind.
        let Some((next, frame)) = next_stream(scan, at)? else { break };
        if !frame.is_like(&section.like) {
            found.push(section.range());
            section = Section::new(next, frame);
        }
        at = next;
    }
    found.push(section.range());
    found.retain(|range| !range.is_empty());
    Ok(found)
}
