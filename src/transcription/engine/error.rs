//! Why a recording could not be turned into words.

use crate::audio::AudioError;
use crate::transcription::models::ModelError;

/// Why there is no transcript.
#[derive(Debug, thiserror::Error)]
pub enum TranscribeError {
    /// The recording is at fault.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The model is missing or broken.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model does not know the language of the call.
    #[error("the speech model {model} knows English only, and this is in {language:?}; choose a multilingual one")]
    Language {
        /// The language asked for.
        language: String,
        /// The model's name.
        model: String,
    },
    /// No such language, or none that Whisper knows.
    #[error("{0:?} is no language that speech models know; use a code such as en, de or es")]
    UnknownLanguage(String),
    /// Somebody asked to stop.
    #[error("the transcription was stopped")]
    Cancelled,
    /// The engine itself failed.
    #[error("the speech engine failed: {0}")]
    Engine(String),
}

impl TranscribeError {
    /// A stable word for APIs and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Audio(error) => error.code(),
            Self::Model(_) => "speech_model",
            Self::Language { .. } => "language_not_in_model",
            Self::UnknownLanguage(_) => "unknown_language",
            Self::Cancelled => "cancelled",
            Self::Engine(_) => "speech_engine",
        }
    }

    /// True where a model has to be installed or configured first: the recording waits, it has not failed.
    pub fn waits_for_model(&self) -> bool {
        matches!(self, Self::Model(_))
    }

    /// True where trying the same again cannot end otherwise.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Audio(error) => error.is_final(),
            Self::Language { .. } | Self::UnknownLanguage(_) => true,
            Self::Model(_) | Self::Cancelled | Self::Engine(_) => false,
        }
    }
}
