//! Figures about an interaction that lists are filtered and sorted by. They are measured elsewhere, from what was said or
//! written; here they are kept narrow, so that a list need not read transcripts.

use super::{Interaction, Interactions, store};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::web::principal::Visible;
use crate::web::{Cursor, Page};

/// The figures of one interaction; `None` everywhere: unknown, which is not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Figures {
    /// Calls: the longest stretch in which nobody spoke, ms.
    pub silence_ms: Option<i64>,
    /// Calls: how often one cut the other short.
    pub interruptions: Option<i64>,
    /// Calls: the agent's part of all speaking time, in thousandths.
    pub agent_share: Option<i64>,
    /// Chats: from the customer's first message to the first reply of a person, ms.
    pub first_reply_ms: Option<i64>,
    /// Chats: the longest that the customer waited for a reply, ms; to the chat's end where none came.
    pub unanswered_ms: Option<i64>,
    /// Chats: canned nags, such as "Are you still there?".
    pub nags: Option<i64>,
}

/// Which figures a list asks for; `None` lets everything through, what is unknown fits no question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measured {
    /// A silence longer than this, ms.
    pub silence_over_ms: Option<i64>,
    /// At least so many interruptions.
    pub interruptions_from: Option<i64>,
    /// The agent speaks more than this, in thousandths.
    pub agent_share_over: Option<i64>,
    /// The agent speaks less than this, in thousandths.
    pub agent_share_under: Option<i64>,
    /// A first reply after more than this, ms.
    pub first_reply_over_ms: Option<i64>,
    /// The customer waited longer than this, ms.
    pub unanswered_over_ms: Option<i64>,
    /// At least so many canned nags.
    pub nags_from: Option<i64>,
}

impl Measured {
    /// Does it ask for nothing?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a list is sorted by; the largest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// Time: the newest first.
    #[default]
    Newest,
    /// The longest silence.
    Silence,
    /// Interruptions.
    Interruptions,
    /// The agent's part of the speaking time.
    AgentShare,
    /// The first reply.
    FirstReply,
    /// The longest wait for a reply.
    Unanswered,
}

impl Sort {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Newest, Self::Silence, Self::Interruptions, Self::AgentShare, Self::FirstReply, Self::Unanswered];

    /// As it stands in URLs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Silence => "silence",
            Self::Interruptions => "interruptions",
            Self::AgentShare => "agent_share",
            Self::FirstReply => "first_reply",
            Self::Unanswered => "unanswered",
        }
    }

    /// The one of this code, if it is one.
    pub fn known(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == text)
    }
}

/// An interaction in a sorted list.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Sorted {
    #[sqlx(flatten)]
    pub interaction: Interaction,
    /// What it is sorted by.
    pub sort_key: i64,
}

/// An interaction whose figures stand out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notable {
    /// Which.
    pub id: InteractionId,
    /// Its figures.
    pub figures: Figures,
}

/// From where on figures stand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// A silence of so many ms.
    pub silence_ms: i64,
    /// A wait of so many ms.
    pub unanswered_ms: i64,
    /// Only interactions since then.
    pub since: Timestamp,
}

impl Interactions {
    /// Those that are sorted by a figure and have it, the largest first. The cursor's time is the figure.
    pub(super) async fn sorted(
        &self,
        visible: &Visible,
        filter: &super::Filter,
        from: &Cursor,
        size: usize,
    ) -> Result<Page<Interaction>, DbError> {
        let found =
            store::measured::sorted(self.inner.db.read().await?.conn(), visible, filter, from, size + 1).await?;
        let page = Page::from_surplus(found, size, |last: &Sorted| Cursor {
            at: Timestamp(last.sort_key),
            id: last.interaction.id.to_string(),
        });
        Ok(Page { items: page.items.into_iter().map(|one| one.interaction).collect(), next: page.next })
    }

    /// The figures of these interactions; those that have none are left out.
    pub async fn figures(&self, ids: &[InteractionId]) -> Result<Vec<(InteractionId, Figures)>, DbError> {
        store::measured::of(self.inner.db.read().await?.conn(), ids).await
    }

    /// Those whose figures stand out and that this viewer may see, newest first.
    pub async fn notable(&self, visible: &Visible, notice: Notice, most: i64) -> Result<Vec<Notable>, DbError> {
        store::measured::notable(self.inner.db.read().await?.conn(), visible, notice, most).await
    }
}

/// Notes the figures of an interaction in the caller's transaction; `None` takes them away.
/// [`DbError::Missing`] where the interaction is gone.
pub async fn set_figures(conn: Conn<'_>, id: &InteractionId, figures: Option<&Figures>) -> Result<(), DbError> {
    match figures {
        Some(figures) => store::measured::set(conn, id, figures).await,
        None => store::measured::clear(conn, id).await,
    }
}
