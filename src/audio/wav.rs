//! Header of a WAV file, parsed here rather than by the decoder's library.
//!
//! Recorders are killed, disks fill up and pipes are not seekable: then the sizes in the header are 0, 0xFFFFFFFF or
//! larger than the file, while the audio is there. So the header is parsed leniently and the decoder gets a corrected
//! one.

use super::error::SAMPLE_RATES;
use super::{AudioError, MAX_CHANNELS};
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Position and coding of the audio in a WAV file.
#[derive(Debug)]
pub(super) struct WavHead {
    /// The `fmt ` chunk as passed to the decoder.
    fmt: Vec<u8>,
    /// Position of the audio in the file, bytes.
    pub(super) data: Range<u64>,
    /// Position of another WAV file that was joined to this one.
    pub(super) next: Option<u64>,
    /// Number of frames, where the header gives it because the last block of a codec is not always full.
    pub(super) frames: Option<u64>,
    pub(super) coding: Coding,
    /// Whether the header promised more than there is.
    pub(super) truncated: bool,
}

/// Coding of the samples.
#[derive(Debug)]
pub(super) enum Coding {
    /// PCM, floats, mu-law, A-law.
    Plain,
    /// IMA or MS ADPCM.
    Adpcm,
    /// GSM 6.10, two frames in 65 bytes.
    Gsm,
    /// One that only ffmpeg reads here.
    Other(&'static str),
}

/// Maximum size of a header chunk (`fmt ` has 40 bytes, with MS ADPCM's tables some more).
const MAX_FMT: u64 = 4096;
/// Maximum number of chunks after the audio.
const MAX_CHUNKS: usize = 1000;

impl WavHead {
    /// Reads the chunks of the WAV file that begins at `start`, up to the audio.
    pub(super) fn read(file: &File, start: u64, path: &Path) -> Result<Self, AudioError> {
        let io = |source| AudioError::io(path, source);
        let file_len = file.metadata().map_err(io)?.len();
        let (mut at, mut long_data, mut fact) = (start + 12, None, None);
        let mut fmt: Option<(Coding, Vec<u8>)> = None;
        loop {
            let mut chunk = [0_u8; 8];
            if at.saturating_add(8) > file_len {
                return Err(if fmt.is_some() { AudioError::Empty } else { AudioError::Truncated });
            }
            file.read_exact_at(&mut chunk, at).map_err(io)?;
            let [i0, i1, i2, i3, l0, l1, l2, l3] = chunk;
            let len = u32::from_le_bytes([l0, l1, l2, l3]);
            at += 8;
            match &[i0, i1, i2, i3] {
                b"data" => {
                    let fmt = fmt.ok_or_else(|| AudioError::Damaged("its WAV head has no format".to_owned()))?;
                    let promised = promised(len, long_data);
                    let (end, next) = audio_end(file, at, promised, matches!(fmt.0, Coding::Plain)).map_err(io)?;
                    return Self::place(fmt, at..end, promised, file_len, fact).map(|head| Self { next, ..head });
                }
                b"fmt " | b"ds64" | b"fact" => {
                    if u64::from(len) > MAX_FMT {
                        return Err(AudioError::Damaged("its WAV head makes no sense".to_owned()));
                    }
                    if at + u64::from(len) > file_len {
                        return Err(AudioError::Truncated);
                    }
                    let mut body = vec![0; len as usize];
                    file.read_exact_at(&mut body, at).map_err(io)?;
                    match &chunk[..4] {
                        b"fmt " => fmt = Some(check(body)?),
                        b"fact" => fact = body.first_chunk().map(|bytes| u64::from(u32::from_le_bytes(*bytes))),
                        _ => long_data = body.get(8..16).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes),
                    }
                }
                _ => {}
            }
            // Chunks are aligned to even bytes.
            at = at.saturating_add(u64::from(len)).saturating_add(u64::from(len & 1));
        }
    }

    fn place(
        (coding, fmt): (Coding, Vec<u8>),
        data: Range<u64>,
        promised: Option<u64>,
        file_len: u64,
        fact: Option<u64>,
    ) -> Result<Self, AudioError> {
        if data.is_empty() {
            return Err(if promised.is_some_and(|promised| promised > 0) {
                AudioError::Truncated
            } else {
                AudioError::Empty
            });
        }
        let truncated = promised.is_none_or(|promised| data.start.saturating_add(promised) > file_len);
        let mut head = Self { fmt, data, next: None, frames: None, coding, truncated };
        head.frames = fact.filter(|fact| !truncated && head.fits(*fact));
        Ok(head)
    }

    /// Returns a header for samples without one: one channel from the first byte to the last of `length`.
    pub(super) fn of_headless(length: u64, tag: u16, bits: u16, rate: u32) -> Result<Self, AudioError> {
        let frame = bits / 8;
        let mut fmt = Vec::with_capacity(18);
        for word in [tag, 1] {
            fmt.extend(word.to_le_bytes());
        }
        fmt.extend(rate.to_le_bytes());
        fmt.extend((rate * u32::from(frame)).to_le_bytes());
        for word in [frame, bits] {
            fmt.extend(word.to_le_bytes());
        }
        let data = 0..length - length % u64::from(frame);
        if data.is_empty() {
            return Err(AudioError::Empty);
        }
        let (_, fmt) = check(fmt)?;
        Ok(Self { fmt, data, next: None, frames: None, coding: Coding::Plain, truncated: false })
    }

    /// Whether a number of frames fits to blocks of this size: some writers count something else.
    fn fits(&self, fact: u64) -> bool {
        let word = |at: usize| self.fmt.get(at..at + 2).map_or(0, |b| u64::from(u16::from_le_bytes([b[0], b[1]])));
        let (align, in_block) = match self.coding {
            Coding::Gsm => (65, 320),
            Coding::Adpcm => (word(12), word(18)),
            Coding::Plain | Coding::Other(_) => return false,
        };
        if align == 0 || in_block == 0 {
            return false;
        }
        let most = (self.data.end - self.data.start).div_ceil(align).saturating_mul(in_block);
        fact > 0 && fact <= most && fact + in_block >= most
    }

    /// Returns the sample rate given in the header, Hz.
    pub(super) fn sample_rate(&self) -> u32 {
        self.fmt.get(4..8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
    }

    /// Returns a WAV stream of the same audio, which `data` reads, with right sizes.
    pub(super) fn reader<F>(&self, data: F) -> impl Read + Send + Sync + 'static
    where
        F: Read + Send + Sync + 'static,
    {
        // A size above 32 bits is written as "unknown", which the reader takes as "until the end of file".
        let length = u32::try_from(self.data.end - self.data.start).unwrap_or(u32::MAX);
        let fmt = u32::try_from(self.fmt.len()).unwrap_or(u32::MAX);
        let mut head = Vec::with_capacity(self.fmt.len() + 28);
        head.extend_from_slice(b"RIFF");
        head.extend_from_slice(&length.saturating_add(fmt).saturating_add(20).to_le_bytes());
        head.extend_from_slice(b"WAVEfmt ");
        head.extend_from_slice(&fmt.to_le_bytes());
        head.extend_from_slice(&self.fmt);
        head.extend_from_slice(b"data");
        head.extend_from_slice(&length.to_le_bytes());
        Cursor::new(head).chain(data)
    }
}

/// Returns the end of the audio that begins at `start`, and the position of a WAV file that was joined to this one.
///
/// Chunks may follow the audio. Where neither chunks nor a file follow plain samples, the recorder went on after it had
/// written the header: the audio lasts until the end of the file.
fn audio_end(file: &File, start: u64, promised: Option<u64>, is_plain: bool) -> io::Result<(u64, Option<u64>)> {
    let file_len = file.metadata()?.len();
    let Some(length) = promised.filter(|length| start.saturating_add(*length) < file_len) else {
        return Ok((file_len, None));
    };
    let end = start + length;
    if begins_wav(file, end)? {
        return Ok((end, Some(end)));
    }
    let mut at = end + (length & 1);
    for chunks in 0..MAX_CHUNKS {
        if begins_wav(file, at)? {
            return Ok((end, Some(at)));
        }
        let mut chunk = [0; 8];
        if at.saturating_add(8) > file_len {
            return Ok((end, None));
        }
        file.read_exact_at(&mut chunk, at)?;
        let [i0, i1, i2, i3, l0, l1, l2, l3] = chunk;
        if ![i0, i1, i2, i3].iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Ok((if chunks == 0 && is_plain { file_len } else { end }, None));
        }
        let length = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
        at = at.saturating_add(8 + length + (length & 1));
    }
    Ok((end, None))
}

/// Whether a WAV file begins at a position.
fn begins_wav(file: &File, at: u64) -> io::Result<bool> {
    let mut head = [0; 12];
    match file.read_exact_at(&mut head, at) {
        Ok(()) => Ok([&b"RIFF"[..], b"RF64", b"BW64"].contains(&&head[..4]) && &head[8..] == b"WAVE"),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Returns the length of the audio given in the header; `None` where it is unknown.
fn promised(len: u32, long: Option<u64>) -> Option<u64> {
    match (len, long) {
        (u32::MAX, Some(long)) if long > 0 => Some(long),
        // A recorder that was killed, or a pipe.
        (0 | u32::MAX, _) => None,
        (len, _) => Some(u64::from(len)),
    }
}

/// Rejects unsupported codecs, by name, and invalid counts, before the decoder reads them.
fn check(fmt: Vec<u8>) -> Result<(Coding, Vec<u8>), AudioError> {
    let word = |at: usize| fmt.get(at..at + 2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    let (Some(tag), Some(channels), Some(align), Some(bits)) = (word(0), word(2), word(12), word(14)) else {
        return Err(AudioError::Damaged("its WAV head is too short".to_owned()));
    };
    // The real tag of the extensible form is the beginning of its GUID.
    let tag = if tag == 0xFFFE { word(24).unwrap_or(0) } else { tag };
    if channels == 0 {
        return Err(AudioError::NoChannels);
    }
    if channels > MAX_CHANNELS {
        return Err(AudioError::TooManyChannels { found: channels });
    }
    let layout = Layout { tag, channels, bits, block: align };
    let bits = match tag {
        0x0001 | 0x0003 => layout.container_bits(&fmt)?,
        // G.711 has 8 bits, whatever the header says.
        0x0006 | 0x0007 => 8,
        0x0002 | 0x0011 if bits != 4 => {
            return Err(AudioError::unsupported(format!("ADPCM with {bits} bits a sample")));
        }
        0x0002 | 0x0011 if align == 0 => return Err(layout.contradicts()),
        // Its tables are kept.
        0x0002 | 0x0011 => return Ok((Coding::Adpcm, fmt)),
        0x0031 => return gsm(fmt, channels, align),
        _ => match only_ffmpeg(tag) {
            Some(name) => return Ok((Coding::Other(name), fmt)),
            None => return Err(AudioError::unsupported(format!("WAV with {}", tag_name(tag)))),
        },
    };
    // Written again in its shortest form, because the reader accepts exact lengths only, and writers disagree on them.
    let frame = channels * (bits / 8);
    let mut plain = Vec::with_capacity(18);
    plain.extend_from_slice(&tag.to_le_bytes());
    plain.extend_from_slice(&fmt[2..12]);
    plain.extend_from_slice(&frame.to_le_bytes());
    plain.extend_from_slice(&bits.to_le_bytes());
    if matches!(tag, 0x0006 | 0x0007) {
        plain.extend_from_slice(&[0, 0]);
    }
    Ok((Coding::Plain, plain))
}

/// Fields of a header that give the size of a sample twice.
struct Layout {
    tag: u16,
    channels: u16,
    /// Number of bits of a sample.
    bits: u16,
    /// Number of bytes of a frame, with a sample of each channel.
    block: u16,
}

impl Layout {
    /// Returns the number of bits that a sample takes in the file: those of its share of the block, where it has room
    /// for the sample (which lies in the upper bits), else those of the sample, rounded up to bytes. Where the two
    /// differ and the number of bytes a second fits the bits of the sample, these count.
    ///
    /// Errors: the fields contradict each other, and the number of bytes a second does not decide.
    fn container_bits(&self, fmt: &[u8]) -> Result<u16, AudioError> {
        let is_float = self.tag == 0x0003;
        let is_possible = |bits: u16| if is_float { matches!(bits, 32 | 64) } else { matches!(bits, 8 | 16 | 24 | 32) };
        let whole = self.bits.div_ceil(8).saturating_mul(8);
        let number = |at: usize| fmt.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_le_bytes(*b));
        let (rate, bytes_per_second) = (number(4), number(8));
        let computed = u32::from(self.channels) * u32::from(whole / 8);
        if is_possible(whole) && (self.block == 0 || rate.checked_mul(computed) == Some(bytes_per_second)) {
            return Ok(whole);
        }
        let share = Some(self.block / self.channels)
            .filter(|bytes| bytes * self.channels == self.block && (1..=8).contains(bytes))
            .map(|bytes| bytes * 8)
            .filter(|share| *share >= self.bits && self.bits > 0 && is_possible(*share));
        share.ok_or_else(|| match is_possible(whole) {
            true => self.contradicts(),
            false => AudioError::unsupported(format!("WAV with {} bits a sample", self.bits)),
        })
    }

    fn contradicts(&self) -> AudioError {
        let Self { channels, bits, block, .. } = self;
        AudioError::Damaged(format!(
            "its WAV head contradicts itself: {channels} channels of {bits} bits in blocks of {block} bytes"
        ))
    }
}

fn gsm(fmt: Vec<u8>, channels: u16, align: u16) -> Result<(Coding, Vec<u8>), AudioError> {
    if channels != 1 || align != 65 {
        return Err(AudioError::unsupported(format!("GSM 6.10 of {channels} channels in blocks of {align} bytes")));
    }
    let rate = fmt.get(4..8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
    if !SAMPLE_RATES.contains(&rate) {
        return Err(AudioError::unsupported(format!("a sample rate of {rate} Hz")));
    }
    Ok((Coding::Gsm, fmt))
}

/// Returns the name of a format tag that ffmpeg reads, where it is installed.
fn only_ffmpeg(tag: u16) -> Option<&'static str> {
    Some(match tag {
        0x0014 | 0x0040 | 0x0045 | 0x0064 => "G.726 ADPCM",
        0x0022 => "TrueSpeech",
        0x0042 => "G.723.1",
        0x0050 => "MPEG layer 2 inside",
        0x0055 => "MP3 inside",
        0x0065 | 0x028F => "G.722",
        0x0083 | 0x0133 => "G.729",
        0x00FF | 0x1610 => "AAC inside",
        0xA109 => "Speex",
        _ => return None,
    })
}

/// Returns the usual name of a WAVE format tag that is rejected.
fn tag_name(tag: u16) -> String {
    match tag {
        0x0032 => "MSN audio".to_owned(),
        0x0092 | 0x2000 => "AC-3".to_owned(),
        0x2001 => "DTS".to_owned(),
        0x0160..=0x0163 => "Windows Media inside".to_owned(),
        other => format!("format tag 0x{other:04X}"),
    }
}
