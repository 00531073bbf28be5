//! SMTP client and its pool of connections: each worker has its own connection, kept for the next mails.
//!
//! lettre's pool sends some twenty mails a second per connection for want of TCP_NODELAY, and gives few details of
//! failures; so the dialogue is implemented here, and lettre writes the mails. Encryption: `smtps://` from the first
//! byte, `smtp://` by STARTTLS where it is offered. Certificates are verified wherever a password is sent, with
//! `smtps`, and with `?tls=required`; otherwise STARTTLS is opportunistic as between mail servers. `?tls=off` disables
//! encryption.

mod connect;
mod connection;
mod framing;
mod reply;
pub(super) mod tls;

pub(super) use reply::Reply;

use super::delivery::SendQueue;
use super::outcome::SendError;
use super::{Settings, transport::Outgoing};
use connect::Address;
use connection::{Connection, Trouble};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

/// Maximum number of mails over one connection: servers limit them.
const MAX_MAILS_PER_CONNECTION: u32 = 500;
/// Idle time after which a connection is closed.
const STALE: Duration = Duration::from_secs(20);

/// Mail server.
pub(super) struct Smtp {
    address: Address,
    connections: usize,
    /// Permits for connections, shared by all batches.
    places: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Smtp {
    pub fn new(url: &Url, settings: &Settings) -> Self {
        let address = Address::new(url, settings.ca_file.as_deref(), settings.time_limit);
        let connections = settings.connections.max(1);
        Self { address, connections, places: Semaphore::new(connections), idle: Mutex::default() }
    }

    /// Sends the mails of the queue, over up to the maximum number of connections.
    pub async fn send_all(self: &Arc<Self>, feed: &Arc<SendQueue>) {
        let workers = self.connections.min(feed.waiting());
        let workers: Vec<_> = (0..workers)
            .map(|_| {
                let (server, feed) = (Arc::clone(self), Arc::clone(feed));
                tokio::spawn(async move { server.work(&feed).await })
            })
            .collect();
        for worker in workers {
            if let Err(panic) = worker.await {
                tracing::error!(%panic, "a mail worker broke off");
            }
        }
    }

    /// Checks that the server is reachable and accepts the credentials. Sends nothing.
    pub async fn try_out(&self) -> Result<(), String> {
        self.address.connect().await?.quit().await;
        Ok(())
    }

    /// Closes idle connections; does not block.
    pub fn tidy(&self) {
        let stale: Vec<_> = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.extract_if(.., |line| line.used.elapsed() > STALE).collect()
        };
        for line in stale {
            tokio::spawn(line.quit());
        }
    }

    /// Sends while there is mail. A worker that waits for a domain returns its permit and its connection meanwhile:
    /// another batch may have mail for other domains.
    async fn work(&self, feed: &SendQueue) {
        let mut can_send = true;
        while can_send && feed.has_next().await {
            let Ok(_place) = self.places.acquire().await else { return };
            let mut line = None;
            can_send = self.send_some(&mut line, feed).await;
            if let Some(line) = line {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        }
    }

    /// Sends the mails that may leave now; false where no connection is available.
    async fn send_some(&self, line: &mut Option<Connection>, feed: &SendQueue) -> bool {
        while let Some((letter, _slot)) = feed.next() {
            let outgoing = match feed.render(&letter) {
                Ok(outgoing) => outgoing,
                Err(why) => {
                    feed.done(letter, Err(why), None);
                    continue;
                }
            };
            match self.send(line, &outgoing).await {
                Ok(outcome) => feed.done(letter, outcome, Some(outgoing)),
                Err(why) => {
                    // Others may have a working connection; without any, the mails stay in the queue.
                    feed.put_back(letter, why);
                    return false;
                }
            }
        }
        true
    }

    /// Sends one mail, over the existing connection or a new one. Errors: no connection is available.
    async fn send(&self, line: &mut Option<Connection>, mail: &Outgoing) -> Result<Result<(), SendError>, String> {
        if line.as_ref().is_some_and(|line| line.mails >= MAX_MAILS_PER_CONNECTION)
            && let Some(old) = line.take()
        {
            old.quit().await;
        }
        if let Some(mut kept) = line.take().or_else(|| self.take_idle()) {
            match kept.send(mail).await {
                // The connection may just have expired: retried once, over a new one.
                Err(Trouble::Gone { handed_over: false, .. }) => {}
                outcome => return Ok(settle(line, kept, outcome)),
            }
        }
        let mut fresh = self.address.connect().await?;
        let outcome = fresh.send(mail).await;
        Ok(settle(line, fresh, outcome))
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle.pop_if(|line| line.used.elapsed() < STALE);
        if kept.is_none() {
            idle.clear();
        }
        kept
    }
}

/// Keeps a connection that can be used again.
fn settle(place: &mut Option<Connection>, line: Connection, outcome: Result<(), Trouble>) -> Result<(), SendError> {
    match outcome {
        Ok(()) => {
            *place = Some(line);
            Ok(())
        }
        Err(Trouble::Answered(error)) => {
            *place = Some(line);
            Err(error)
        }
        Err(Trouble::Gone { why, handed_over: true }) => Err(SendError::UncertainDelivery(why)),
        Err(Trouble::Gone { why, handed_over: false }) => Err(SendError::NotNow(why)),
    }
}
