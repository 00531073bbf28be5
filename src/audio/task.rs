//! Blocking work on recordings, off the runtime's threads, cancelled when its result is no longer wanted.

use super::AudioError;
use tokio_util::sync::CancellationToken;

/// Runs blocking work, such as decoding, on a blocking thread. The token passed to `work` is cancelled with `stop`, and
/// when the returned future is dropped: a request whose client has disconnected, a job whose process stops.
pub async fn run_blocking<T: Send + 'static>(
    stop: &CancellationToken,
    work: impl FnOnce(&CancellationToken) -> Result<T, AudioError> + Send + 'static,
) -> Result<T, AudioError> {
    let token = stop.child_token();
    let _cancel = token.clone().drop_guard();
    let done = tokio::task::spawn_blocking(move || work(&token)).await;
    done.map_err(|panic| AudioError::Damaged(panic.to_string()))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[tokio::test(flavor = "multi_thread")]
    async fn work_hears_that_nobody_waits_for_it() {
        let (ended, end) = channel();
        let (begun, beginning) = tokio::sync::oneshot::channel();
        let never = CancellationToken::new();
        let work = run_blocking(&never, move |stop| {
            begun.send(()).unwrap();
            while !stop.is_cancelled() {
                std::thread::yield_now();
            }
            ended.send(()).unwrap();
            Ok(())
        });
        tokio::select! {
            done = work => panic!("it ended by itself: {done:?}"),
            begun = beginning => begun.unwrap(),
        }
        end.recv_timeout(Duration::from_secs(30)).expect("the work ends with the future");
    }
}
