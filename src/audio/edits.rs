//! Edit list of an MP4: encoders of AAC put 20 to 130 ms before the recording, and the edit list says so.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// The part of the encoded audio that is the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// Frames before it.
    pub(super) skip: u64,
    /// Number of its frames, where the list gives it.
    pub(super) limit: Option<u64>,
}

/// Begin and end of a box's content.
type Span = (u64, u64);

/// Maximum number of boxes in one box.
const MAX_BOXES: usize = 10_000;

/// Returns the edit of the first audio track, in frames of `sample_rate`; `None` where there is none or it is not a
/// simple one.
pub(super) fn edit(file: &mut File, sample_rate: u32) -> io::Result<Option<Edit>> {
    let end = file.seek(SeekFrom::End(0))?;
    let Some(movie) = first(file, (0, end), b"moov")? else { return Ok(None) };
    for track in inside(file, movie, b"trak")? {
        let Some(media) = first(file, track, b"mdia")? else { continue };
        let Some(handler) = first(file, media, b"hdlr")? else { continue };
        if bytes::<12>(file, handler)?.is_none_or(|head| &head[8..] != b"soun") {
            continue;
        }
        let Some(list) = first(file, track, b"edts")? else { return Ok(None) };
        let Some(list) = first(file, list, b"elst")? else { return Ok(None) };
        let (movie_scale, media_scale) = (scale(file, movie, b"mvhd")?, scale(file, media, b"mdhd")?);
        let (Some(movie_scale), Some(media_scale)) = (movie_scale, media_scale) else { return Ok(None) };
        let frames = |ticks: u64, scale: u32| {
            u64::try_from((u128::from(ticks) * u128::from(sample_rate)).div_ceil(u128::from(scale))).unwrap_or(u64::MAX)
        };
        return Ok(plain(file, list)?.map(|(length, start)| Edit {
            skip: frames(start, media_scale),
            limit: Some(frames(length, movie_scale)).filter(|limit| *limit > 0),
        }));
    }
    Ok(None)
}

/// Returns length and start of the edit of a list with one edit (besides empty ones, which are pauses before it).
fn plain(file: &mut File, list: Span) -> io::Result<Option<(u64, u64)>> {
    let Some([version, _, _, _, c0, c1, c2, c3]) = bytes::<8>(file, list)? else { return Ok(None) };
    let count = u64::from(u32::from_be_bytes([c0, c1, c2, c3]));
    let size = if version == 1 { 20 } else { 12 };
    let mut found = None;
    for at in 0..count.min(4) {
        let entry = (list.0 + 8 + at * size, list.1);
        let (length, start) = if version == 1 {
            let Some(entry) = bytes::<16>(file, entry)? else { return Ok(None) };
            (word(&entry[..8]), i64::try_from(word(&entry[8..])).unwrap_or(-1))
        } else {
            let Some(entry) = bytes::<8>(file, entry)? else { return Ok(None) };
            (word(&entry[..4]), i64::from((word(&entry[4..]) as u32).cast_signed()))
        };
        match (u64::try_from(start), found) {
            (Ok(start), None) => found = Some((length, start)),
            (Ok(_), Some(_)) => return Ok(None),
            (Err(_), _) => {}
        }
    }
    Ok(found.filter(|_| count <= 4))
}

/// Returns the ticks per second given in a header.
fn scale(file: &mut File, parent: Span, name: &[u8; 4]) -> io::Result<Option<u32>> {
    let Some(head) = first(file, parent, name)? else { return Ok(None) };
    let Some(version) = bytes::<1>(file, head)? else { return Ok(None) };
    let at = head.0 + if version[0] == 1 { 20 } else { 12 };
    Ok(bytes::<4>(file, (at, head.1))?.map(u32::from_be_bytes).filter(|scale| *scale > 0))
}

fn word(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

fn first(file: &mut File, parent: Span, name: &[u8; 4]) -> io::Result<Option<Span>> {
    Ok(inside(file, parent, name)?.into_iter().next())
}

/// Returns the boxes of a name directly within a span.
fn inside(file: &mut File, (mut at, end): Span, name: &[u8; 4]) -> io::Result<Vec<Span>> {
    let mut found = Vec::new();
    for _ in 0..MAX_BOXES {
        let Some(head) = bytes::<8>(file, (at, end))? else { break };
        let (body, size) = match word(&head[..4]) {
            0 => (at + 8, end - at),
            1 => match bytes::<8>(file, (at + 8, end))? {
                Some(long) => (at + 16, word(&long)),
                None => break,
            },
            size => (at + 8, size),
        };
        let Some(next) = at.checked_add(size).filter(|next| *next >= body) else { break };
        if head[4..] == name[..] {
            found.push((body, next.min(end)));
        }
        at = next;
    }
    Ok(found)
}

/// Returns the first bytes of a span, if it has enough.
fn bytes<const N: usize>(file: &mut File, (at, end): Span) -> io::Result<Option<[u8; N]>> {
    if at.saturating_add(N as u64) > end {
        return Ok(None);
    }
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(at))?;
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
