//! Alignment heads: the heads of the decoder's attention that follow the sound, from which tokens get their times.

use super::head::Head;
use super::{Model, ModelError, Source, Times};
use std::fs::File;
use std::path::Path;
use whisper_rs::whisper_rs_sys::whisper_ahead;
use whisper_rs::{DtwMode, DtwModelPreset, DtwParameters};

/// Memory that whisper.cpp reserves to align one window with, bytes; only what it uses is taken: 220 tokens, 1500 places and [`MOST`] heads, five times over.
const RESERVED: usize = 320 << 20;
/// Maximum number of heads: more are no better, and the process would end where they do not fit.
const MOST: usize = 40;

/// Files in which a model's configuration may name them.
const CONFIGURATIONS: [&str; 2] = ["generation_config.json", "config.json"];

/// Which heads align a model's tokens with the sound.
#[derive(Debug, Clone)]
pub(crate) enum AlignmentHeads {
    /// None are known, or the model's times are not used.
    None,
    /// Those of a published model of the same size: fine-tuning does not move them.
    Preset(DtwModelPreset),
    /// All heads of so many layers at the top, for sizes that were never published.
    TopLayers(i32),
    /// Those that the model's own configuration names.
    Named(Vec<whisper_ahead>),
}

/// What an import keeps beside the model's file.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Sidecar {
    /// Layer and head of each, from 0.
    pub(super) alignment_heads: Vec<(i32, i32)>,
}

impl Sidecar {
    /// What the configuration in a folder of CTranslate2 or Hugging Face names.
    pub(super) fn configured(folder: &Path) -> Option<Self> {
        let heads = |name: &&str| {
            let sidecar: Self = serde_json::from_str(&std::fs::read_to_string(folder.join(name)).ok()?).ok()?;
            (!sidecar.alignment_heads.is_empty()).then_some(sidecar)
        };
        CONFIGURATIONS.iter().find_map(heads)
    }

    /// Keeps it beside a model's file, or removes what was kept there of another one.
    ///
    /// # Errors
    /// [`ModelError::Io`].
    pub(super) fn keep(sidecar: Option<&Self>, model: &Path) -> Result<(), ModelError> {
        let path = model.with_extension("json");
        let io = ModelError::io(&path);
        let Some(sidecar) = sidecar else {
            return match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io(error)),
                _ => Ok(()),
            };
        };
        let text = serde_json::to_vec(sidecar).map_err(|error| io(error.into()))?;
        std::fs::write(&path, text).map_err(io)
    }
}

impl AlignmentHeads {
    /// Heads of a model: from the file beside it (`NAME.json`), else by its size.
    pub(crate) fn of(model: &Model) -> Self {
        match (&model.source, model.times) {
            (Source::File(path), Times::Model) => Self::beside(path).unwrap_or_else(|| Self::by_size(path)),
            _ => Self::None,
        }
    }

    fn beside(path: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(path.with_extension("json")).ok()?;
        let sidecar: Sidecar = serde_json::from_str(&text).ok()?;
        let head = Head::read(File::open(path).ok()?).ok()?;
        let named = sidecar.alignment_heads.into_iter().filter(|(layer, number)| head.has(*layer, *number)).take(MOST);
        let named: Vec<_> =
            named.map(|(layer, number)| whisper_ahead { n_text_layer: layer, n_head: number }).collect();
        (!named.is_empty()).then_some(Self::Named(named))
    }

    fn by_size(path: &Path) -> Self {
        let head = File::open(path).map_err(|error| error.to_string()).and_then(Head::read);
        head.map_or(Self::None, |head| head.preset().map_or(Self::TopLayers(head.top_layers()), Self::Preset))
    }

    /// As whisper.cpp wants it.
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
