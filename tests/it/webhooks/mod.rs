//! Webhooks: bodies, signatures, failures, and data that is never sent.

mod receiver;
mod sending;
mod told;

use crate::app::TestApp;
use afterword::config::Config;
use afterword::effects::Actor;
use afterword::ids::WebhookId;
use receiver::Receiver;

/// Returns every event.
fn all() -> Vec<String> {
    afterword::webhooks::EVENTS.iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// Allows webhooks to this machine, as an operator would.
fn local(config: &mut Config) {
    config.webhooks.allow = vec!["127.0.0.1".into()];
}

/// Creates a webhook to the receiver; returns its id and secret.
async fn hook(app: &TestApp, receiver: &Receiver, events: &[String]) -> (WebhookId, String) {
    let (made, secret) = app.app.webhooks.add(&receiver.url, "", events, &Actor::System).await.unwrap();
    (made.id, secret)
}
