//! Group commit: items submitted while a transaction is being written share the next one. A submission completes only
//! after its transaction has been committed.

use super::DbError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

type Writing<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// Processes a batch; one result for each item, in order.
type Process<T, R> = Arc<dyn Fn(Vec<T>) -> Writing<Vec<R>> + Send + Sync>;

/// Collects items of many callers into batches.
pub struct Batcher<T, R> {
    queue: mpsc::Sender<(T, oneshot::Sender<R>)>,
}

impl<T, R> Clone for Batcher<T, R> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<T, R> std::fmt::Debug for Batcher<T, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Batcher")
    }
}

/// Error: the writer is gone, as the process is stopping. Nothing was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the service is stopping; nothing was stored")]
pub struct BatchError;

impl<T: Send + 'static, R: Send + 'static> Batcher<T, R> {
    /// Starts the task that processes batches. `max_batch`: maximum size of a batch; as many again may wait before
    /// callers block.
    pub fn start<F, Fut>(max_batch: usize, process: F) -> Self
    where
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Vec<R>> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(max_batch.max(1));
        let process: Process<T, R> = Arc::new(move |items| Box::pin(process(items)));
        tokio::spawn(work_through(waiting, process, max_batch.max(1)));
        Self { queue }
    }

    /// Submits one item and waits until its batch is on disk.
    pub async fn submit(&self, item: T) -> Result<R, BatchError> {
        let (tell, told) = oneshot::channel();
        self.queue.send((item, tell)).await.map_err(|_| BatchError)?;
        told.await.map_err(|_| BatchError)
    }
}

impl<T: Clone + Send + Sync + 'static, R: Send + 'static> Batcher<T, Result<R, Arc<DbError>>> {
    /// Starts the writer. `write` writes a batch in one transaction; one result for each item, in order. Where it fails,
    /// each item is written by itself, so that one item that the database rejects does not fail the others. In an
    /// outage the remaining items get the same error at once.
    pub fn writing<F, Fut>(max_batch: usize, write: F) -> Self
    where
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<R>, DbError>> + Send + 'static,
    {
        let write = Arc::new(move |items| -> Writing<Result<Vec<R>, DbError>> { Box::pin(write(items)) });
        Self::start(max_batch, move |items: Vec<T>| {
            let write = Arc::clone(&write);
            async move {
                match write(items.clone()).await {
                    Ok(results) => results.into_iter().map(Ok).collect(),
                    Err(error) => one_by_one(items, error, &*write).await,
                }
            }
        })
    }
}

async fn one_by_one<T, R>(
    items: Vec<T>,
    error: DbError,
    write: impl Fn(Vec<T>) -> Writing<Result<Vec<R>, DbError>>,
) -> Vec<Result<R, Arc<DbError>>> {
    let mut failed = Arc::new(error);
    if items.len() == 1 {
        return vec![Err(failed)];
    }
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        if failed.fails_others_too() {
            results.push(Err(Arc::clone(&failed)));
            continue;
        }
        let written = write(vec![item]).await.and_then(|mut results| results.pop().ok_or(DbError::Missing));
        results.push(written.map_err(|error| {
            failed = Arc::new(error);
            Arc::clone(&failed)
        }));
    }
    results
}

async fn work_through<T: Send + 'static, R: Send + 'static>(
    mut waiting: mpsc::Receiver<(T, oneshot::Sender<R>)>,
    process: Process<T, R>,
    max_batch: usize,
) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, max_batch).await > 0 {
        let (items, tells): (Vec<T>, Vec<oneshot::Sender<R>>) = batch.drain(..).unzip();
        // In a separate task, so that a panic fails only this batch (its callers get BatchError), not the writer.
        let Ok(results) = tokio::spawn(process(items)).await else { continue };
        for (tell, result) in tells.into_iter().zip(results) {
            // The receiver may have been dropped.
            let _ = tell.send(result);
        }
    }
}
