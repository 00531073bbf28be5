//! Group commit: items submitted while a transaction is being written share the next one. A submission completes only
//! after its transaction has been committed.

use super::DbError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Writes a batch in one transaction; one result for each item, in order.
type Write<T, R> = Arc<dyn Fn(Vec<T>) -> Pin<Box<dyn Future<Output = Vec<R>> + Send>> + Send + Sync>;

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
    /// Starts the writer. `most`: maximum size of a batch; as many again may wait before callers block.
    pub fn start<F, Fut>(most: usize, write: F) -> Self
    where
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Vec<R>> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(most.max(1));
        let write: Write<T, R> = Arc::new(move |items| Box::pin(write(items)));
        tokio::spawn(work_through(waiting, write, most.max(1)));
        Self { queue }
    }

    /// Submits one item and waits until its batch is on disk.
    pub async fn submit(&self, item: T) -> Result<R, BatchError> {
        let (tell, told) = oneshot::channel();
        self.queue.send((item, tell)).await.map_err(|_| BatchError)?;
        told.await.map_err(|_| BatchError)
    }
}

/// Writes the items of a batch one by one, after its transaction failed with `error`, so that one item that the
/// database rejects does not fail the others. In an outage the remaining items get the same error at once.
pub async fn one_by_one<T, R, F, Fut>(items: Vec<T>, error: DbError, write: F) -> Vec<Result<R, Arc<DbError>>>
where
    F: Fn(T) -> Fut,
    Fut: Future<Output = Result<R, DbError>>,
{
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
        results.push(write(item).await.map_err(|error| {
            failed = Arc::new(error);
            Arc::clone(&failed)
        }));
    }
    results
}

async fn work_through<T: Send + 'static, R: Send + 'static>(
    mut waiting: mpsc::Receiver<(T, oneshot::Sender<R>)>,
    write: Write<T, R>,
    most: usize,
) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, most).await > 0 {
        let (items, tells): (Vec<T>, Vec<oneshot::Sender<R>>) = batch.drain(..).unzip();
        // In a separate task, so that a panic fails only this batch (its callers get BatchError), not the writer.
        let Ok(results) = tokio::spawn(write(items)).await else { continue };
        for (tell, result) in tells.into_iter().zip(results) {
            // The receiver may have been dropped.
            let _ = tell.send(result);
        }
    }
}
