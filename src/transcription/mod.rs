//! Recordings into words. (work in progress)

pub mod cli;
mod engine;
mod formats;
pub mod models;
mod resample;
mod speech;
mod transcript;

pub use engine::{Engine, EngineConfig, TranscribeError, TranscriptionRequest};
pub use formats::{Format, UnknownFormat};
pub use transcript::{Note, Segment, Speaker, Transcript, UnknownSpeaker, Word};
