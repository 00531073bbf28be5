//! Opus (RFC 6716, 7845) through libopus: 1 to 8 channels, always at 48 kHz.

use super::{AudioError, MAX_CHANNELS};
use opusic_sys as sys;
use std::ffi::c_int;
use std::ptr::NonNull;

/// Sample rate of all positions of Opus, whatever was recorded, Hz.
pub(super) const RATE: u32 = 48_000;
/// Maximum number of frames of a packet: 120 ms.
const MAX_PACKET_FRAMES: usize = 5_760;

/// Position of the channels of a WAV in Opus (front left, right, centre, low, …), by number of channels: a recording's
/// channels are returned in their original order.
const ORDER: [&[u8]; MAX_CHANNELS as usize] = [
    &[0],
    &[0, 1],
    &[0, 2, 1],
    &[0, 1, 2, 3],
    &[0, 2, 1, 3, 4],
    &[0, 2, 1, 5, 3, 4],
    &[0, 2, 1, 6, 5, 3, 4],
    &[0, 2, 1, 7, 5, 6, 3, 4],
];

/// Identification header: number of streams, and the channel of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpusHead {
    pub(super) channels: u8,
    /// Number of frames before the audio begins.
    pub(super) pre_skip: u16,
    /// Gain in 1/256 dB.
    gain: i16,
    streams: u8,
    coupled: u8,
    mapping: [u8; MAX_CHANNELS as usize],
}

impl OpusHead {
    /// Reads `OpusHead…`, as in Ogg, Matroska and (with the other byte order) MP4.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, AudioError> {
        let senseless = || AudioError::Damaged("its Opus head makes no sense".to_owned());
        let (Some(b"OpusHead"), Some(fields)) = (bytes.get(..8), bytes.get(8..19)) else { return Err(senseless()) };
        let version = fields[0];
        let word = |at: usize| {
            let pair = [fields[at], fields[at + 1]];
            if version == 0 { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
        };
        let (channels, family) = (fields[1], fields[10]);
        match u16::from(channels) {
            0 => return Err(AudioError::NoChannels),
            found @ 1..=MAX_CHANNELS => found,
            found => return Err(AudioError::TooManyChannels { found }),
        };
        let mut head = Self {
            channels,
            pre_skip: word(2),
            gain: word(8).cast_signed(),
            streams: 1,
            coupled: channels - 1,
            mapping: [0, 1, 0, 0, 0, 0, 0, 0],
        };
        match family {
            _ if version >> 4 != 0 => return Err(AudioError::unsupported("a later version of Opus")),
            0 if channels <= 2 => return Ok(head),
            1 | 255 => {}
            2 | 3 => return Err(AudioError::unsupported("Opus of ambisonics")),
            _ => return Err(senseless()),
        }
        let table = bytes.get(19..21 + usize::from(channels)).ok_or_else(senseless)?;
        (head.streams, head.coupled) = (table[0], table[1]);
        for (place, from) in ORDER[usize::from(channels) - 1].iter().enumerate() {
            head.mapping[place] = table[2 + if family == 1 { usize::from(*from) } else { place }];
        }
        Ok(head)
    }

    /// Returns the header for a container without one.
    pub(super) fn plain(channels: u16) -> Result<Self, AudioError> {
        let channels = match channels {
            1 | 2 => channels as u8,
            _ => return Err(AudioError::unsupported("Opus without a table of its channels")),
        };
        let mapping = [0, 1, 0, 0, 0, 0, 0, 0];
        Ok(Self { channels, pre_skip: 0, gain: 0, streams: 1, coupled: channels - 1, mapping })
    }
}

/// Decodes packets to planes of samples.
pub(super) struct OpusDecoder {
    state: NonNull<sys::OpusMSDecoder>,
    channels: usize,
    samples: Vec<f32>,
}

impl OpusDecoder {
    pub(super) fn new(head: &OpusHead) -> Result<Self, AudioError> {
        let mut error = sys::OPUS_OK;
        // SAFETY: the table has an entry for each of at most eight channels; libopus checks every number.
        let state = unsafe {
            sys::opus_multistream_decoder_create(
                RATE as i32,
                c_int::from(head.channels),
                c_int::from(head.streams),
                c_int::from(head.coupled),
                head.mapping.as_ptr(),
                &raw mut error,
            )
        };
        let senseless = || AudioError::Damaged("its Opus head makes no sense".to_owned());
        let state = NonNull::new(state).filter(|_| error == sys::OPUS_OK).ok_or_else(senseless)?;
        let channels = usize::from(head.channels);
        let decoder = Self { state, channels, samples: vec![0.0; MAX_PACKET_FRAMES * channels] };
        // SAFETY: the state is alive, and this request takes one int.
        unsafe {
            sys::opus_multistream_decoder_ctl(state.as_ptr(), sys::OPUS_SET_GAIN_REQUEST, c_int::from(head.gain));
        }
        Ok(decoder)
    }

    /// Decodes a packet; false where it is damaged.
    pub(super) fn decode(&mut self, packet: &[u8], planes: &mut Vec<Vec<f32>>) -> bool {
        let Some(length) = i32::try_from(packet.len()).ok().filter(|length| *length > 0) else { return false };
        // SAFETY: the packet is so long, and there is room for the most frames that a packet may hold.
        let frames = unsafe {
            sys::opus_multistream_decode_float(
                self.state.as_ptr(),
                packet.as_ptr(),
                length,
                self.samples.as_mut_ptr(),
                MAX_PACKET_FRAMES as c_int,
                0,
            )
        };
        let Ok(frames) = usize::try_from(frames) else { return false };
        planes.resize_with(self.channels, Vec::new);
        for (channel, plane) in planes.iter_mut().enumerate() {
            plane.clear();
            plane.extend(self.samples[..frames * self.channels].iter().skip(channel).step_by(self.channels));
        }
        true
    }
}

impl Drop for OpusDecoder {
    fn drop(&mut self) {
        // SAFETY: made by its create, destroyed once.
        unsafe { sys::opus_multistream_decoder_destroy(self.state.as_ptr()) }
    }
}

/// Returns the number of frames of a packet, by its first bytes.
pub(super) fn frames_of(packet: &[u8]) -> u64 {
    let Some(length) = i32::try_from(packet.len()).ok().filter(|length| *length > 0) else { return 0 };
    // SAFETY: the packet is so long and not empty.
    let frames = unsafe { sys::opus_packet_get_nb_samples(packet.as_ptr(), length, RATE as i32) };
    u64::try_from(frames).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(channels: u8, family: u8, table: &[u8]) -> Vec<u8> {
        let mut bytes = b"OpusHead\x01".to_vec();
        bytes.extend([channels, 0x38, 1, 0x80, 0xBB, 0, 0, 0, 0xFF, family]);
        bytes.extend(table);
        bytes
    }

    #[test]
    fn heads_are_read_from_either_end() {
        let stereo = OpusHead::read(&head(2, 0, &[])).unwrap();
        assert_eq!((stereo.pre_skip, stereo.gain, stereo.streams, stereo.coupled), (312, -256, 1, 1));
        let in_mp4 = [&b"OpusHead\0\x01\x01\x38"[..], &[0, 0, 0xBB, 0x80, 0, 0, 0]].concat();
        assert_eq!(OpusHead::read(&in_mp4).unwrap().pre_skip, 312);
        let six = OpusHead::read(&head(6, 1, &[4, 2, 0, 4, 1, 2, 3, 5])).unwrap();
        assert!(OpusDecoder::new(&six).is_ok());
    }

    #[test]
    fn senseless_heads_are_refused() {
        for (bytes, code) in [
            (head(0, 0, &[]), "no_channels"),
            (head(9, 1, &[9, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]), "too_many_channels"),
            (head(3, 0, &[]), "damaged_audio"),
            (head(4, 2, &[4, 0, 0, 1, 2, 3]), "unsupported_audio"),
            (head(4, 1, &[4, 0, 0]), "damaged_audio"),
            (b"OpusHead\x01".to_vec(), "damaged_audio"),
        ] {
            assert_eq!(OpusHead::read(&bytes).unwrap_err().code(), code, "{bytes:?}");
        }
        let impossible = OpusHead::read(&head(2, 1, &[1, 1, 0, 77])).unwrap();
        assert!(OpusDecoder::new(&impossible).is_err(), "channel 77 of two");
    }
}
