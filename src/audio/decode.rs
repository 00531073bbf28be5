//! Sound out of a file, block by block, never the whole of it in memory.

use super::error::SAMPLE_RATES;
use super::guard::guarded;
use super::sniff::{HEAD, sniff};
use super::wav::WavHead;
use super::{AudioError, AudioFormat, MAX_CHANNELS, MAX_DURATION_MS};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::errors::Error as Fault;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType, probe::Hint};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions, ReadOnlySource};
use symphonia::core::packet::Packet;

/// A recording being read from its beginning to its end.
pub struct Decoder {
    reader: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    format: AudioFormat,
    channels: u16,
    sample_rate: u32,
    /// Frames that the head promises, where it can be believed.
    promised: Option<u64>,
    frames: u64,
    planes: Vec<Vec<f32>>,
    lost: u32,
    sounded: bool,
    truncated: bool,
    ended: bool,
}

impl Decoder {
    /// Opens a file; what it is comes from its content.
    pub fn open(path: &Path) -> Result<Self, AudioError> {
        guarded(|| Self::open_unguarded(path))
    }

    fn open_unguarded(path: &Path) -> Result<Self, AudioError> {
        let io = |source| AudioError::io(path, source);
        let mut file = File::open(path).map_err(io)?;
        let mut head = Vec::with_capacity(HEAD);
        file.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(io)?;
        let format = sniff(&head)?;
        let mut truncated = false;
        let source: Box<dyn MediaSource> = if format == AudioFormat::Wav {
            let head = WavHead::read(&mut file, path)?;
            truncated = head.truncated;
            Box::new(ReadOnlySource::new(head.reader(file, path)?))
        } else {
            file.seek(SeekFrom::Start(0)).map_err(io)?;
            Box::new(file)
        };
        let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
        let reader = symphonia::default::get_probe()
            .probe(&Hint::new(), stream, FormatOptions::default(), Default::default())
            .map_err(|fault| opening(path, format, fault))?;
        let track = reader.default_track(TrackType::Audio).ok_or(AudioError::Empty)?;
        let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
        let parameters = parameters.ok_or_else(|| AudioError::unsupported(format!("this kind of {format}")))?;
        let (channels, sample_rate) = shape(parameters)?;
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &Default::default())
            .map_err(|fault| opening(path, format, fault))?;
        // A duration that is only estimated from the bit rate is no promise.
        let promised = track.num_frames.filter(|_| format != AudioFormat::Mp3 || has_frame_count(&head));
        let this = Self {
            track: track.id,
            format,
            channels,
            sample_rate,
            promised,
            frames: 0,
            planes: Vec::new(),
            lost: 0,
            sounded: false,
            truncated,
            ended: false,
            decoder,
            reader,
        };
        match this.promised {
            Some(frames) if this.to_ms(frames) > MAX_DURATION_MS => Err(AudioError::TooLong),
            _ => Ok(this),
        }
    }

    /// The container.
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// 1 to [`MAX_CHANNELS`].
    pub fn channels(&self) -> u16 {
        self.channels
    }

    /// In hertz.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// How much was read so far.
    pub fn position_ms(&self) -> u64 {
        self.to_ms(self.frames)
    }

    /// The length that the head promises, for progress; the truth is known at the end only.
    pub fn promised_ms(&self) -> Option<u64> {
        self.promised.map(|frames| self.to_ms(frames))
    }

    /// After the last block: whether the file ends before its sound does, or parts in between could not be decoded.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    fn to_ms(&self, frames: u64) -> u64 {
        frames.saturating_mul(1000) / u64::from(self.sample_rate)
    }

    /// The next block: one vector of samples between -1 and 1 per channel, all of one length; nothing at the end.
    ///
    /// What cannot be decoded in between becomes silence of the same length, so that times stay right.
    pub fn next_block(&mut self) -> Result<Option<&[Vec<f32>]>, AudioError> {
        if self.ended {
            return Ok(None);
        }
        // After a panic the decoder's state is anybody's guess: `ended` stays set then.
        self.ended = true;
        let more = guarded(|| self.step())?;
        self.ended = !more;
        Ok(more.then_some(&self.planes))
    }

    fn step(&mut self) -> Result<bool, AudioError> {
        loop {
            let Some(packet) = self.next_packet()? else { return self.end() };
            match self.decoder.decode(&packet) {
                Ok(sound) => {
                    sound.copy_to_vecs_planar(&mut self.planes);
                    self.sounded = true;
                }
                Err(Fault::DecodeError(_) | Fault::LimitError(_)) => self.silence(&packet),
                Err(Fault::IoError(_) | Fault::ResetRequired) => {
                    self.truncated = true;
                    return self.end();
                }
                Err(fault) => return Err(AudioError::Damaged(fault.to_string())),
            }
            self.tidy();
            let block = self.planes.first().map_or(0, Vec::len);
            self.frames += block as u64;
            if self.to_ms(self.frames) > MAX_DURATION_MS {
                return Err(AudioError::TooLong);
            }
            if block > 0 {
                return Ok(true);
            }
        }
    }

    /// The next packet of our track; an end in the middle of one is an end.
    fn next_packet(&mut self) -> Result<Option<Packet>, AudioError> {
        loop {
            match self.reader.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track => return Ok(Some(packet)),
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                // A new stream chained behind the first, an end in the middle, or rubbish behind the sound.
                Err(Fault::IoError(_) | Fault::ResetRequired | Fault::DecodeError(_) | Fault::LimitError(_)) => {
                    self.truncated = true;
                    return Ok(None);
                }
                Err(fault) => return Err(AudioError::Damaged(fault.to_string())),
            }
        }
    }

    fn end(&mut self) -> Result<bool, AudioError> {
        if self.frames == 0 || !self.sounded {
            return Err(match (self.lost, self.truncated) {
                (1.., _) => AudioError::Damaged("nothing in it could be decoded".to_owned()),
                (0, true) => AudioError::Truncated,
                (0, false) => AudioError::Empty,
            });
        }
        // Encoders round to whole packets, so a little less than promised is no loss.
        let slack = u64::from(self.sample_rate) / 5;
        if self.promised.is_some_and(|promised| self.frames + slack < promised) || self.lost > 0 {
            self.truncated = true;
        }
        Ok(false)
    }

    fn silence(&mut self, packet: &Packet) {
        self.lost += 1;
        // No codec here puts more than this into one packet; a damaged head may say anything.
        let frames = packet.dur.get().min(65_536) as usize;
        self.planes.resize_with(usize::from(self.channels), Vec::new);
        for plane in &mut self.planes {
            plane.clear();
            plane.resize(frames, 0.0);
        }
    }

    /// Brings a block into the promised shape: MP3 may change between one and two channels, floats may be anything.
    fn tidy(&mut self) {
        if self.planes.len() != usize::from(self.channels) {
            let first = self.planes.first().cloned().unwrap_or_default();
            self.planes.resize(usize::from(self.channels), first);
        }
        for sample in self.planes.iter_mut().flatten() {
            *sample = if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 };
        }
    }

    /// Goes through the packets without decoding: the length, where the head does not say.
    pub(super) fn walk(mut self) -> Result<(u64, bool), AudioError> {
        guarded(move || {
            while let Some(packet) = self.next_packet()? {
                self.frames = self.frames.saturating_add(packet.dur.get());
                self.sounded = true;
                if self.to_ms(self.frames) > MAX_DURATION_MS {
                    return Err(AudioError::TooLong);
                }
            }
            self.end()?;
            Ok((self.position_ms(), self.truncated))
        })
    }
}

/// Channels and rate, refused where they make no sense.
fn shape(parameters: &AudioCodecParameters) -> Result<(u16, u32), AudioError> {
    let channels = parameters.channels.as_ref().map_or(0, |channels| channels.count());
    let channels = u16::try_from(channels).unwrap_or(u16::MAX);
    if channels == 0 {
        return Err(AudioError::NoChannels);
    }
    if channels > MAX_CHANNELS {
        return Err(AudioError::TooManyChannels { found: channels });
    }
    match parameters.sample_rate {
        Some(rate) if SAMPLE_RATES.contains(&rate) => Ok((channels, rate)),
        Some(rate) => Err(AudioError::unsupported(format!("a sample rate of {rate} Hz"))),
        None => Err(AudioError::Damaged("it does not tell its sample rate".to_owned())),
    }
}

/// True where an MP3 counts its own frames (Xing, Info and VBRI heads do, in their first frame).
fn has_frame_count(head: &[u8]) -> bool {
    [&b"Xing"[..], b"Info", b"VBRI"].iter().any(|mark| head.windows(4).any(|bytes| bytes == *mark))
}

fn opening(path: &Path, format: AudioFormat, fault: Fault) -> AudioError {
    match fault {
        Fault::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => AudioError::Truncated,
        Fault::IoError(error) => AudioError::io(path, error),
        Fault::Unsupported(what) => AudioError::unsupported(format!("this kind of {format} ({what})")),
        // The probe's own words for "found nothing before the end".
        Fault::DecodeError(_) | Fault::LimitError(_) | Fault::SeekError(_) if format == AudioFormat::Mp3 => {
            AudioError::NotAudio
        }
        other => AudioError::Damaged(other.to_string()),
    }
}
