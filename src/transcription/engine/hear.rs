//! One run of the model over one window. All of whisper.cpp's traps are handled here.

use super::TranscribeError;
use crate::transcription::models::{Model, Times};
use std::ffi::c_void;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;
use whisper_rs::whisper_rs_sys as sys;
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperState, WhisperTokenId, get_lang_str};

/// What the model made of a window.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Code of the language that was used.
    pub(super) language: String,
    pub(super) utterances: Vec<Utterance>,
}

impl Heard {
    /// How sure the model is of its words: 0 to 1, and 0 without any.
    pub(super) fn confidence(&self) -> f32 {
        let tokens = || self.utterances.iter().flat_map(|utterance| &utterance.tokens);
        tokens().map(|token| token.probability).sum::<f32>() / tokens().count().max(1) as f32
    }
}

/// The model's own segment.
#[derive(Debug, Default)]
pub(super) struct Utterance {
    /// In the window.
    pub(super) start_ms: u64,
    pub(super) end_ms: u64,
    /// The model's doubt that anybody speaks: 0 to 1.
    pub(super) no_speech: f32,
    pub(super) tokens: Vec<Token>,
}

/// A piece of a word: tokens may split even a letter, so these are bytes.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) bytes: Vec<u8>,
    pub(super) probability: f32,
    /// In the window, where the model told.
    pub(super) time_ms: Option<(u64, u64)>,
}

/// One thread's own state of a loaded model.
pub(super) struct Listener {
    state: WhisperState,
    params: FullParams<'static, 'static>,
    /// Whom the abort callback asks. It is set up once: each set-up leaks a little.
    cancel: Arc<Mutex<CancellationToken>>,
    /// How often the encoder has looked at the window, for [`may_look`].
    looks: Arc<AtomicU32>,
    language: Option<String>,
    /// Tokens from here on are no text.
    end_of_text: WhisperTokenId,
    multilingual: bool,
    /// Silence that the encoder is to see behind a window, where it need not see all of its thirty seconds.
    margin_ms: Option<u16>,
}

/// Samples in one of the 1500 steps that the encoder looks at, and the steps in which its work is measured out.
const STEP: usize = 320;
const STEPS_AT_ONCE: usize = 64;
const ALL_STEPS: usize = 1500;
/// How often the encoder looks at a window at most. Twice is usual, where something is said behind the last time that the
/// model wrote. A model whose time tokens are wrong has whisper.cpp go through one window in tiny steps instead.
const MOST_LOOKS: u32 = 4;

/// Asked by whisper.cpp before each look; false ends the window, and what was heard of it stays.
unsafe extern "C" fn may_look(_: *mut sys::whisper_context, _: *mut sys::whisper_state, looks: *mut c_void) -> bool {
    // SAFETY: it is the counter that the listener keeps for as long as it has the parameters with this pointer.
    let looks = unsafe { &*looks.cast::<AtomicU32>() };
    looks.fetch_add(1, Ordering::Relaxed) < MOST_LOOKS
}

impl Listener {
    pub(super) fn new(context: &WhisperContext, model: &Model) -> Result<Self, TranscribeError> {
        let state = context.create_state().map_err(|error| TranscribeError::Engine(error.to_string()))?;
        let cancel = Arc::new(Mutex::new(CancellationToken::new()));
        let mut params = FullParams::new(SamplingStrategy::Greedy { best_of: 2 });
        params.set_n_threads(1);
        // Text of the window before does not help with a call's other topic, and repeats itself once it went wrong.
        params.set_n_max_text_ctx(0);
        params.set_no_context(true);
        params.set_token_timestamps(model.times == Times::Model);
        // A model whose times are not to be used is better off without writing any.
        params.set_no_timestamps(model.times == Times::Spans);
        params.set_suppress_blank(true);
        params.set_print_progress(false);
        params.set_print_realtime(false);
        params.set_print_timestamps(false);
        params.set_print_special(false);
        let asked = Arc::clone(&cancel);
        // The type matters: with a bare closure the callback's pointer is taken for another kind.
        let abort: Box<dyn FnMut() -> bool> =
            Box::new(move || asked.lock().unwrap_or_else(PoisonError::into_inner).is_cancelled());
        params.set_abort_callback_safe::<_, Box<dyn FnMut() -> bool>>(abort);
        let looks = Arc::new(AtomicU32::new(0));
        // SAFETY: the callback touches its counter only, which lives as long as the parameters do: both are the listener's.
        unsafe {
            params.set_start_encoder_callback(Some(may_look));
            params.set_start_encoder_callback_user_data(Arc::as_ptr(&looks).cast_mut().cast());
        }
        let multilingual = context.is_multilingual();
        let margin_ms = model.entry.and_then(|entry| entry.margin_ms);
        let language = (!multilingual).then(|| "en".to_owned());
        params.set_language(language.as_deref_static());
        Ok(Self { state, params, cancel, looks, language, end_of_text: context.token_eot(), multilingual, margin_ms })
    }

    /// Listens to 16 kHz sound. Without a language the model finds out, if it knows several.
    pub(super) fn hear(
        &mut self,
        samples: &[f32],
        language: Option<&str>,
        cancel: &CancellationToken,
    ) -> Result<Heard, TranscribeError> {
        if cancel.is_cancelled() {
            return Err(TranscribeError::Cancelled);
        }
        *self.cancel.lock().unwrap_or_else(PoisonError::into_inner) = cancel.clone();
        if self.multilingual && self.language.as_deref() != language {
            self.language = language.map(str::to_owned);
            self.params.set_language(self.language.as_deref_static());
        }
        // Less than a tenth of a second is not heard at all.
        let padded;
        let samples = if samples.len() < 3_200 {
            padded = samples.iter().copied().chain(std::iter::repeat(0.0)).take(3_200).collect::<Vec<_>>();
            &padded
        } else {
            samples
        };
        let mut params = self.params.clone();
        if let Some(margin_ms) = self.margin_ms {
            let steps = (samples.len() / STEP + usize::from(margin_ms) / 20).next_multiple_of(STEPS_AT_ONCE);
            // In range.
            params.set_audio_ctx(steps.min(ALL_STEPS) as i32);
        }
        self.looks.store(0, Ordering::Relaxed);
        let result = self.state.full(params, samples);
        if cancel.is_cancelled() {
            return Err(TranscribeError::Cancelled);
        }
        result.map_err(|error| TranscribeError::Engine(error.to_string()))?;
        Ok(self.harvest(samples.len() as u64 / 16))
    }

    fn harvest(&self, length_ms: u64) -> Heard {
        // Centiseconds; ends may lie behind the end of the sound, and unset times are negative.
        let ms = |centi: i64| u64::try_from(centi).unwrap_or(0).saturating_mul(10).min(length_ms);
        let utterances = self.state.as_iter().map(|segment| {
            let token = |at| {
                let token = segment.get_token(at).filter(|token| token.token_id() < self.end_of_text)?;
                let data = token.token_data();
                let timed = data.t0 >= 0 && data.t1 >= data.t0;
                Some(Token {
                    bytes: token.to_bytes().ok()?.to_vec(),
                    probability: if data.p.is_finite() { data.p.clamp(0.0, 1.0) } else { 0.0 },
                    time_ms: timed.then(|| (ms(data.t0), ms(data.t1))),
                })
            };
            let start_ms = ms(segment.start_timestamp());
            let end_ms = ms(segment.end_timestamp()).max(start_ms);
            let no_speech = segment.no_speech_probability().clamp(0.0, 1.0);
            Utterance { start_ms, end_ms, no_speech, tokens: (0..segment.n_tokens()).filter_map(token).collect() }
        });
        let language = get_lang_str(self.state.full_lang_id_from_state()).unwrap_or("en").to_owned();
        Heard { language, utterances: utterances.collect() }
    }
}

/// The parameters want a language that lives for ever; whisper-rs copies it at once, so a code from its own table will do.
trait StaticCode {
    fn as_deref_static(&self) -> Option<&'static str>;
}

impl StaticCode for Option<String> {
    fn as_deref_static(&self) -> Option<&'static str> {
        self.as_deref().and_then(whisper_rs::get_lang_id).and_then(get_lang_str)
    }
}
