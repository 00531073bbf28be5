//! Pool: a loaded model and its threads, with one state each, because two threads in one state slow down to a third of
//! their speed as soon as anything else runs on the machine.

use super::TranscribeError;
use super::inference::{DecodedWindow, Inference};
use super::language::DecoderLanguage;
use super::queue::{Lane, Queue};
use crate::transcription::models::{AlignmentHeads, Model, Source};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;
use whisper_rs::{WhisperContext, WhisperContextParameters, WhisperState};

/// Task on the audio of a window.
pub(super) enum TaskKind {
    /// Detect its language.
    DetectLanguage,
    /// Transcribe it in this language.
    Transcribe(DecoderLanguage),
}

/// A window for a thread.
pub(super) struct Task {
    pub(super) number: usize,
    pub(super) samples: Vec<f32>,
    pub(super) work: TaskKind,
    pub(super) line: Lane,
    pub(super) cancel: CancellationToken,
    pub(super) reply: Sender<Reply>,
}

/// Output of a thread.
pub(super) enum TaskOutput {
    /// Languages with their probabilities, 0 to 1.
    Languages(Vec<(&'static str, f32)>),
    /// Words.
    Words(DecodedWindow),
}

/// Number of a task, and its output.
pub(super) type Reply = (usize, Result<TaskOutput, TranscribeError>);

/// The weights of a model. Each thread makes states from them.
pub(super) struct Weights {
    context: WhisperContext,
    /// whisper.cpp keeps a pointer to these, and reads it whenever a state is made.
    _heads: AlignmentHeads,
}

impl Weights {
    fn load(model: &Model) -> Result<Self, TranscribeError> {
        let heads = AlignmentHeads::of(model);
        // Flash attention is slower here, and gives no attention to align with.
        let parameters = WhisperContextParameters { dtw_parameters: heads.parameters(), ..Default::default() };
        let context = match &model.source {
            Source::BuiltIn => WhisperContext::new_from_buffer_with_params(Source::built_in_bytes(), parameters),
            Source::File(path) => WhisperContext::new_with_params(path, parameters),
        };
        let context =
            context.map_err(|error| TranscribeError::Engine(format!("{} does not load: {error}", model.name)))?;
        Ok(Self { context, _heads: heads })
    }

    pub(super) fn context(&self) -> &WhisperContext {
        &self.context
    }

    /// Returns a state without a past. whisper.cpp draws the candidates of a beam search from a generator that it seeds with the
    /// state only, and detects a language in as many steps as the window before had: in a state that was used before, the same
    /// sound gives other words.
    pub(super) fn new_state(&self) -> Result<WhisperState, TranscribeError> {
        self.context.create_state().map_err(|error| TranscribeError::Engine(error.to_string()))
    }
}

/// The model in memory. Dropping it ends the threads and gives the memory back.
pub(super) struct Pool {
    tasks: Arc<Queue<Task>>,
    model: Model,
    multilingual: bool,
}

impl Pool {
    /// Loads a model that was checked. Blocks; memory is about 25 MiB for the test model, 500 MiB for "small".
    pub(super) fn load(model: Model, threads: usize) -> Result<Self, TranscribeError> {
        // whisper.cpp would write to standard error otherwise; its messages about a file help nobody.
        whisper_rs::install_logging_hooks();
        let weights = Arc::new(Weights::load(&model)?);
        let tasks = Arc::new(Queue::new(threads));
        // Dropped where a thread can't be started: that ends the earlier ones.
        let pool = Self { tasks: Arc::clone(&tasks), multilingual: weights.context.is_multilingual(), model };
        for number in 0..threads {
            let inference = Inference::new(Arc::clone(&weights), &pool.model)?;
            let queue = Arc::clone(&tasks);
            std::thread::Builder::new()
                .name(format!("whisper-{number}"))
                .spawn(move || work(inference, &queue))
                .map_err(|error| TranscribeError::Engine(error.to_string()))?;
        }
        tracing::info!(model = pool.model.name, threads, "speech model loaded");
        Ok(pool)
    }

    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    pub(super) fn multilingual(&self) -> bool {
        self.multilingual
    }

    /// Submits a task. Blocks while its lane is full, so that audio is not decoded faster than it is transcribed.
    pub(super) fn submit(&self, task: Task) -> Result<(), TranscribeError> {
        let line = task.line;
        self.tasks.push(task, line).map_err(|_| TranscribeError::Engine("its threads are gone".to_owned()))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.tasks.close();
        tracing::info!(model = self.model.name, "speech model unloaded");
    }
}

fn work(mut inference: Inference, queue: &Queue<Task>) {
    while let Some(task) = queue.pop() {
        let run = || match &task.work {
            TaskKind::DetectLanguage => inference.languages(&task.samples, &task.cancel).map(TaskOutput::Languages),
            TaskKind::Transcribe(language) => {
                inference.decode(&task.samples, language, &task.cancel).map(TaskOutput::Words)
            }
        };
        let found = catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|_| Err(TranscribeError::Engine("it panicked".to_owned())));
        // The receiver is dropped after a failure of another task.
        let _ = task.reply.send((task.number, found));
    }
}
