//! A loaded model and the threads that use it: one state and one thread each, because two threads in one state fall to a
//! third of their speed as soon as anything else runs on the machine.

use super::TranscribeError;
use super::hear::{Heard, Listener};
use crate::transcription::models::{Model, Source};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;
use whisper_rs::{WhisperContext, WhisperContextParameters};

/// A window to be heard.
pub(super) struct Task {
    pub(super) number: usize,
    pub(super) samples: Vec<f32>,
    pub(super) language: Option<String>,
    pub(super) cancel: CancellationToken,
    pub(super) reply: Sender<Reply>,
}

/// What became of the task of this number.
pub(super) type Reply = (usize, Result<Heard, TranscribeError>);

/// The model in memory. Dropping it ends the threads and gives the memory back.
pub(super) struct Pool {
    tasks: SyncSender<Task>,
    model: Model,
    multilingual: bool,
}

impl Pool {
    /// Loads a model that was checked. Blocks; memory is some 25 MiB for the shipped one, half a gigabyte for "small".
    pub(super) fn load(model: Model, threads: usize) -> Result<Self, TranscribeError> {
        // whisper.cpp would write to the standard error output otherwise; what it says about a file is of no use to anybody.
        whisper_rs::install_logging_hooks();
        let parameters = WhisperContextParameters::default();
        let context = match &model.source {
            Source::BuiltIn => WhisperContext::new_from_buffer_with_params(Source::built_in_bytes(), parameters),
            Source::File(path) => WhisperContext::new_with_params(path, parameters),
        };
        let context =
            context.map_err(|error| TranscribeError::Engine(format!("{} does not load: {error}", model.name)))?;
        let (tasks, queue) = sync_channel(threads);
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..threads {
            let listener = Listener::new(&context, &model)?;
            let queue = Arc::clone(&queue);
            std::thread::Builder::new()
                .name(format!("whisper-{number}"))
                .spawn(move || work(listener, &queue))
                .map_err(|error| TranscribeError::Engine(error.to_string()))?;
        }
        tracing::info!(model = model.name, threads, "speech model loaded");
        Ok(Self { tasks, multilingual: context.is_multilingual(), model })
    }

    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    pub(super) fn multilingual(&self) -> bool {
        self.multilingual
    }

    /// Waits until a thread is about to be free: the one who decodes must not run ahead of those who listen.
    pub(super) fn submit(&self, task: Task) -> Result<(), TranscribeError> {
        self.tasks.send(task).map_err(|_| TranscribeError::Engine("its threads are gone".to_owned()))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        tracing::info!(model = self.model.name, "speech model unloaded");
    }
}

fn work(mut listener: Listener, queue: &Mutex<Receiver<Task>>) {
    loop {
        // The lock is held while waiting: the others wait for the lock then, which is as good.
        let task = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(task) = task else { return };
        let heard =
            catch_unwind(AssertUnwindSafe(|| listener.hear(&task.samples, task.language.as_deref(), &task.cancel)))
                .unwrap_or_else(|_| Err(TranscribeError::Engine("it panicked".to_owned())));
        // Nobody waits any more after a failure elsewhere.
        let _ = task.reply.send((task.number, heard));
    }
}
