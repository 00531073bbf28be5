//! Inference: one run of the model over one window, and workarounds for whisper.cpp.

use super::TranscribeError;
use super::language::DecoderLanguage;
use super::pool::Weights;
use crate::transcription::models::{Model, Times};
use crate::transcription::resample::RATE;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;
use whisper_rs::{FullParams, SamplingStrategy, WhisperError, WhisperState, WhisperTokenId, get_lang_id, get_lang_str};

/// Tokens of a window as the decoder wrote them.
#[derive(Debug, Default)]
pub(super) struct DecodedWindow {
    /// Code of the language.
    pub(super) language: String,
    /// Tokens, in order.
    pub(super) tokens: Vec<Token>,
    /// Probability that there is no speech in the window, by the model: 0 to 1.
    pub(super) no_speech: f32,
}

/// A piece of a word, as bytes: tokens may split even a character.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) bytes: Vec<u8>,
    pub(super) probability: f32,
    /// End of the token in the window, ms; `None` for models whose attention is not used.
    pub(super) end_ms: Option<u64>,
}

/// One thread's own state of a loaded model.
pub(super) struct Inference {
    weights: Arc<Weights>,
    params: FullParams<'static, 'static>,
    /// Polled by the abort callback, which is set up once: each set-up leaks a little.
    cancel: Arc<Mutex<CancellationToken>>,
    language: DecoderLanguage,
    /// First token id that is not text.
    end_of_text: WhisperTokenId,
    multilingual: bool,
    /// Silence that the encoder needs after a window, ms.
    margin_ms: u16,
    /// Minimum number of steps of the encoder.
    min_steps: usize,
}

/// Number of beams of the decoder. On real telephone calls five make a quarter fewer word errors than one, for an
/// eighth more time; two or three gain little.
const BEAM_SIZE: i32 = 5;
/// Samples in one of the 1500 steps of the encoder's input, the unit of its work.
const STEP: usize = 320;
const STEP_MULTIPLE: usize = 64;
const MAX_STEPS: usize = 1500;
/// Silence after a window, ms: the encoder need not process thirty seconds where a window is shorter. With four seconds
/// of silence after the audio the four real calls came out slightly better than with all of it (tiny.en 8.8 % for 9.1 %
/// of word errors, base 8.2 % for 9.1 %), with three as well, and with one much worse (12.5 %).
const MARGIN_MS: u16 = 4_000;
/// Minimum number of steps of the encoder: ten seconds.
const MIN_STEPS: usize = 512;
/// Maximum length of a prompt, in tokens.
const PROMPT_TOKENS: i32 = 64;
/// Minimum number of samples; shorter audio is padded: whisper.cpp ignores a tenth of a second, and aborts the process
/// when it aligns less than two.
const MIN_SAMPLES: usize = RATE as usize / 2;
/// Number of tokens from which on a window is transcribed again in two halves: whisper.cpp stops after 220.
const MAX_TOKENS: usize = 210;
/// Minimum number of samples of a window that is halved.
const MIN_SPLIT_SAMPLES: usize = 4 * RATE as usize;
/// Step of the search for a cut: a fiftieth of a second.
const CUT_STEP: usize = RATE as usize / 50;

impl Inference {
    pub(super) fn new(weights: Arc<Weights>, model: &Model) -> Result<Self, TranscribeError> {
        let cancel = Arc::new(Mutex::new(CancellationToken::new()));
        let mut params = FullParams::new(match model.times {
            Times::Model => SamplingStrategy::BeamSearch { beam_size: BEAM_SIZE, patience: -1.0 },
            Times::Spans => SamplingStrategy::Greedy { best_of: 2 },
        });
        params.set_n_threads(1);
        // The text of the previous window does not help where the topic changes, and repeats itself after an error.
        params.set_no_context(true);
        // Time tokens are slow, and make whisper.cpp encode a window again from the last one. Times come from the
        // decoder's attention.
        params.set_token_timestamps(false);
        // No further attempt with random sampling: the same recording would not give the same words again.
        params.set_temperature_inc(0.0);
        params.set_no_timestamps(true);
        params.set_single_segment(true);
        params.set_suppress_blank(true);
        // Brackets, notes, dashes: "(inaudible)" is not speech.
        params.set_suppress_nst(true);
        params.set_print_progress(false);
        params.set_print_realtime(false);
        params.set_print_timestamps(false);
        params.set_print_special(false);
        let asked = Arc::clone(&cancel);
        // The explicit type is needed: the pointer to a bare closure is cast to another type.
        let abort: Box<dyn FnMut() -> bool> =
            Box::new(move || asked.lock().unwrap_or_else(PoisonError::into_inner).is_cancelled());
        params.set_abort_callback_safe::<_, Box<dyn FnMut() -> bool>>(abort);
        let (multilingual, end_of_text) = (weights.context().is_multilingual(), weights.context().token_eot());
        let (margin_ms, min_steps) = match model.entry.and_then(|entry| entry.margin_ms) {
            Some(margin_ms) => (margin_ms, STEP_MULTIPLE),
            None => (MARGIN_MS, MIN_STEPS),
        };
        params.set_language(Some("en"));
        params.set_n_max_text_ctx(0);
        let language = DecoderLanguage { code: "en".to_owned(), prompt: "" };
        Ok(Self { weights, params, cancel, language, end_of_text, multilingual, margin_ms, min_steps })
    }

    /// Returns the probability of each language in 16 kHz audio, 0 to 1.
    pub(super) fn languages(
        &mut self,
        samples: &[f32],
        cancel: &CancellationToken,
    ) -> Result<Vec<(&'static str, f32)>, TranscribeError> {
        if cancel.is_cancelled() {
            return Err(TranscribeError::Cancelled);
        }
        let failed = |error: WhisperError| TranscribeError::Engine(error.to_string());
        let mut state = self.weights.new_state()?;
        state.pcm_to_mel(&padded(samples), 1).map_err(failed)?;
        let (_, shares) = state.lang_detect(0, 1).map_err(failed)?;
        let named = |(id, share): (usize, f32)| Some((get_lang_str(i32::try_from(id).ok()?)?, share));
        Ok(shares.into_iter().enumerate().filter_map(named).collect())
    }

    /// Transcribes 16 kHz audio. A model for English only ignores the language.
    pub(super) fn decode(
        &mut self,
        samples: &[f32],
        language: &DecoderLanguage,
        cancel: &CancellationToken,
    ) -> Result<DecodedWindow, TranscribeError> {
        *self.cancel.lock().unwrap_or_else(PoisonError::into_inner) = cancel.clone();
        if self.multilingual && self.language != *language {
            self.set_language(language);
        }
        self.decode_part(samples, cancel)
    }

    /// Sets the language. Each change leaks some bytes in whisper-rs.
    fn set_language(&mut self, language: &DecoderLanguage) {
        // The parameters need a `'static` language code; those of whisper.cpp's own table are.
        self.params.set_language(get_lang_id(&language.code).and_then(get_lang_str));
        self.params.set_initial_prompt(language.prompt);
        self.params.set_n_max_text_ctx(if language.prompt.is_empty() { 0 } else { PROMPT_TOKENS });
        self.language = language.clone();
    }

    fn decode_part(&mut self, samples: &[f32], cancel: &CancellationToken) -> Result<DecodedWindow, TranscribeError> {
        if cancel.is_cancelled() {
            return Err(TranscribeError::Cancelled);
        }
        let sound = padded(samples);
        let mut state = self.weights.new_state()?;
        let mut params = self.params.clone();
        let steps = (sound.len() / STEP + usize::from(self.margin_ms) / 20).next_multiple_of(STEP_MULTIPLE);
        // In range.
        params.set_audio_ctx(steps.clamp(self.min_steps, MAX_STEPS) as i32);
        let result = state.full(params, &sound);
        if cancel.is_cancelled() {
            return Err(TranscribeError::Cancelled);
        }
        result.map_err(|error| TranscribeError::Engine(error.to_string()))?;
        let heard = self.harvest(&state, samples.len() as u64 * 1000 / u64::from(RATE));
        // Its memory is that of a whole window.
        drop(state);
        if heard.tokens.len() < MAX_TOKENS || samples.len() < MIN_SPLIT_SAMPLES {
            return Ok(heard);
        }
        let (first, second) = samples.split_at(quietest(samples));
        Ok(self.decode_part(first, cancel)?.append(self.decode_part(second, cancel)?, first.len()))
    }

    fn harvest(&self, state: &WhisperState, length_ms: u64) -> DecodedWindow {
        // Centiseconds; ends may lie after the end of the audio, and unset times are negative.
        let ms = |centi: i64| u64::try_from(centi).ok().map(|centi| centi.saturating_mul(10).min(length_ms));
        let mut heard = DecodedWindow::default();
        for segment in state.as_iter() {
            heard.no_speech = heard.no_speech.max(segment.no_speech_probability().clamp(0.0, 1.0));
            let token = |at| {
                let token = segment.get_token(at).filter(|token| token.token_id() < self.end_of_text)?;
                let data = token.token_data();
                let probability = if data.p.is_finite() { data.p.clamp(0.0, 1.0) } else { 0.0 };
                Some(Token { bytes: token.to_bytes().ok()?.to_vec(), probability, end_ms: ms(data.t_dtw) })
            };
            heard.tokens.extend((0..segment.n_tokens()).filter_map(token));
        }
        heard.language = get_lang_str(state.full_lang_id_from_state()).unwrap_or("en").to_owned();
        heard
    }
}

impl DecodedWindow {
    /// Appends the output of the audio after the first `samples`.
    fn append(mut self, second: Self, samples: usize) -> Self {
        let offset_ms = samples as u64 * 1000 / u64::from(RATE);
        let later = |token: Token| Token { end_ms: token.end_ms.map(|end| end + offset_ms), ..token };
        self.tokens.extend(second.tokens.into_iter().map(later));
        self.no_speech = self.no_speech.max(second.no_speech);
        self
    }
}

fn padded(samples: &[f32]) -> std::borrow::Cow<'_, [f32]> {
    if samples.len() >= MIN_SAMPLES {
        return samples.into();
    }
    samples.iter().copied().chain(std::iter::repeat(0.0)).take(MIN_SAMPLES).collect::<Vec<_>>().into()
}

/// Returns the middle of the quietest tenth of a second in the middle third.
fn quietest(samples: &[f32]) -> usize {
    let (from, to) = (samples.len() / 3, samples.len() * 2 / 3);
    let energy = |at: &usize| samples[at - 2 * CUT_STEP..at + 3 * CUT_STEP].iter().map(|x| x * x).sum::<f32>();
    (from..to).step_by(CUT_STEP).min_by(|a, b| energy(a).total_cmp(&energy(b))).unwrap_or(samples.len() / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_is_halved_in_the_quietest_place_of_its_middle() {
        let mut samples = vec![0.5; MIN_SPLIT_SAMPLES * 2];
        let (quiet, quieter_at_the_edge) = (MIN_SPLIT_SAMPLES + 3_200..MIN_SPLIT_SAMPLES + 6_400, 0..6_400);
        samples[quiet.clone()].fill(0.01);
        samples[quieter_at_the_edge].fill(0.0);
        assert!(quiet.contains(&quietest(&samples)));
        assert_eq!(padded(&[0.1; 10]).len(), MIN_SAMPLES);
    }

    #[test]
    fn the_second_half_is_later() {
        let token = |end_ms| Token { bytes: b" a".to_vec(), probability: 0.5, end_ms };
        let half =
            |no_speech| DecodedWindow { language: "zh".into(), tokens: vec![token(Some(700)), token(None)], no_speech };
        let whole = half(0.1).append(half(0.4), 16_000);
        assert_eq!(whole.tokens, [token(Some(700)), token(None), token(Some(1_700)), token(None)]);
        assert_eq!(whole.no_speech, 0.4);
    }
}
