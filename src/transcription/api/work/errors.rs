//! Errors in HTTP.

use crate::transcription::{AlternativeError, CorrectionError, QueueError, SpeakersError};
use crate::web::problem::ApiError;
use poem::http::StatusCode;

impl From<CorrectionError> for ApiError {
    fn from(error: CorrectionError) -> Self {
        let text = error.to_string();
        match error {
            CorrectionError::NotDone => Self::conflict("transcript_not_done", text),
            CorrectionError::NoSegment => Self::not_found("segment_not_found", text),
            CorrectionError::BadText => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "correction_text", text),
            CorrectionError::Meanwhile => Self::conflict("corrected_meanwhile", text),
            CorrectionError::Database(inner) => inner.into(),
        }
    }
}

impl From<AlternativeError> for ApiError {
    fn from(error: AlternativeError) -> Self {
        let text = error.to_string();
        match error {
            AlternativeError::NoRecording => Self::not_found("recording_not_found", text),
            AlternativeError::NotDone => Self::conflict("transcript_not_done", text),
            AlternativeError::Model(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "model_not_usable", text),
            AlternativeError::Gone => Self::conflict("take_gone", text),
            AlternativeError::Database(inner) => inner.into(),
        }
    }
}

impl From<SpeakersError> for ApiError {
    fn from(error: SpeakersError) -> Self {
        let text = error.to_string();
        match error {
            SpeakersError::NoRecording => Self::not_found("recording_not_found", text),
            SpeakersError::Channels(_) => Self::conflict("channels_do_not_fit", text),
            SpeakersError::Meanwhile => Self::conflict("channels_changed_meanwhile", text),
            SpeakersError::Database(inner) => inner.into(),
        }
    }
}

impl From<QueueError> for ApiError {
    fn from(error: QueueError) -> Self {
        let text = error.to_string();
        match error {
            QueueError::NoRecording => Self::not_found("recording_not_found", text),
            QueueError::NotUnderWay => Self::conflict("transcription_not_under_way", text),
            QueueError::NotStopped => Self::conflict("transcription_not_stopped", text),
            QueueError::Database(inner) => inner.into(),
        }
    }
}
