//! Opening a file: detection of the format and choice of the decoder.

use super::edits::edit;
use super::gsm::{GsmSource, Packing};
use super::joined::{Joined, MAX_SECTIONS, flac_sections, ogg_sections};
use super::packets::{Container, PacketSource};
use super::scan::Scanner;
use super::sniff::{HEAD, sniff};
use super::source::Source;
use super::watch::{Watch, WatchedFile};
use super::wav::{Coding, WavHead};
use super::{AudioError, AudioFormat, ffmpeg, mpeg};
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
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
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let mut head = Vec::with_capacity(HEAD);
    (&file).take(HEAD as u64).read_to_end(&mut head).map_err(io)?;
    let declared = path.extension().and_then(|end| end.to_str()).and_then(AudioFormat::headless);
    let format = sniff(&head, declared)?;
    let open = Open { path: path.to_owned(), file: Arc::new(file), length, watch: Arc::clone(watch), head, format };
    match format {
        AudioFormat::Wav => open.wavs(),
        AudioFormat::MuLaw => open.headless(7, 8, 8_000),
        AudioFormat::ALaw => open.headless(6, 8, 8_000),
        AudioFormat::Sln => open.headless(1, 16, 8_000),
        AudioFormat::Sln16 => open.headless(1, 16, 16_000),
        AudioFormat::Gsm => open.gsm(),
        AudioFormat::Mp3 | AudioFormat::Mp2 => open.sections(mpeg::sections),
        AudioFormat::OggVorbis | AudioFormat::OggOpus | AudioFormat::OggFlac => open.sections(ogg_sections),
        AudioFormat::Flac => open.sections(flac_sections),
        AudioFormat::Mp4 | AudioFormat::Aac | AudioFormat::Webm | AudioFormat::Matroska => match open.container() {
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
        _ => open.container(),
    }
}

struct Open {
    path: PathBuf,
    file: Arc<File>,
    length: u64,
    watch: Arc<Watch>,
    /// First bytes of the file.
    head: Vec<u8>,
    format: AudioFormat,
}

impl Open {
    fn io(&self, source: std::io::Error) -> AudioError {
        AudioError::io(&self.path, source)
    }

    fn reader(&self, range: Range<u64>) -> WatchedFile {
        WatchedFile::new(&self.file, range, &self.watch)
    }

    fn packets(&self, source: Box<dyn MediaSource>, format: AudioFormat) -> Result<PacketSource, AudioError> {
        PacketSource::open(Container { source, path: &self.path, watch: &self.watch, head: &self.head, format })
    }

    /// Opens a container of which the file has one.
    fn container(&self) -> Result<Opened, AudioError> {
        let mut start = 0;
        if self.format == AudioFormat::Aac {
            let mut scan = Scanner::new(&self.file, &self.watch).map_err(|error| self.io(error))?;
            start = mpeg::begin(&mut scan).map_err(|error| self.io(error))?.map_or(0, |(start, _)| start);
        }
        let source = self.packets(Box::new(self.reader(start..self.length)), self.format)?;
        let mut opened = Opened { skip: source.delay(), ..Opened::whole(source) };
        if self.format == AudioFormat::Mp4 && opened.skip == 0 {
            let mut file = self.file.try_clone().map_err(|error| self.io(error))?;
            let found = edit(&mut file, opened.source.shape().sample_rate).map_err(|error| self.io(error))?;
            if let Some(edit) = found {
                (opened.skip, opened.limit) = (edit.skip, edit.limit);
            }
        }
        Ok(opened)
    }

    /// Opens the sections of a file that may consist of several joined ones.
    fn sections(
        self,
        find: impl FnOnce(&mut Scanner<'_>) -> std::io::Result<Vec<Range<u64>>>,
    ) -> Result<Opened, AudioError> {
        let mut scan = Scanner::new(&self.file, &self.watch).map_err(|error| self.io(error))?;
        let found = find(&mut scan).map_err(|error| self.io(error))?;
        match found.as_slice() {
            [] => Err(AudioError::NotAudio),
            [only] => self.section(only),
            _ => {
                let (count, watch) = (found.len(), Arc::clone(&self.watch));
                Ok(Opened::whole(Joined::new(count, move |at| self.section(&found[at]), &watch)?))
            }
        }
    }

    fn section(&self, range: &Range<u64>) -> Result<Opened, AudioError> {
        let reader = self.reader(range.clone());
        let source: Box<dyn MediaSource> = match self.format {
            // Of a file in which it can seek, the library estimates the length by the bit rate, and drops the audio
            // after it.
            AudioFormat::Mp3 | AudioFormat::Mp2 => Box::new(ReadOnlySource::new(reader)),
            _ => Box::new(reader),
        };
        let source = self.packets(source, self.format)?;
        Ok(Opened { skip: source.delay(), ..Opened::whole(source) })
    }

    /// Opens the WAV files of which a file consists.
    fn wavs(self) -> Result<Opened, AudioError> {
        let mut heads = vec![WavHead::read(&self.file, 0, &self.path)?];
        while let Some(next) = heads.last().and_then(|head| head.next).filter(|_| heads.len() <= MAX_SECTIONS) {
            match WavHead::read(&self.file, next, &self.path) {
                // ffmpeg reads whole files only.
                Ok(head) if !matches!(head.coding, Coding::Other(_)) => heads.push(head),
                Ok(_) => break,
                Err(error) => {
                    tracing::debug!(%error, "the end of a recording is not used");
                    break;
                }
            }
        }
        match heads.as_slice() {
            [only] => self.wav(only),
            _ => {
                let (count, watch) = (heads.len(), Arc::clone(&self.watch));
                Ok(Opened::whole(Joined::new(count, move |at| self.wav(&heads[at]), &watch)?))
            }
        }
    }

    fn wav(&self, head: &WavHead) -> Result<Opened, AudioError> {
        let format = match head.coding {
            Coding::Plain => AudioFormat::Wav,
            Coding::Adpcm => AudioFormat::WavAdpcm,
            Coding::Gsm => AudioFormat::WavGsm,
            Coding::Other(name) => {
                let opened = ffmpeg::open(&self.path, AudioFormat::WavOther, &self.watch).map(Opened::whole);
                return opened.map_err(|error| match error {
                    AudioError::NeedsFfmpeg { .. } => AudioError::NeedsFfmpeg { what: format!("WAV with {name}") },
                    other => other,
                });
            }
        };
        let data = self.reader(head.data.clone());
        let opened = if format == AudioFormat::WavGsm {
            let bytes = head.data.end - head.data.start;
            Opened::whole(GsmSource::new(data, Packing::Wav49, format, head.sample_rate(), bytes)?)
        } else {
            Opened::whole(self.packets(Box::new(ReadOnlySource::new(head.reader(data))), format)?)
        };
        Ok(Opened { truncated: head.truncated, limit: head.frames, ..opened })
    }

    /// Opens samples without a header: a WAV header is put before them.
    fn headless(&self, tag: u16, bits: u16, rate: u32) -> Result<Opened, AudioError> {
        let head = WavHead::of_headless(self.length, tag, bits, rate)?;
        let source = ReadOnlySource::new(head.reader(self.reader(head.data.clone())));
        Ok(Opened::whole(self.packets(Box::new(source), self.format)?))
    }

    fn gsm(&self) -> Result<Opened, AudioError> {
        let reader = self.reader(0..self.length);
        Ok(Opened::whole(GsmSource::new(reader, Packing::Raw, self.format, 8_000, self.length)?))
    }

    fn ffmpeg(&self) -> Result<Opened, AudioError> {
        ffmpeg::open(&self.path, self.format, &self.watch).map(Opened::whole)
    }
}
