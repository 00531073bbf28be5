//! Header of a WAV file, parsed here rather than by the decoder's library.
//!
//! Recorders are killed, disks fill up and pipes are not seekable: then the sizes in the header are 0, 0xFFFFFFFF or
//! larger than the file, while the audio is there. So the header is parsed leniently and the decoder gets a corrected
//! one.

use super::error::SAMPLE_RATES;
use super::{AudioError, MAX_CHANNELS};
use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::Path;

/// Position and coding of the audio in a WAV file.
#[derive(Debug)]
pub(super) struct WavHead {
    /// The `fmt ` chunk as passed to the decoder.
    fmt: Vec<u8>,
    pub(super) data_start: u64,
    /// Number of bytes of audio in the file.
    pub(super) data_len: u64,
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

impl WavHead {
    /// Reads chunks up to the audio.
    pub(super) fn read(file: &mut File, path: &Path) -> Result<Self, AudioError> {
        let io = |source| AudioError::io(path, source);
        let file_len = file.metadata().map_err(io)?.len();
        file.seek(SeekFrom::Start(12)).map_err(io)?;
        let (mut at, mut fmt, mut long_data, mut fact) = (12_u64, None, None, None);
        loop {
            let mut chunk = [0_u8; 8];
            if at.saturating_add(8) > file_len {
                return Err(if fmt.is_some() { AudioError::Empty } else { AudioError::Truncated });
            }
            file.read_exact(&mut chunk).map_err(io)?;
            let [i0, i1, i2, i3, l0, l1, l2, l3] = chunk;
            let len = u32::from_le_bytes([l0, l1, l2, l3]);
            at += 8;
            match &[i0, i1, i2, i3] {
                b"data" => {
                    let fmt = fmt.ok_or_else(|| AudioError::Damaged("its WAV head has no format".to_owned()))?;
                    return Self::place(fmt, at, promised(len, long_data), file_len, fact);
                }
                b"fmt " | b"ds64" | b"fact" => {
                    if u64::from(len) > MAX_FMT {
                        return Err(AudioError::Damaged("its WAV head makes no sense".to_owned()));
                    }
                    if at + u64::from(len) > file_len {
                        return Err(AudioError::Truncated);
                    }
                    let mut body = vec![0; len as usize];
                    file.read_exact(&mut body).map_err(io)?;
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
            file.seek(SeekFrom::Start(at)).map_err(io)?;
        }
    }

    fn place(
        (coding, fmt): (Coding, Vec<u8>),
        data_start: u64,
        promised: Option<u64>,
        file_len: u64,
        fact: Option<u64>,
    ) -> Result<Self, AudioError> {
        let there = file_len.saturating_sub(data_start);
        let data_len = promised.unwrap_or(there).min(there);
        if data_len == 0 {
            return Err(if promised.is_some_and(|promised| promised > 0) {
                AudioError::Truncated
            } else {
                AudioError::Empty
            });
        }
        let truncated = promised.is_none_or(|promised| promised > there);
        let mut head = Self { fmt, data_start, data_len, frames: None, coding, truncated };
        head.frames = fact.filter(|fact| !truncated && head.fits(*fact));
        Ok(head)
    }

    /// Returns a header for samples without one: one channel from the first byte to the last.
    pub(super) fn of_headless(
        file: &mut File,
        path: &Path,
        tag: u16,
        bits: u16,
        rate: u32,
    ) -> Result<Self, AudioError> {
        let length = file.metadata().map_err(|source| AudioError::io(path, source))?.len();
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
        let data_len = length - length % u64::from(frame);
        if data_len == 0 {
            return Err(AudioError::Empty);
        }
        let (_, fmt) = check(fmt)?;
        Ok(Self { fmt, data_start: 0, data_len, frames: None, coding: Coding::Plain, truncated: false })
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
        let most = self.data_len.div_ceil(align).saturating_mul(in_block);
        fact > 0 && fact <= most && fact + in_block >= most
    }

    /// Returns the sample rate given in the header, Hz.
    pub(super) fn sample_rate(&self) -> u32 {
        self.fmt.get(4..8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
    }

    /// Returns a WAV stream of the same audio with right sizes.
    pub(super) fn reader<F>(&self, mut file: F, path: &Path) -> Result<impl Read + Send + Sync + 'static, AudioError>
    where
        F: Read + Seek + Send + Sync + 'static,
    {
        file.seek(SeekFrom::Start(self.data_start)).map_err(|source| AudioError::io(path, source))?;
        // A size above 32 bits is written as "unknown", which the reader takes as "until the end of file".
        let data = u32::try_from(self.data_len).unwrap_or(u32::MAX);
        let fmt = u32::try_from(self.fmt.len()).unwrap_or(u32::MAX);
        let mut head = Vec::with_capacity(self.fmt.len() + 28);
        head.extend_from_slice(b"RIFF");
        head.extend_from_slice(&data.saturating_add(fmt).saturating_add(20).to_le_bytes());
        head.extend_from_slice(b"WAVEfmt ");
        head.extend_from_slice(&fmt.to_le_bytes());
        head.extend_from_slice(&self.fmt);
        head.extend_from_slice(b"data");
        head.extend_from_slice(&data.to_le_bytes());
        Ok(Cursor::new(head).chain(file.take(self.data_len)))
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
    let senseless = || AudioError::Damaged("its WAV head makes no sense".to_owned());
    let whole = match tag {
        0x0001 => [8, 16, 24, 32].contains(&bits),
        0x0003 => [32, 64].contains(&bits),
        0x0006 | 0x0007 => bits == 8,
        0x0002 | 0x0011 => bits == 4,
        0x0031 => return gsm(fmt, channels, align),
        _ => match only_ffmpeg(tag) {
            Some(name) => return Ok((Coding::Other(name), fmt)),
            None => return Err(AudioError::unsupported(format!("WAV with {}", tag_name(tag)))),
        },
    };
    if !whole {
        return Err(AudioError::unsupported(format!("WAV with {bits} bits a sample")));
    }
    if align == 0 {
        return Err(senseless());
    }
    // ADPCM's tables are kept; everything else is written again in its shortest form, because the reader accepts exact
    // lengths only, and writers disagree on them.
    if matches!(tag, 0x0002 | 0x0011) {
        return Ok((Coding::Adpcm, fmt));
    }
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
