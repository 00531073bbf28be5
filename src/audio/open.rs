//! Opening a file: detection of the format and choice of the decoder.

use super::edits::edit;
use super::gsm::{GsmSource, Packing};
use super::packets::{Container, PacketSource};
use super::sniff::{HEAD, sniff};
use super::source::Source;
use super::watch::{Watch, WatchedFile};
use super::wav::{Coding, WavHead};
use super::{AudioError, AudioFormat, ffmpeg};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use symphonia::core::io::{MediaSource, ReadOnlySource};

/// Source of a recording, and the part of its audio that is the recording.
pub(super) struct Opened {
    pub(super) source: Box<dyn Source>,
    /// Number of frames that an encoder put before the recording.
    pub(super) skip: u64,
    /// Number of frames of the recording, where it is known.
    pub(super) limit: Option<u64>,
    /// Whether the header promises more than the file has.
    pub(super) truncated: bool,
}

impl Opened {
    fn whole(source: impl Source + 'static) -> Self {
        Self { source: Box::new(source), skip: 0, limit: None, truncated: false }
    }
}

/// Opens a file; its extension is used only where its content is not conclusive.
pub(super) fn open(path: &Path, watch: &Arc<Watch>) -> Result<Opened, AudioError> {
    let io = |source| AudioError::io(path, source);
    let mut file = File::open(path).map_err(io)?;
    let mut head = Vec::with_capacity(HEAD);
    file.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(io)?;
    let declared = path.extension().and_then(|end| end.to_str()).and_then(AudioFormat::headless);
    let format = sniff(&head, declared)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let open = Open { path, watch, head: &head, format };
    match format {
        AudioFormat::Wav => open.wav(file),
        AudioFormat::MuLaw => open.headless(file, 7, 8, 8_000),
        AudioFormat::ALaw => open.headless(file, 6, 8, 8_000),
        AudioFormat::Sln => open.headless(file, 1, 16, 8_000),
        AudioFormat::Sln16 => open.headless(file, 1, 16, 16_000),
        AudioFormat::Gsm => open.gsm(file),
        AudioFormat::Mp4 | AudioFormat::Aac | AudioFormat::Webm | AudioFormat::Matroska => match open.packets(file) {
            // A profile of AAC or a codec that the library does not support.
            Err(AudioError::Unsupported { what }) => open.ffmpeg().map_err(|error| match error {
                AudioError::NeedsFfmpeg { .. } => AudioError::NeedsFfmpeg { what },
                // Truncated before its table or its first element: not a matter of the format.
                AudioError::Damaged(why) if what.contains("missing") => AudioError::Damaged(why),
                AudioError::Damaged(_) => AudioError::unsupported(what),
                other => other,
            }),
            other => other,
        },
        _ if ffmpeg::knows(format) => open.ffmpeg(),
        _ => open.packets(file),
    }
}

struct Open<'a> {
    path: &'a Path,
    watch: &'a Arc<Watch>,
    head: &'a [u8],
    format: AudioFormat,
}

impl Open<'_> {
    fn container(&self, source: Box<dyn MediaSource>) -> Container<'_> {
        let Self { path, watch, head, format } = *self;
        Container { source, path, watch, head, format }
    }

    /// Opens the formats that symphonia demuxes.
    fn packets(&self, mut file: File) -> Result<Opened, AudioError> {
        let io = |source| AudioError::io(self.path, source);
        let mut copy = file.try_clone().map_err(io)?;
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        let source = PacketSource::open(self.container(Box::new(WatchedFile { file, watch: Arc::clone(self.watch) })))?;
        let mut opened = Opened { skip: source.delay(), ..Opened::whole(source) };
        if self.format == AudioFormat::Mp4 && opened.skip == 0 {
            // The copy shares its position with the reader, so the position is restored.
            let position = copy.stream_position().map_err(io)?;
            let found = edit(&mut copy, opened.source.shape().sample_rate).map_err(io)?;
            copy.seek(SeekFrom::Start(position)).map_err(io)?;
            if let Some(edit) = found {
                (opened.skip, opened.limit) = (edit.skip, edit.limit);
            }
        }
        Ok(opened)
    }

    fn wav(&self, mut file: File) -> Result<Opened, AudioError> {
        let head = WavHead::read(&mut file, self.path)?;
        let (truncated, limit) = (head.truncated, head.frames);
        let format = match head.coding {
            Coding::Plain => AudioFormat::Wav,
            Coding::Adpcm => AudioFormat::WavAdpcm,
            Coding::Gsm => AudioFormat::WavGsm,
            Coding::Other(name) => {
                let this = Self { format: AudioFormat::WavOther, ..*self };
                return this.ffmpeg().map_err(|error| match error {
                    AudioError::NeedsFfmpeg { .. } => AudioError::NeedsFfmpeg { what: format!("WAV with {name}") },
                    other => other,
                });
            }
        };
        let opened = if format == AudioFormat::WavGsm {
            let (bytes, rate) = (head.data_len, head.sample_rate());
            file.seek(SeekFrom::Start(head.data_start)).map_err(|source| AudioError::io(self.path, source))?;
            let reader = WatchedFile { file, watch: Arc::clone(self.watch) }.take(bytes);
            Opened::whole(GsmSource::new(reader, Packing::Wav49, format, rate, bytes)?)
        } else {
            let this = Self { format, ..*self };
            let source = head.reader(WatchedFile { file, watch: Arc::clone(self.watch) }, self.path)?;
            Opened::whole(PacketSource::open(this.container(Box::new(ReadOnlySource::new(source))))?)
        };
        Ok(Opened { truncated, limit, ..opened })
    }

    /// Opens samples without a header: a WAV header is put before them.
    fn headless(&self, mut file: File, tag: u16, bits: u16, rate: u32) -> Result<Opened, AudioError> {
        let head = WavHead::of_headless(&mut file, self.path, tag, bits, rate)?;
        let source = head.reader(WatchedFile { file, watch: Arc::clone(self.watch) }, self.path)?;
        Ok(Opened::whole(PacketSource::open(self.container(Box::new(ReadOnlySource::new(source))))?))
    }

    fn gsm(&self, file: File) -> Result<Opened, AudioError> {
        let bytes = file.metadata().map_err(|source| AudioError::io(self.path, source))?.len();
        let reader = WatchedFile { file, watch: Arc::clone(self.watch) };
        Ok(Opened::whole(GsmSource::new(reader, Packing::Raw, self.format, 8_000, bytes)?))
    }

    fn ffmpeg(&self) -> Result<Opened, AudioError> {
        ffmpeg::open(self.path, self.format, self.watch).map(Opened::whole)
    }
}
