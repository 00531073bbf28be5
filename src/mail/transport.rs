//! The ways out.

use super::Settings;
use super::file::Folder;
use super::smtp::Smtp;
use crate::clock::Timestamp;
use crate::config::MailUrl;
use crate::ids::MailId;
use lettre::address::Envelope;

/// A mail as it leaves.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub envelope: Envelope,
    pub bytes: Vec<u8>,
    pub created: Timestamp,
}

/// Why a mail has not left. Texts hold no addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum SendError {
    /// It will not be taken, however often it is tried.
    #[error("{0}")]
    Refused(String),
    /// It was not taken this time.
    #[error("{0}")]
    NotNow(String),
    /// The connection broke when the whole mail had been handed over: it may have been taken.
    #[error("{0}")]
    Unsure(String),
}

/// A way out.
pub(super) enum Transport {
    /// None yet: mail is kept.
    Hold,
    /// Files in a folder.
    Folder(Folder),
    /// A mail server.
    Smtp(Box<Smtp>),
}

impl Transport {
    pub(super) fn new(settings: &Settings) -> Self {
        match &settings.url {
            MailUrl::Hold => Self::Hold,
            MailUrl::File(path) => Self::Folder(Folder::new(path.clone())),
            MailUrl::Smtp(url) => Self::Smtp(Box::new(Smtp::new(url, settings.time_limit))),
        }
    }

    /// How many mails leave at once.
    pub(super) fn lanes(&self) -> usize {
        match self {
            Self::Hold | Self::Folder(_) => 2,
            Self::Smtp(_) => 8,
        }
    }

    pub(super) async fn send(&self, id: &MailId, mail: &Outgoing) -> Result<(), SendError> {
        match self {
            Self::Hold => Err(SendError::NotNow("there is no way out: set mail.url".into())),
            Self::Folder(folder) => folder.write(id, mail).await,
            Self::Smtp(server) => server.send(mail).await,
        }
    }
}
