//! GSM 6.10 (full rate): frames of 160 samples, decoded by libgsm.

use super::source::{Piece, Shape, Source, fill};
use super::{AudioError, AudioFormat};
use std::ffi::{c_int, c_uchar};
use std::io::{BufReader, Read};
use std::ptr::NonNull;

/// Samples of a frame.
const FRAME: usize = 160;
/// First four bits of every frame of a raw stream.
const MAGIC: u8 = 0xD;
const OPT_WAV49: c_int = 4;

#[repr(C)]
struct State {
    _private: [u8; 0],
}

// Debian's libgsm1-dev; linked statically, so that the program needs no package at run time.
#[link(name = "gsm", kind = "static", modifiers = "-bundle")]
unsafe extern "C" {
    fn gsm_create() -> *mut State;
    fn gsm_destroy(state: *mut State);
    fn gsm_option(state: *mut State, option: c_int, value: *mut c_int) -> c_int;
    /// Reads 33 bytes (of WAV49 33 and 32 alternately), writes 160 samples; -1 where the frame has no magic.
    fn gsm_decode(state: *mut State, frame: *mut c_uchar, samples: *mut i16) -> c_int;
}

struct Codec(NonNull<State>);

impl Codec {
    fn new(wav49: bool) -> Result<Self, AudioError> {
        // SAFETY: no arguments; null means no memory.
        let state = NonNull::new(unsafe { gsm_create() });
        let codec = Self(state.ok_or_else(|| AudioError::Damaged("there is no memory for its decoder".to_owned()))?);
        let mut on = c_int::from(wav49);
        // SAFETY: the state is alive, and the value is read before the call returns.
        unsafe { gsm_option(codec.0.as_ptr(), OPT_WAV49, &raw mut on) };
        Ok(codec)
    }

    /// Returns the frame at the beginning of `bytes`, or `None` where it is invalid.
    fn decode(&mut self, bytes: &[u8]) -> Option<[i16; FRAME]> {
        let (mut frame, mut samples) = ([0; 33], [0; FRAME]);
        let length = bytes.len().min(frame.len());
        frame[..length].copy_from_slice(&bytes[..length]);
        // SAFETY: the state is alive; the decoder reads at most 33 bytes and writes 160 samples.
        let failed = unsafe { gsm_decode(self.0.as_ptr(), frame.as_mut_ptr(), samples.as_mut_ptr()) };
        (failed == 0).then_some(samples)
    }
}

impl Drop for Codec {
    fn drop(&mut self) {
        // SAFETY: made by gsm_create, destroyed once.
        unsafe { gsm_destroy(self.0.as_ptr()) }
    }
}

/// Packing of frames in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// 33 bytes each.
    Raw,
    /// Two in 65 bytes.
    Wav49,
}

impl Packing {
    fn block(self) -> usize {
        match self {
            Self::Raw => 33,
            Self::Wav49 => 65,
        }
    }

    /// Returns the number of samples in this number of bytes.
    pub(super) fn samples(self, bytes: u64) -> u64 {
        let frames = if self == Self::Raw { 1 } else { 2 };
        bytes / self.block() as u64 * frames * FRAME as u64
    }
}

/// A stream of GSM frames, one channel.
pub(super) struct GsmSource<R> {
    reader: BufReader<R>,
    packing: Packing,
    codec: Codec,
    shape: Shape,
    truncated: bool,
}

impl<R: Read> GsmSource<R> {
    /// Returns a source of `bytes` bytes of frames from the reader's position.
    pub(super) fn new(
        reader: R,
        packing: Packing,
        format: AudioFormat,
        sample_rate: u32,
        bytes: u64,
    ) -> Result<Self, AudioError> {
        let shape = Shape { format, channels: 1, sample_rate, promised: Some(packing.samples(bytes)) };
        let codec = Codec::new(packing == Packing::Wav49)?;
        Ok(Self { reader: BufReader::with_capacity(65 * 33 * 8, reader), packing, codec, shape, truncated: false })
    }

    fn block(&mut self) -> Result<Option<[u8; 65]>, AudioError> {
        let (mut block, mut got) = ([0; 65], 0);
        let wanted = &mut block[..self.packing.block()];
        while got < wanted.len() {
            match self.reader.read(&mut wanted[got..]) {
                Ok(0) => break,
                Ok(more) => got += more,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => return Err(AudioError::Io { path: "the recording".into(), source }),
            }
        }
        self.truncated |= got > 0 && got < self.packing.block();
        Ok((got == self.packing.block()).then_some(block))
    }
}

impl<R: Read> Source for GsmSource<R> {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn decode(&mut self, planes: &mut Vec<Vec<f32>>) -> Result<Option<Piece>, AudioError> {
        let Some(block) = self.block()? else { return Ok(None) };
        let frames: &[&[u8]] = match self.packing {
            Packing::Raw => &[&block[..33]],
            Packing::Wav49 => &[&block[..33], &block[33..]],
        };
        fill(planes, 1, 0);
        let mut piece = Piece::Sound;
        for frame in frames {
            match self.codec.decode(frame) {
                Some(samples) => planes[0].extend(samples.map(|sample| f32::from(sample) / 32_768.0)),
                None => {
                    planes[0].extend([0.0; FRAME]);
                    piece = Piece::Lost;
                }
            }
        }
        Ok(Some(piece))
    }

    fn pass(&mut self) -> Result<Option<u64>, AudioError> {
        Ok(self.block()?.map(|_| self.packing.samples(self.packing.block() as u64)))
    }

    fn truncated(&self) -> bool {
        self.truncated
    }
}

/// Whether `head` consists of GSM frames only, at least `least` of them.
pub(super) fn looks_raw(head: &[u8], least: usize) -> bool {
    head.len() >= 33 * least && head.chunks(33).all(|frame| frame[0] >> 4 == MAGIC)
}
