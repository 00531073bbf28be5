//! Alignment heads: the heads of the decoder's attention that follow the audio, from which tokens get their times.

use super::head::Head;
use super::{Model, ModelError, Source, Times};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use whisper_rs::whisper_rs_sys::whisper_ahead;
use whisper_rs::{DtwMode, DtwModelPreset, DtwParameters};

/// Memory that whisper.cpp reserves for the alignment of one window, bytes: five times 220 tokens, 1500 positions and
/// [`MAX_HEADS`] heads. Only what is used takes memory.
const RESERVED: usize = 320 << 20;
/// Maximum number of heads. More do not improve the times, and whisper.cpp ends the process where [`RESERVED`] is too
/// small.
const MAX_HEADS: usize = 40;

/// Files of a model's configuration that may name alignment heads.
const CONFIGURATIONS: [&str; 2] = ["generation_config.json", "config.json"];

/// Heads that align a model's tokens with the audio.
#[derive(Debug, Clone)]
pub(crate) enum AlignmentHeads {
    /// No heads: the model's times are not used.
    None,
    /// Those of a published model of the same size: fine-tuning does not move them.
    Preset(DtwModelPreset),
    /// All heads of this number of upper layers, for sizes that were never published.
    TopLayers(i32),
    /// Those named in the model's own configuration.
    Named(Vec<whisper_ahead>),
}

/// Contents of `NAME.alignment.json` next to an imported model.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Sidecar {
    /// Layer and head of each alignment head, both from 0.
    pub(super) alignment_heads: Vec<(i32, i32)>,
}

impl Sidecar {
    /// Returns the alignment heads named in the configuration in a folder of CTranslate2 or Hugging Face.
    pub(super) fn configured(folder: &Path) -> Option<Self> {
        CONFIGURATIONS.iter().find_map(|name| Self::read(&folder.join(name)))
    }

    /// Returns the sidecar of a model's file, where there is one.
    pub(super) fn of_model(model: &Path) -> Option<Self> {
        Self::read(&Self::path(model))
    }

    fn path(model: &Path) -> PathBuf {
        model.with_extension("alignment.json")
    }

    /// Returns `None` where the file is missing, is not JSON, or names no heads.
    fn read(path: &Path) -> Option<Self> {
        let sidecar: Self = serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()?;
        (!sidecar.alignment_heads.is_empty()).then_some(sidecar)
    }

    /// Writes the sidecar of a model's file, durably.
    ///
    /// # Errors
    /// [`ModelError::Io`].
    pub(super) fn write(&self, model: &Path) -> Result<(), ModelError> {
        let path = Self::path(model);
        let io = ModelError::io(&path);
        let file = File::create(&path).map_err(&io)?;
        serde_json::to_writer(&file, self).map_err(|error| io(error.into()))?;
        file.sync_all().map_err(io)
    }

    /// Removes the sidecar of a model's file, where there is one.
    ///
    /// # Errors
    /// [`ModelError::Io`].
    pub(super) fn remove(model: &Path) -> Result<(), ModelError> {
        let path = Self::path(model);
        unless_missing(std::fs::remove_file(&path)).map_err(ModelError::io(&path))
    }

    /// Moves the sidecar of one model's file to another one, where there is one.
    ///
    /// # Errors
    /// [`ModelError::Io`].
    pub(super) fn rename(from: &Path, to: &Path) -> Result<(), ModelError> {
        let path = Self::path(to);
        unless_missing(std::fs::rename(Self::path(from), &path)).map_err(ModelError::io(&path))
    }
}

fn unless_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

impl AlignmentHeads {
    /// Returns the heads of a model: from the sidecar (`NAME.alignment.json`), else by its size.
    pub(crate) fn of(model: &Model) -> Self {
        match (&model.source, model.times) {
            (Source::File(path), Times::Model) => Self::beside(path).unwrap_or_else(|| Self::by_size(path)),
            _ => Self::None,
        }
    }

    fn beside(path: &Path) -> Option<Self> {
        let sidecar = Sidecar::of_model(path)?;
        let head = Head::read(File::open(path).ok()?).ok()?;
        let named =
            sidecar.alignment_heads.into_iter().filter(|(layer, number)| head.has(*layer, *number)).take(MAX_HEADS);
        let named: Vec<_> =
            named.map(|(layer, number)| whisper_ahead { n_text_layer: layer, n_head: number }).collect();
        (!named.is_empty()).then_some(Self::Named(named))
    }

    fn by_size(path: &Path) -> Self {
        let head = File::open(path).map_err(|error| error.to_string()).and_then(Head::read);
        head.map_or(Self::None, |head| head.preset().map_or(Self::TopLayers(head.top_layers()), Self::Preset))
    }

    /// Returns the parameters for whisper.cpp.
    pub(crate) fn parameters(&self) -> DtwParameters<'_> {
        let mode = match self {
            Self::None => DtwMode::None,
            Self::Preset(preset) => DtwMode::ModelPreset { model_preset: preset.clone() },
            Self::TopLayers(n_top) => DtwMode::TopMost { n_top: *n_top },
            Self::Named(heads) => DtwMode::Custom { aheads: heads },
        };
        DtwParameters { mode, dtw_mem_size: RESERVED }
    }
}
