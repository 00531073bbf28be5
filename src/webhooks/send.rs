//! Job that sends one delivery.

use super::sign::{Secret, sign};
use super::store::{self, ToSend};
use super::{KEPT_FOR, State, Webhooks};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::effects::{Actor, Effects, WEBHOOK};
use crate::ids::DeliveryId;
use crate::jobs::{Kind, Outcome, Running};
use futures_util::FutureExt;
use reqwest::{Client, redirect};
use std::time::Duration;

/// Pauses before the second attempt, the third, …; after the last the delivery has failed.
const PAUSES: [Duration; 8] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(14 * 3600),
    Duration::from_secs(20 * 3600),
];
/// Time without success after which a webhook is stopped.
const STOPPED_AFTER: Duration = Duration::from_secs(5 * 86_400);
/// Minimum and maximum wait of a delivery for another one of a failing webhook.
const WAIT: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));
/// Maximum time for a receiver's response.
const TIME_LIMIT: Duration = Duration::from_secs(15);
/// Maximum number of characters of a reason.
const MAX_REASON_CHARS: usize = 300;

/// Result of an attempt.
struct Tried {
    status: Option<u16>,
    /// Reason of the failure; `None` where it succeeded.
    error: Option<String>,
}

impl Tried {
    fn failed(why: impl Into<String>) -> Self {
        Self { status: None, error: Some(why.into().chars().take(MAX_REASON_CHARS).collect()) }
    }
}

impl Webhooks {
    /// Returns the kinds of job that this feature runs.
    pub fn jobs(&self) -> Vec<Kind> {
        let (sender, sweeper) = (self.clone(), self.clone());
        let deliver = move |job: Running| {
            let webhooks = sender.clone();
            async move {
                let Ok(id) = job.key.parse() else { return Outcome::GiveUp("the key is no delivery".into()) };
                webhooks.deliver(&id).await.unwrap_or_else(|error| Outcome::Retry(error.to_string()))
            }
        };
        let sweep = move |_| {
            let webhooks = sweeper.clone();
            async move { webhooks.sweep().await.map_or_else(|e| Outcome::Retry(e.to_string()), |()| Outcome::Done) }
        };
        vec![
            Kind::new(WEBHOOK, deliver).max_concurrent(8).urgent(2).fair().on_give_up(|conn, job| {
                async move {
                    match job.key.parse() {
                        Ok(id) => store::tried(conn, &id, "failed", None, Some(&job.why)).await.map(drop),
                        Err(_) => Ok(()),
                    }
                }
                .boxed()
            }),
            Kind::new("webhook.sweep", sweep).every(Duration::from_secs(6 * 3600)),
        ]
    }

    async fn sweep(&self) -> Result<(), DbError> {
        let mut tx = self.inner.db.begin().await?;
        store::sweep(tx.conn(), self.now().minus(KEPT_FOR)).await?;
        tx.commit().await
    }

    async fn deliver(&self, id: &DeliveryId) -> Result<Outcome, DbError> {
        let found = store::to_send(self.inner.db.read().await?.conn(), id).await?;
        let Some(what) = found else { return Ok(Outcome::Done) };
        let is_test = what.kind == super::TEST;
        let alone = what.failing_since.is_some() && !is_test;
        let Some(_place) = self.inner.under_way.enter(&what.webhook_id, alone) else {
            return Ok(Outcome::At(self.put_off(what.failing_since)));
        };
        // A test is sent whatever the webhook's state, so that a user can see whether it works again.
        let tried = if what.state == State::Active.code() || is_test {
            self.send(id, &what).await
        } else {
            Tried::failed("the webhook is stopped; send it again when it is active")
        };
        self.settle(id, &what, tried).await
    }

    /// Returns the time at which a delivery that waits for another one of a failing webhook is tried again: the longer
    /// the failure, the later.
    fn put_off(&self, failing_since: Option<Timestamp>) -> Timestamp {
        let now = self.now();
        let failed_for = failing_since.map_or(0, |since| now.ms_since(since).max(0));
        let tenth = Duration::from_millis(u64::try_from(failed_for / 10).unwrap_or_default());
        now.plus(tenth.clamp(WAIT.0, WAIT.1))
    }

    async fn send(&self, id: &DeliveryId, what: &ToSend) -> Tried {
        let url = match self.inner.allowed.check(&what.url) {
            Ok(url) => url,
            Err(error) => return Tried::failed(error.to_string()),
        };
        let reached = match self.inner.allowed.resolve(&url).await {
            Ok(reached) => reached,
            Err(error) => return Tried::failed(error.to_string()),
        };
        let secrets = self.secrets(what);
        if secrets.is_empty() {
            return Tried::failed("the webhook’s secret does not open with this key: rotate it");
        }
        let at = self.now().0 / 1000;
        let client = Client::builder()
            .user_agent(concat!("afterword/", env!("CARGO_PKG_VERSION")))
            // The target was checked; a redirect or a proxy would lead elsewhere.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .resolve_to_addrs(url.host_str().unwrap_or_default(), &reached)
            .timeout(TIME_LIMIT)
            .build();
        let client = match client {
            Ok(client) => client,
            Err(error) => return Tried::failed(error.to_string()),
        };
        let request = client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", id.as_str())
            .header("webhook-timestamp", at.to_string())
            .header("webhook-signature", sign(&secrets, id.as_str(), at, &what.body))
            .body(what.body.clone());
        match request.send().await {
            Ok(answer) => {
                let status = answer.status();
                let error = (!status.is_success()).then(|| format!("the receiver answered {status}"));
                Tried { status: Some(status.as_u16()), error }
            }
            Err(error) => Tried::failed(root(&error.without_url())),
        }
    }

    /// Returns the secrets, the newest first; the previous one as long as both sign.
    fn secrets(&self, what: &ToSend) -> Vec<Secret> {
        let old = what.old_secret.as_deref().filter(|_| what.old_until.is_some_and(|until| until > self.now()));
        let sealed = std::iter::once(what.secret.as_str()).chain(old);
        sealed.filter_map(|sealed| Secret::open(&self.inner.vault, sealed).ok()).collect()
    }

    async fn settle(&self, id: &DeliveryId, what: &ToSend, tried: Tried) -> Result<Outcome, DbError> {
        let now = self.now();
        let attempt = usize::try_from(what.attempts).unwrap_or(usize::MAX);
        // 410: the receiver wants no more deliveries.
        let gone = tried.status == Some(410);
        let next = PAUSES.get(attempt).filter(|_| tried.error.is_some() && !gone && what.state == State::Active.code());
        let state = match (&tried.error, next) {
            (None, _) => "delivered",
            (Some(_), Some(_)) => "waiting",
            (Some(_), None) => "failed",
        };
        let mut tx = self.inner.db.begin().await?;
        if !store::tried(tx.conn(), id, state, tried.status.map(i64::from), tried.error.as_deref()).await? {
            return Ok(Outcome::Done);
        }
        match &tried.error {
            None => store::went_well(tx.conn(), &what.webhook_id).await?,
            Some(why) => {
                store::went_wrong(tx.conn(), &what.webhook_id, now, why).await?;
                let since = if gone { now } else { now.minus(STOPPED_AFTER) };
                if store::stop(tx.conn(), &what.webhook_id, since).await? {
                    tracing::warn!("a webhook was stopped: nothing could be delivered to it for days");
                    let subject = format!("webhook:{}", what.webhook_id);
                    Effects::new().audit(&Actor::System, "webhook.stopped", subject, None).save(tx.conn(), now).await?;
                }
            }
        }
        tx.commit().await?;
        Ok(next.map_or(Outcome::Done, |pause| Outcome::At(now.plus(*pause))))
    }
}

/// Returns the root cause of an error: "connection refused" rather than "error sending request".
fn root(error: &reqwest::Error) -> String {
    let mut root: &dyn std::error::Error = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}
