//! Supported audio formats and their names.

/// Audio format: container, and codec where that decides how it is read or played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AudioFormat {
    /// RIFF/RF64 WAVE of PCM, floats, mu-law or A-law.
    Wav,
    /// IMA or MS ADPCM in WAV.
    WavAdpcm,
    /// GSM 6.10 in WAV ("WAV49"), as written by Asterisk and FreePBX.
    WavGsm,
    /// WAV of a codec that only ffmpeg reads here.
    WavOther,
    /// MPEG layer III.
    Mp3,
    /// MPEG layers I and II.
    Mp2,
    /// Native FLAC.
    Flac,
    /// Vorbis in Ogg.
    OggVorbis,
    /// Opus in Ogg.
    OggOpus,
    /// FLAC in Ogg.
    OggFlac,
    /// Speex in Ogg.
    OggSpeex,
    /// WebM, of Opus or Vorbis.
    Webm,
    /// Matroska.
    Matroska,
    /// MP4, M4A and QuickTime: AAC, ALAC.
    Mp4,
    /// AAC in ADTS frames.
    Aac,
    /// AIFF and AIFF-C.
    Aiff,
    /// Core Audio.
    Caf,
    /// Sun AU.
    Au,
    /// Windows Media.
    Wma,
    /// AMR, narrow band.
    Amr,
    /// AMR, wide band.
    AmrWb,
    /// GSM 6.10 frames without a header.
    Gsm,
    /// Mu-law bytes without a header, 8 kHz.
    MuLaw,
    /// A-law bytes without a header, 8 kHz.
    ALaw,
    /// 16-bit samples without a header, 8 kHz (Asterisk's `.sln`).
    Sln,
    /// 16-bit samples without a header, 16 kHz (Asterisk's `.sln16`).
    Sln16,
    /// G.722 without a header.
    G722,
    /// G.729 without a header.
    G729,
}

/// Code (stable, stored in tables), file extension, media type, name for people.
type Named = (&'static str, &'static str, &'static str, &'static str);

impl AudioFormat {
    fn named(self) -> Named {
        match self {
            Self::Wav => ("wav", "wav", "audio/wav", "WAV"),
            Self::WavAdpcm => ("wav-adpcm", "wav", "audio/wav", "WAV with ADPCM"),
            Self::WavGsm => ("wav-gsm", "wav", "audio/wav", "WAV with GSM 6.10"),
            Self::WavOther => ("wav-other", "wav", "audio/wav", "WAV"),
            Self::Mp3 => ("mp3", "mp3", "audio/mpeg", "MP3"),
            Self::Mp2 => ("mp2", "mp2", "audio/mpeg", "MPEG layer 2"),
            Self::Flac => ("flac", "flac", "audio/flac", "FLAC"),
            Self::OggVorbis => ("ogg", "ogg", "audio/ogg", "Ogg Vorbis"),
            Self::OggOpus => ("opus", "opus", "audio/ogg", "Ogg Opus"),
            Self::OggFlac => ("oga", "oga", "audio/ogg", "Ogg FLAC"),
            Self::OggSpeex => ("spx", "spx", "audio/ogg", "Ogg Speex"),
            Self::Webm => ("webm", "webm", "audio/webm", "WebM"),
            Self::Matroska => ("mka", "mka", "audio/x-matroska", "Matroska"),
            Self::Mp4 => ("m4a", "m4a", "audio/mp4", "MP4/M4A"),
            Self::Aac => ("aac", "aac", "audio/aac", "AAC"),
            Self::Aiff => ("aiff", "aiff", "audio/aiff", "AIFF"),
            Self::Caf => ("caf", "caf", "audio/x-caf", "Core Audio (CAF)"),
            Self::Au => ("au", "au", "audio/basic", "Sun AU"),
            Self::Wma => ("wma", "wma", "audio/x-ms-wma", "Windows Media (WMA)"),
            Self::Amr => ("amr", "amr", "audio/amr", "AMR"),
            Self::AmrWb => ("awb", "awb", "audio/amr-wb", "AMR-WB"),
            Self::Gsm => ("gsm", "gsm", "audio/gsm", "raw GSM 6.10"),
            Self::MuLaw => ("ulaw", "ulaw", "audio/pcmu", "raw mu-law"),
            Self::ALaw => ("alaw", "alaw", "audio/pcma", "raw A-law"),
            Self::Sln => ("sln", "sln", "application/octet-stream", "raw 16-bit PCM"),
            Self::Sln16 => ("sln16", "sln16", "application/octet-stream", "raw 16-bit PCM"),
            Self::G722 => ("g722", "g722", "audio/g722", "G.722"),
            Self::G729 => ("g729", "g729", "audio/g729", "G.729"),
        }
    }

    /// Returns a stable code for tables and the API.
    pub fn code(self) -> &'static str {
        self.named().0
    }

    /// Returns the usual file extension, without the dot. Formats without a header are recognised only by it: keep it.
    pub fn extension(self) -> &'static str {
        self.named().1
    }

    /// Returns the media type for `Content-Type`.
    pub fn media_type(self) -> &'static str {
        self.named().2
    }

    /// Whether at least one of the common browsers can play it. A WAV of the same audio is offered as well.
    pub fn browsers_may_play(code: &str) -> bool {
        ["wav", "mp3", "flac", "ogg", "opus", "oga", "webm", "m4a", "aac"].contains(&code)
    }

    /// Whether the header, checked against the file's size, gives the length.
    pub(super) fn head_is_enough(self) -> bool {
        matches!(
            self,
            Self::Wav | Self::WavAdpcm | Self::WavGsm | Self::Gsm | Self::MuLaw | Self::ALaw | Self::Sln | Self::Sln16
        )
    }

    /// Returns the format that a file extension stands for, if it has no header.
    pub fn headless(extension: &str) -> Option<Self> {
        Some(match extension.to_ascii_lowercase().as_str() {
            "gsm" => Self::Gsm,
            "ulaw" | "ul" | "mulaw" | "pcmu" => Self::MuLaw,
            "alaw" | "al" | "pcma" => Self::ALaw,
            "sln" | "sln8" => Self::Sln,
            "sln16" => Self::Sln16,
            "g722" | "722" => Self::G722,
            "g729" | "729" => Self::G729,
            "mp3" => Self::Mp3,
            _ => return None,
        })
    }

    /// Returns the format that a `Content-Type` stands for, if it has no header. Every other format is detected by the
    /// content.
    pub fn declared(content_type: &str) -> Option<Self> {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let name = kind.strip_prefix("audio/")?;
        match name.strip_prefix("x-").unwrap_or(name) {
            "gsm" => Some(Self::Gsm),
            "pcmu" | "basic" | "mulaw" => Some(Self::MuLaw),
            "pcma" | "alaw" => Some(Self::ALaw),
            "g722" => Some(Self::G722),
            "g729" => Some(Self::G729),
            "mpeg" | "mp3" => Some(Self::Mp3),
            _ => None,
        }
    }
}

impl std::fmt::Display for AudioFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.named().3)
    }
}
