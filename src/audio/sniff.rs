//! What a file is, judged by its first bytes; names and declared types are not looked at.

use super::AudioError;

/// Containers that are read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AudioFormat {
    /// RIFF/RF64 WAVE.
    Wav,
    /// MPEG-1/2 layer III.
    Mp3,
    /// Native FLAC.
    Flac,
    /// Vorbis in Ogg.
    OggVorbis,
}

impl AudioFormat {
    /// What to put into `Content-Type`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
            Self::Mp3 => "audio/mpeg",
            Self::Flac => "audio/flac",
            Self::OggVorbis => "audio/ogg",
        }
    }

    /// The usual end of a file name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Mp3 => "mp3",
            Self::Flac => "flac",
            Self::OggVorbis => "ogg",
        }
    }
}

impl std::fmt::Display for AudioFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Wav => "WAV",
            Self::Mp3 => "MP3",
            Self::Flac => "FLAC",
            Self::OggVorbis => "Ogg Vorbis",
        })
    }
}

/// How many bytes [`sniff`] wants to see (fewer are fine at the end of a short file).
pub(super) const HEAD: usize = 4096;

/// Sound that we know by name but do not read: (offset, bytes, name).
const REFUSED: &[(usize, &[u8], &str)] = &[
    (0, b"#!AMR-WB", "AMR-WB"),
    (0, b"#!AMR", "AMR"),
    (0, b"#!SILK", "SILK"),
    (0, b"\x02#!SILK", "SILK"),
    (0, b"\x1A\x45\xDF\xA3", "Matroska/WebM"),
    (4, b"ftyp", "MP4/M4A (AAC)"),
    (0, b"FORM", "AIFF"),
    (0, b".snd", "Sun AU"),
    (0, b"caff", "Core Audio (CAF)"),
    (0, b"\x30\x26\xB2\x75\x8E\x66\xCF\x11", "Windows Media (WMA)"),
    (0, b"riff\x2E\x91\xCF\x11", "Wave64"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"wvpk", "WavPack"),
    (0, b"ADIF", "AAC"),
    (0, b"FLV\x01", "Flash video"),
    (0, b"\x00\x00\x01\xBA", "MPEG video"),
    (0, b"MThd", "MIDI"),
    (0, b"RIFX", "big-endian WAV (RIFX)"),
];

/// The container that `head` begins, or why it is refused.
pub(super) fn sniff(head: &[u8]) -> Result<AudioFormat, AudioError> {
    if head.is_empty() {
        return Err(AudioError::Empty);
    }
    let at = |offset: usize, bytes: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(bytes));
    if (at(0, b"RIFF") || at(0, b"RF64") || at(0, b"BW64")) && head.len() < 12 {
        return Err(AudioError::Truncated);
    }
    if at(8, b"WAVE") && (at(0, b"RIFF") || at(0, b"RF64") || at(0, b"BW64")) {
        return Ok(AudioFormat::Wav);
    }
    if at(0, b"RIFF") {
        return Err(AudioError::unsupported(if at(8, b"AVI ") { "AVI video" } else { "this RIFF file" }));
    }
    if at(0, b"fLaC") {
        return Ok(AudioFormat::Flac);
    }
    if at(0, b"OggS") {
        return ogg(head);
    }
    if let Some((_, _, name)) = REFUSED.iter().find(|(offset, bytes, _)| at(*offset, bytes)) {
        return Err(AudioError::unsupported(*name));
    }
    if at(0, b"ID3") {
        return after_id3(head);
    }
    // The mark before UTF-16 text, which looks like a frame of MPEG layer 1.
    if at(0, b"\xFF\xFE") {
        return Err(AudioError::NotAudio);
    }
    match mpeg_layer(head) {
        Some(3) => Ok(AudioFormat::Mp3),
        Some(0) => Err(AudioError::unsupported("AAC")),
        Some(layer) => Err(AudioError::unsupported(format!("MPEG layer {layer}"))),
        None => Err(AudioError::NotAudio),
    }
}

/// Ogg holds many things; the first packet says which.
fn ogg(head: &[u8]) -> Result<AudioFormat, AudioError> {
    let Some(&lacing) = head.get(26) else { return Err(AudioError::Truncated) };
    let Some(packet) = head.get(27 + usize::from(lacing)..) else { return Err(AudioError::Truncated) };
    for (mark, name) in [
        (&b"OpusHead"[..], "Ogg Opus"),
        (b"Speex   ", "Ogg Speex"),
        (b"\x7FFLAC", "FLAC in Ogg"),
        (b"\x80theora", "Ogg Theora video"),
    ] {
        if packet.starts_with(mark) {
            return Err(AudioError::unsupported(name));
        }
    }
    if packet.starts_with(b"\x01vorbis") {
        Ok(AudioFormat::OggVorbis)
    } else if packet.len() < 8 {
        Err(AudioError::Truncated)
    } else {
        Err(AudioError::unsupported("this kind of Ogg"))
    }
}

/// An ID3 tag stands before MP3 nearly always; where the tag ends inside of what was read, look.
fn after_id3(head: &[u8]) -> Result<AudioFormat, AudioError> {
    let Some(size) = head.get(6..10) else { return Err(AudioError::Truncated) };
    let size = size.iter().fold(0_usize, |sum, byte| (sum << 7) | usize::from(byte & 0x7F));
    let Some(rest) = head.get(10 + size..).filter(|rest| rest.len() >= 4) else { return Ok(AudioFormat::Mp3) };
    if rest.starts_with(b"fLaC") {
        return Err(AudioError::unsupported("FLAC behind an ID3 tag"));
    }
    match mpeg_layer(rest) {
        Some(0) => Err(AudioError::unsupported("AAC")),
        Some(layer @ 1..=2) => Err(AudioError::unsupported(format!("MPEG layer {layer}"))),
        // Padding may stand between the tag and the first frame; the reader finds it.
        _ => Ok(AudioFormat::Mp3),
    }
}

/// The layer of the MPEG audio frame that `head` begins; 0 is ADTS (AAC).
///
/// Where the next frame lies inside of `head` it must be there too: eleven set bits alone are no proof.
fn mpeg_layer(head: &[u8]) -> Option<u8> {
    let frame = |bytes: &[u8]| -> Option<(u8, usize)> {
        let &[sync, b1, b2, _] = bytes.get(..4)? else { return None };
        if sync != 0xFF || b1 & 0xE0 != 0xE0 {
            return None;
        }
        let version = (b1 >> 3) & 3;
        let layer = (b1 >> 1) & 3;
        if layer == 0 {
            return (b1 & 0xF6 == 0xF0).then_some((0, 0));
        }
        let (bitrate, rate) = (usize::from(b2 >> 4), usize::from((b2 >> 2) & 3));
        if version == 1 || bitrate == 15 || rate == 3 {
            return None;
        }
        if layer != 1 || bitrate == 0 {
            return Some((4 - layer, 0));
        }
        const V1: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
        const V2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
        let hertz = [44_100, 48_000, 32_000][rate] >> [2, 0, 1, 0][usize::from(version)];
        let (kbit, samples) = if version == 3 { (V1[bitrate], 144) } else { (V2[bitrate], 72) };
        Some((3, samples * 1000 * kbit / hertz + usize::from((b2 >> 1) & 1)))
    };
    let (layer, length) = frame(head)?;
    match head.get(length..).filter(|next| length > 0 && next.len() >= 4) {
        Some(next) => (frame(next)?.0 == layer).then_some(layer),
        None => Some(layer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_it_refuses() {
        let refused = |head: &[u8]| match sniff(head) {
            Err(AudioError::Unsupported { what }) => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(b"#!AMR\n\x3c\x91"), "AMR");
        assert_eq!(refused(b"\0\0\0\x20ftypM4A "), "MP4/M4A (AAC)");
        assert_eq!(refused(b"\xFF\xF1\x50\x80\0\0\0\0"), "AAC");
        assert_eq!(refused(b"RIFF\x24\0\0\0AVI LIST"), "AVI video");
        let mut opus = b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13".to_vec();
        opus.extend_from_slice(b"OpusHead\x01\x02");
        assert_eq!(refused(&opus), "Ogg Opus");
    }

    #[test]
    fn text_and_pictures_are_not_audio() {
        for head in [
            &b"%PDF-1.7 and so on"[..],
            b"\x89PNG\r\n\x1a\n\0\0\0\r",
            b"hello, world",
            b"\xFF\xFE\x41\0",
            b"\xFF\xD8\xFF\xE0",
        ] {
            assert!(matches!(sniff(head), Err(AudioError::NotAudio)), "{head:?}");
        }
        assert!(matches!(sniff(b""), Err(AudioError::Empty)));
        assert!(matches!(sniff(b"RIFF\x24\0"), Err(AudioError::Truncated)));
    }
}
