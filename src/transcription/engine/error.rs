//! Errors of the transcription of a recording.

use crate::audio::AudioError;
use crate::transcription::models::ModelError;

/// Reason why there is no transcript.
#[derive(Debug, thiserror::Error)]
pub enum TranscribeError {
    /// The recording is invalid or unreadable.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The model is missing or invalid.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model does not support the language of the call.
    #[error("the speech model {model} knows English only, and this is in {language:?}; choose a multilingual one")]
    Language {
        /// Requested language.
        language: String,
        /// Name of the model.
        model: String,
    },
    /// Not a language, or not one of Whisper's.
    #[error("{0:?} is no language that speech models know; use a code such as en, de or es")]
    UnknownLanguage(String),
    /// Stopped on request.
    #[error("the transcription was stopped")]
    Cancelled,
    /// The engine failed.
    #[error("the speech engine failed: {0}")]
    Engine(String),
}

impl TranscribeError {
    /// Returns a stable code for APIs and logs.
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

    /// Whether a model has to be installed or configured first: the recording waits, it has not failed.
    pub fn waits_for_model(&self) -> bool {
        matches!(self, Self::Model(_))
    }

    /// Whether another attempt cannot end otherwise.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Audio(error) => error.is_final(),
            Self::Language { .. } | Self::UnknownLanguage(_) => true,
            Self::Model(_) | Self::Cancelled | Self::Engine(_) => false,
        }
    }
}
