//! Transports of mail.

use super::Settings;
use super::delivery::SendQueue;
use super::file::Folder;
use super::smtp::Smtp;
use crate::clock::Timestamp;
use crate::config::MailUrl;
use std::sync::Arc;

/// A rendered mail with its envelope.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    /// Envelope sender.
    pub sender: String,
    /// Envelope recipient.
    pub recipient: String,
    pub bytes: Vec<u8>,
    pub created: Timestamp,
}

/// Transport of mail.
pub(super) enum Transport {
    /// None configured: mail is held.
    Hold,
    /// Files in a folder.
    Folder(Folder),
    /// Mail server.
    Smtp(Arc<Smtp>),
}

impl Transport {
    pub(super) fn new(settings: &Settings) -> Self {
        match &settings.url {
            MailUrl::Hold => Self::Hold,
            MailUrl::File(path) => Self::Folder(Folder::new(path.clone())),
            MailUrl::Smtp(url) => Self::Smtp(Arc::new(Smtp::new(url, settings))),
        }
    }

    /// Sends the mails of the queue, and reports the outcome of each to it.
    pub(super) async fn send_all(&self, feed: &Arc<SendQueue>) {
        match self {
            Self::Smtp(server) => server.send_all(feed).await,
            Self::Folder(folder) => {
                while feed.has_next().await {
                    while let Some((letter, _slot)) = feed.next() {
                        let outcome = match feed.render(&letter) {
                            Ok(outgoing) => folder.write(&letter.id, &outgoing).await,
                            Err(why) => Err(why),
                        };
                        feed.done(letter, outcome, None);
                    }
                }
            }
            Self::Hold => {
<<<<<<< HEAD
                if let Some((letter, _lane)) = feed.next() {
                    feed.put_back(letter, "no mail server is set up: set mail.url".into());
=======
                if let Some((letter, _slot)) = feed.next() {
                    feed.put_back(letter, "there is no way out: set mail.url".into());
>>>>>>> main
                }
            }
        }
    }

    /// Checks the transport; sends nothing. Errors: the reason in words.
    pub(super) async fn try_out(&self) -> Result<(), String> {
        match self {
            Self::Hold => Err("no mail server is set up: set mail.url".into()),
            Self::Folder(folder) => folder.try_out(),
            Self::Smtp(server) => server.try_out().await,
        }
    }

    /// Closes idle connections.
    pub(super) fn tidy(&self) {
        if let Self::Smtp(server) = self {
            server.tidy();
        }
    }
}
