//! Formats that symphonia demuxes; it decodes them, or libopus does.

use super::error::SAMPLE_RATES;
use super::opus::{OpusDecoder, OpusHead, RATE as OPUS_RATE, frames_of};
use super::source::{Piece, Shape, Source, fill};
use super::watch::Watch;
use super::{AudioError, AudioFormat, MAX_CHANNELS};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, well_known as id};
use symphonia::core::errors::Error as Fault;
use symphonia::core::formats::{FormatReader, Track, TrackType, probe::Hint};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::packet::Packet;
use symphonia::core::units::TimeBase;

/// Maximum number of frames of a packet: a damaged header may claim any length.
const MAX_PACKET_FRAMES: u64 = 65_536;

/// A file that symphonia is to demux.
pub(super) struct Container<'a> {
    pub(super) source: Box<dyn MediaSource>,
    pub(super) path: &'a Path,
    pub(super) watch: &'a Arc<Watch>,
    /// First bytes of the file.
    pub(super) head: &'a [u8],
    pub(super) format: AudioFormat,
}

enum Codec {
    Symphonia(Box<dyn AudioDecoder>),
    Opus(OpusDecoder),
}

/// A demuxer and its decoder.
pub(super) struct PacketSource {
    reader: Box<dyn FormatReader>,
    codec: Codec,
    track: u32,
    base: Option<TimeBase>,
    shape: Shape,
    delay: u64,
    /// End of the last packet, in frames, for containers that give positions but no lengths.
    reached: u64,
    watch: Arc<Watch>,
    /// Whether it was written while it was recorded, without sizes: the end of the file is its end.
    endless: bool,
    truncated: bool,
}

impl PacketSource {
    pub(super) fn open(container: Container<'_>) -> Result<Self, AudioError> {
        let Container { source, path, watch, head, format } = container;
        let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
        let reader = symphonia::default::get_probe()
            .probe(&Hint::new(), stream, Default::default(), Default::default())
            .map_err(|fault| opening(path, format, fault))?;
        let track = reader.default_track(TrackType::Audio).ok_or(AudioError::Empty)?;
        let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
        let parameters = parameters.ok_or_else(|| AudioError::unsupported(format!("this kind of {format}")))?;
        let (codec, channels, sample_rate, delay) = make_codec(parameters, format).map_err(|error| match error {
            Refused::Fault(fault) => opening(path, format, fault),
            Refused::Error(error) => error,
        })?;
        let shape = Shape { format, channels, sample_rate, promised: promised(track, format) };
        let (id, base) = (track.id, track.time_base);
        let watch = Arc::clone(watch);
        Ok(Self {
            track: id,
            base,
            shape,
            codec,
            delay,
            reached: 0,
            watch,
            truncated: false,
            reader,
            endless: is_endless(head),
        })
    }

    /// Returns the number of frames that Opus puts before the audio.
    pub(super) fn delay(&self) -> u64 {
        self.delay
    }

    /// Returns the next packet of the track; a truncated packet is the end.
    fn next_packet(&mut self) -> Result<Option<Packet>, AudioError> {
        loop {
            self.watch.beat();
            match self.reader.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track => return Ok(Some(packet)),
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(Fault::IoError(error)) if self.endless && error.kind() == ErrorKind::UnexpectedEof => {
                    return Ok(None);
                }
                // A new stream chained after the first, a truncated packet, or garbage after the audio.
                Err(Fault::IoError(_) | Fault::ResetRequired | Fault::DecodeError(_) | Fault::LimitError(_)) => {
                    self.truncated = true;
                    return Ok(None);
                }
                Err(fault) => return Err(AudioError::Damaged(fault.to_string())),
            }
        }
    }

    /// Returns the number of frames of a packet without decoding it.
    fn length(&mut self, packet: &Packet) -> u64 {
        if matches!(self.codec, Codec::Opus(_)) {
            return frames_of(&packet.data).saturating_sub(packet.trim_end.get());
        }
        let length = self.to_frames(packet.dur.get());
        if !matches!(self.shape.format, AudioFormat::Webm | AudioFormat::Matroska) {
            return length;
        }
        // Matroska gives the begin of a packet, and its length only sometimes.
        let begin = self.to_frames(u64::try_from(packet.pts.get()).unwrap_or(0));
        let end = begin.saturating_add(length);
        let more = end.saturating_sub(self.reached);
        self.reached = self.reached.max(end);
        more
    }

    fn to_frames(&self, ticks: u64) -> u64 {
        let Some(base) = self.base else { return ticks };
        let per_second = u128::from(self.shape.sample_rate) * u128::from(base.numer.get());
        u64::try_from(u128::from(ticks) * per_second / u128::from(base.denom.get())).unwrap_or(u64::MAX)
    }
}

impl Source for PacketSource {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn decode(&mut self, planes: &mut Vec<Vec<f32>>) -> Result<Option<Piece>, AudioError> {
        let Some(packet) = self.next_packet()? else { return Ok(None) };
        let sounded = match &mut self.codec {
            Codec::Opus(decoder) => {
                let whole = decoder.decode(&packet.data, planes);
                let keep = planes.first().map_or(0, |plane| plane.len().saturating_sub(packet.trim_end.get() as usize));
                planes.iter_mut().for_each(|plane| plane.truncate(keep));
                whole
            }
            Codec::Symphonia(decoder) => match decoder.decode(&packet) {
                Ok(sound) => {
                    sound.copy_to_vecs_planar(planes);
                    true
                }
                Err(Fault::DecodeError(_) | Fault::LimitError(_)) => false,
                Err(Fault::IoError(_) | Fault::ResetRequired) => {
                    self.truncated = true;
                    return Ok(None);
                }
                Err(fault) => return Err(AudioError::Damaged(fault.to_string())),
            },
        };
        if sounded {
            return Ok(Some(Piece::Sound));
        }
        let frames = self.length(&packet).min(MAX_PACKET_FRAMES);
        fill(planes, self.shape.channels, frames as usize);
        Ok(Some(Piece::Lost))
    }

    fn pass(&mut self) -> Result<Option<u64>, AudioError> {
        let packet = self.next_packet()?;
        Ok(packet.map(|packet| self.length(&packet)))
    }

    fn truncated(&self) -> bool {
        self.truncated
    }
}

enum Refused {
    Fault(Fault),
    Error(AudioError),
}

impl From<AudioError> for Refused {
    fn from(error: AudioError) -> Self {
        Self::Error(error)
    }
}

/// Returns the decoder, its channels, its sample rate, and the number of frames it puts before the audio.
fn make_codec(parameters: &AudioCodecParameters, format: AudioFormat) -> Result<(Codec, u16, u32, u64), Refused> {
    if parameters.codec == id::CODEC_ID_OPUS {
        let head = match &parameters.extra_data {
            Some(bytes) => OpusHead::read(bytes)?,
            None => OpusHead::plain(channels(parameters)?)?,
        };
        let decoder = OpusDecoder::new(&head)?;
        return Ok((Codec::Opus(decoder), u16::from(head.channels), OPUS_RATE, u64::from(head.pre_skip)));
    }
    // The container may be wrong on the codec's properties, so the decoder is asked where one can be made.
    let made = symphonia::default::get_codecs().make_audio_decoder(parameters, &Default::default());
    let known = match &made {
        Ok(decoder) => decoder.codec_params(),
        Err(_) => parameters,
    };
    let shape = channels(known).and_then(|channels| Ok((channels, rate(known)?)));
    match made {
        Ok(decoder) => {
            shape.map(|(channels, rate)| (Codec::Symphonia(decoder), channels, rate, 0)).map_err(Refused::from)
        }
        Err(Fault::Unsupported(_)) => {
            let name = codec_name(parameters.codec).unwrap_or("this coding");
            // Too many channels is the more useful error.
            match shape {
                Err(error @ AudioError::TooManyChannels { .. }) => Err(error.into()),
                _ => Err(AudioError::unsupported(format!("{name} in {format}")).into()),
            }
        }
        Err(fault) => Err(Refused::Fault(fault)),
    }
}

fn codec_name(codec: AudioCodecId) -> Option<&'static str> {
    const NAMES: &[(AudioCodecId, &str)] = &[
        (id::CODEC_ID_AAC, "this profile of AAC"),
        (id::CODEC_ID_AC3, "AC-3"),
        (id::CODEC_ID_EAC3, "E-AC-3"),
        (id::CODEC_ID_DCA, "DTS"),
        (id::CODEC_ID_TRUEHD, "TrueHD"),
        (id::CODEC_ID_SPEEX, "Speex"),
        (id::CODEC_ID_WAVPACK, "WavPack"),
        (id::CODEC_ID_WMA, "Windows Media"),
        (id::CODEC_ID_TTA, "TTA"),
    ];
    NAMES.iter().find(|(id, _)| *id == codec).map(|(_, name)| *name)
}

/// Returns the number of channels. Errors: it is invalid.
fn channels(parameters: &AudioCodecParameters) -> Result<u16, AudioError> {
    let channels = parameters.channels.as_ref().map_or(0, |channels| channels.count());
    match u16::try_from(channels).unwrap_or(u16::MAX) {
        0 => Err(AudioError::NoChannels),
        found @ 1..=MAX_CHANNELS => Ok(found),
        found => Err(AudioError::TooManyChannels { found }),
    }
}

fn rate(parameters: &AudioCodecParameters) -> Result<u32, AudioError> {
    match parameters.sample_rate {
        Some(rate) if SAMPLE_RATES.contains(&rate) => Ok(rate),
        Some(rate) => Err(AudioError::unsupported(format!("a sample rate of {rate} Hz"))),
        None => Err(AudioError::Damaged("it does not tell its sample rate".to_owned())),
    }
}

/// Returns the number of frames given in the header.
fn promised(track: &Track, format: AudioFormat) -> Option<u64> {
    let believed = match format {
        AudioFormat::Aac | AudioFormat::Webm | AudioFormat::Matroska => false,
        _ if super::ffmpeg::knows(format) => format == AudioFormat::Mp4,
        _ => true,
    };
    let before = u64::try_from(track.start_ts.get()).unwrap_or(0);
    track.num_frames.filter(|_| believed).map(|frames| frames.saturating_sub(before))
}

/// Whether a Matroska's segment has no size (browsers record so): all bits of the size are set.
fn is_endless(head: &[u8]) -> bool {
    const SEGMENT: &[u8] = b"\x18\x53\x80\x67";
    let at = head.windows(4).position(|bytes| bytes == SEGMENT);
    at.and_then(|at| head.get(at + 4..))
        .is_some_and(|size| size.starts_with(b"\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF") || size.starts_with(b"\xFF"))
}

fn opening(path: &Path, format: AudioFormat, fault: Fault) -> AudioError {
    match fault {
        Fault::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => AudioError::Truncated,
        // Not an error of the disk: the file sends its reader to an impossible position.
        Fault::IoError(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
            AudioError::Damaged("it points outside of itself".to_owned())
        }
        Fault::IoError(error) => AudioError::io(path, error),
        Fault::Unsupported(what) => AudioError::unsupported(format!("this kind of {format} ({what})")),
        // The probe's own message for "found nothing before the end".
        Fault::DecodeError(_) | Fault::LimitError(_) | Fault::SeekError(_) if format == AudioFormat::Mp3 => {
            AudioError::NotAudio
        }
        other => AudioError::Damaged(other.to_string()),
    }
}
