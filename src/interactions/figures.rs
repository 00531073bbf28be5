//! Figures of an interaction for filtering and sorting lists. They are measured elsewhere, from transcripts and
//! messages; here they are kept in a narrow table, so that a list need not read transcripts.

use super::{Interaction, Interactions, store};
use crate::access::principal::Visible;
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::InteractionId;
use crate::paging::{Cursor, Page};

/// Figures of one interaction; `None`: unknown, which is not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Figures {
    /// Calls: longest silence, in ms.
    pub silence_ms: Option<i64>,
    /// Calls: number of interruptions.
    pub interruptions: Option<i64>,
    /// Calls: agent's share of the speaking time, in thousandths.
    pub agent_share: Option<i64>,
    /// Chats: time from the customer's first message to the first reply of a person, in ms.
    pub first_reply_ms: Option<i64>,
    /// Chats: longest wait of the customer for a reply, in ms; up to the chat's end if none came.
    pub unanswered_ms: Option<i64>,
    /// Chats: number of pressure messages, such as "Are you still there?".
    pub nags: Option<i64>,
}

/// Filter by figures; `None` matches everything, an unknown figure matches no filter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measured {
    /// Silence longer than this, in ms.
    pub silence_over_ms: Option<i64>,
    /// Minimum number of interruptions.
    pub interruptions_from: Option<i64>,
    /// Agent's share above this, in thousandths.
    pub agent_share_over: Option<i64>,
    /// Agent's share below this, in thousandths.
    pub agent_share_under: Option<i64>,
    /// First reply after more than this, in ms.
    pub first_reply_over_ms: Option<i64>,
    /// Wait longer than this, in ms.
    pub unanswered_over_ms: Option<i64>,
    /// Minimum number of pressure messages.
    pub nags_from: Option<i64>,
}

impl Measured {
    /// Whether it filters nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Sort key of a list, in descending order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// Time: newest first.
    #[default]
    Newest,
    /// Longest silence.
    Silence,
    /// Number of interruptions.
    Interruptions,
    /// Agent's share of the speaking time.
    AgentShare,
    /// Time to the first reply.
    FirstReply,
    /// Longest wait for a reply.
    Unanswered,
}

impl Sort {
    /// All sort keys.
    pub const ALL: [Self; 6] =
        [Self::Newest, Self::Silence, Self::Interruptions, Self::AgentShare, Self::FirstReply, Self::Unanswered];

    /// Returns the code for URLs.
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

    /// Returns the sort key with this code.
    pub fn known(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == text)
    }
}

/// An interaction in a sorted list.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Sorted {
    #[sqlx(flatten)]
    pub interaction: Interaction,
    /// Value of the sort key.
    pub sort_key: i64,
}

/// An interaction with notable figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notable {
    /// Id of the interaction.
    pub id: InteractionId,
    /// Figures of the interaction.
    pub figures: Figures,
}

/// Thresholds of notable figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// Minimum silence, in ms.
    pub silence_ms: i64,
    /// Minimum wait, in ms.
    pub unanswered_ms: i64,
    /// Start of the period.
    pub since: Timestamp,
}

impl Interactions {
    /// Returns interactions that have the figure of the sort key, largest first. The cursor's time is the figure.
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

    /// Returns the figures of these interactions; those without figures are left out.
    pub async fn figures(&self, ids: &[InteractionId]) -> Result<Vec<(InteractionId, Figures)>, DbError> {
        store::measured::of(self.inner.db.read().await?.conn(), ids).await
    }

    /// Returns interactions with notable figures that this viewer may see, newest first.
    pub async fn notable(&self, visible: &Visible, notice: Notice, most: i64) -> Result<Vec<Notable>, DbError> {
        store::measured::notable(self.inner.db.read().await?.conn(), visible, notice, most).await
    }
}

/// Stores the figures of an interaction in the caller's transaction; `None` removes them. Errors: [`DbError::Missing`]
/// if the interaction no longer exists.
pub async fn set_figures(conn: Conn<'_>, id: &InteractionId, figures: Option<&Figures>) -> Result<(), DbError> {
    match figures {
        Some(figures) => store::measured::set(conn, id, figures).await,
        None => store::measured::clear(conn, id).await,
    }
}
