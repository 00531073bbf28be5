//! Detection of a file's format by its first bytes, independent of name and declared type where they suffice.

use super::mpeg::{self, Frame};
use super::{AudioError, AudioFormat, gsm};

/// Number of bytes that [`sniff`] needs (fewer suffice at the end of a short file): a stream of MPEG frames begins within
/// them, after padding or the rest of a frame.
pub(super) const HEAD: usize = 64 * 1024;
/// Number of bytes that are looked at for other formats.
const OTHER_HEAD: usize = 4096;

/// Containers with a magic number: (offset, bytes, format).
const KNOWN: &[(usize, &[u8], AudioFormat)] = &[
    (0, b"fLaC", AudioFormat::Flac),
    (0, b"#!AMR-WB\n", AudioFormat::AmrWb),
    (0, b"#!AMR\n", AudioFormat::Amr),
    (4, b"ftyp", AudioFormat::Mp4),
    (0, b"caff", AudioFormat::Caf),
    (0, b".snd", AudioFormat::Au),
    (0, b"\x30\x26\xB2\x75\x8E\x66\xCF\x11", AudioFormat::Wma),
];

/// Unsupported audio formats: (offset, bytes, name).
const REFUSED: &[(usize, &[u8], &str)] = &[
    (0, b"#!SILK", "SILK"),
    (0, b"\x02#!SILK", "SILK"),
    (0, b"#!AMR_MC", "AMR of several channels"),
    (0, b"#!AMR-WB_MC", "AMR-WB of several channels"),
    (0, b"#!EVS", "EVS"),
    (0, b"\x0B\x77", "AC-3"),
    (0, b"\x7F\xFE\x80\x01", "DTS"),
    (0, b".RMF", "RealMedia"),
    (0, b".ra\xFD", "RealAudio"),
    (0, b"DSS ", "DSS dictation"),
    (1, b"dss", "DSS dictation"),
    (1, b"ds2", "DS2 dictation"),
    (0, b"TTA1", "TTA"),
    (0, b"DSD ", "DSD"),
    (0, b"MPCK", "Musepack"),
    (0, b"riff\x2E\x91\xCF\x11", "Wave64"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"wvpk", "WavPack"),
    (0, b"ADIF", "AAC in ADIF"),
    (0, b"FLV\x01", "Flash video"),
    (0, b"\x00\x00\x01\xBA", "MPEG video"),
    (0, b"MThd", "MIDI"),
    (0, b"RIFX", "big-endian WAV (RIFX)"),
];

/// Returns the container at the beginning of `head`. `declared`: the format by the file's name, used only for formats
/// without a header; a conclusive content has precedence. MP3 is believed only where nothing else fits. Errors: the
/// reason why it is rejected.
pub fn sniff(head: &[u8], declared: Option<AudioFormat>) -> Result<AudioFormat, AudioError> {
    let (whole, head) = (head, &head[..head.len().min(OTHER_HEAD)]);
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
    if let Some((_, _, format)) = KNOWN.iter().find(|(offset, bytes, _)| at(*offset, bytes)) {
        return Ok(*format);
    }
    if at(0, b"FORM") && (at(8, b"AIFF") || at(8, b"AIFC")) {
        return Ok(AudioFormat::Aiff);
    }
    if at(0, b"\x1A\x45\xDF\xA3") {
        // The document's type is in the first element.
        let webm = head.iter().take(64).copied().collect::<Vec<_>>().windows(4).any(|bytes| bytes == b"webm");
        return Ok(if webm { AudioFormat::Webm } else { AudioFormat::Matroska });
    }
    if at(0, b"OggS") {
        return ogg(head);
    }
    if let Some((_, _, name)) = REFUSED.iter().find(|(offset, bytes, _)| at(*offset, bytes)) {
        return Err(AudioError::unsupported(*name));
    }
    if at(0, b"ID3") {
        return after_id3(whole);
    }
    if let Some(declared) = declared.filter(|declared| *declared != AudioFormat::Mp3) {
        let plausible = declared != AudioFormat::Gsm || gsm::looks_raw(head, 1);
        return if plausible { Ok(declared) } else { Err(AudioError::NotAudio) };
    }
    // Eight frames and no other byte in their places: the chance in other files is one in four thousand million.
    if gsm::looks_raw(head, 8) {
        return Ok(AudioFormat::Gsm);
    }
    // The byte order mark of UTF-16 text, which looks like a frame of MPEG layer 1.
    if at(0, b"\xFF\xFE") {
        return Err(AudioError::NotAudio);
    }
    let frame = mpeg::first_frame(whole).or_else(|| mpeg::find(whole, whole.len()).map(|(_, frame)| frame));
    frame.map(mpeg_format).or(declared).ok_or(AudioError::NotAudio)
}

fn mpeg_format(frame: Frame) -> AudioFormat {
    match frame.layer {
        0 => AudioFormat::Aac,
        3 => AudioFormat::Mp3,
        _ => AudioFormat::Mp2,
    }
}

/// Returns the format of an Ogg file by its first packet.
fn ogg(head: &[u8]) -> Result<AudioFormat, AudioError> {
    let Some(&lacing) = head.get(26) else { return Err(AudioError::Truncated) };
    let Some(packet) = head.get(27 + usize::from(lacing)..) else { return Err(AudioError::Truncated) };
    for (mark, format) in [
        (&b"\x01vorbis"[..], AudioFormat::OggVorbis),
        (b"OpusHead", AudioFormat::OggOpus),
        (b"\x7FFLAC", AudioFormat::OggFlac),
        (b"Speex   ", AudioFormat::OggSpeex),
    ] {
        if packet.starts_with(mark) {
            return Ok(format);
        }
    }
    if packet.starts_with(b"\x80theora") {
        Err(AudioError::unsupported("Ogg Theora video"))
    } else if packet.len() < 8 {
        Err(AudioError::Truncated)
    } else {
        Err(AudioError::unsupported("this kind of Ogg"))
    }
}

/// Returns the format after an ID3 tag: nearly always MP3; checked where the tag ends within the head.
fn after_id3(head: &[u8]) -> Result<AudioFormat, AudioError> {
    let Some(size) = head.get(6..10) else { return Err(AudioError::Truncated) };
    let size = size.iter().fold(0_usize, |sum, byte| (sum << 7) | usize::from(byte & 0x7F));
    let Some(rest) = head.get(10 + size..).filter(|rest| rest.len() >= 4) else { return Ok(AudioFormat::Mp3) };
    if rest.starts_with(b"fLaC") {
        return Err(AudioError::unsupported("FLAC behind an ID3 tag"));
    }
    // Padding may follow the tag; the reader finds the first frame.
    Ok(mpeg::first_frame(rest).map_or(AudioFormat::Mp3, mpeg_format))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_it_refuses() {
        let refused = |head: &[u8]| match sniff(head, None) {
            Err(AudioError::Unsupported { what }) => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(b"\x0B\x77\0\0\x14\x40"), "AC-3");
        assert_eq!(refused(b"#!AMR_MC1.0\n"), "AMR of several channels");
        assert_eq!(refused(b"RIFF\x24\0\0\0AVI LIST"), "AVI video");
    }

    #[test]
    fn knows_each_by_its_content() {
        let mut opus = b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13".to_vec();
        opus.extend_from_slice(b"OpusHead\x01\x02");
        let gsm: Vec<u8> = (0..33 * 9).map(|at| if at % 33 == 0 { 0xD2 } else { at as u8 }).collect();
        for (head, format) in [
            (&b"#!AMR\n\x3c\x91"[..], AudioFormat::Amr),
            (b"#!AMR-WB\n\x04", AudioFormat::AmrWb),
            (b"\0\0\0\x20ftypM4A ", AudioFormat::Mp4),
            (b"\xFF\xF1\x50\x80\0\0\0\0", AudioFormat::Aac),
            (b"\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\x82\x84webm", AudioFormat::Webm),
            (&opus, AudioFormat::OggOpus),
            (&gsm, AudioFormat::Gsm),
        ] {
            assert_eq!(sniff(head, None).unwrap(), format);
            assert_eq!(
                sniff(head, Some(AudioFormat::G722)).unwrap(),
                if format == AudioFormat::Aac || format == AudioFormat::Gsm { AudioFormat::G722 } else { format }
            );
        }
        assert!(matches!(sniff(b"hello, world", Some(AudioFormat::Gsm)), Err(AudioError::NotAudio)));
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
            assert!(matches!(sniff(head, None), Err(AudioError::NotAudio)), "{head:?}");
        }
        assert!(matches!(sniff(b"", None), Err(AudioError::Empty)));
        assert!(matches!(sniff(b"RIFF\x24\0", None), Err(AudioError::Truncated)));
    }
}
