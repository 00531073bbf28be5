//! Answers: the state of a link; giving, changing and retracting an answer.
//!
//! A linked answer is a row beside its interaction. An apart answer touches nothing that belongs to the invitation: one
//! sealed record per question, under ids that only the token leads to, and a mark that the token is spent.

mod apart;
mod external;
mod kept;
mod linked;
mod lookup;
mod sealed;
mod store;

pub(super) use apart::{ApartWrite, write_apart};
pub use external::{ExternalAnswer, ExternalAnswerError, GivenAnswer, Subject};
pub(super) use kept::{KeptAnswer, admit};
pub(super) use linked::{LinkedWrite, write_linked};
pub(super) use lookup::{Lookups, start as start_lookups};
pub use sealed::{Origin, SealedAnswer, open_sealed};
pub(super) use store::reseal_comment;
pub(super) use store::{AnswerSource, Extra, extras, extremes, linked, linked_scores, purge_spent, renew_spent, ripen};
pub use store::{Linked, lock_answers};

use super::{Offer, Responses};
use crate::config::Choice;
use crate::database::{BatchError, DbError};
use crate::invitations::{Invited, Token};
use crate::surveys::{Missing, Question, Value, accepted_values};
pub(super) use sealed::Opened;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Maximum number of answers in one transaction.
pub(super) const MAX_BATCH: usize = 512;

/// Kind of result that a transaction asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    /// Only whether all were taken. If not, nothing is written, and each is asked separately.
    All,
    /// Each answer that was taken: costs a result row for each.
    Each,
}

/// Result of one write of a batch.
pub(super) type WriteResult = Result<Written, Arc<DbError>>;

/// Outcome of a write, as the database decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The answer is on disk.
    Stored,
    /// Too late: closed, counted, or answered the other way in the meantime.
    Refused,
}

/// A customer's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Values by question; texts are never empty.
    pub values: BTreeMap<Question, Value>,
    /// Choice of the customer: linked or apart.
    pub choice: Choice,
    /// Whether the comment may be quoted.
    pub quote: bool,
}

impl Answer {
    /// Returns an answer to the three questions that feed the ratings.
    pub fn rated(score: u8, resolved: Option<bool>, comment: Option<String>, choice: Choice) -> Self {
        let mut values = BTreeMap::from([(Question::Score, Value::Number(i64::from(score)))]);
        values.extend(resolved.map(|yes| (Question::Resolved, Value::Number(i64::from(yes)))));
        values.extend(comment.map(|text| (Question::Comment, Value::Text(text))));
        Self { values, choice, quote: false }
    }

    /// Returns the number that was answered to a question.
    pub fn number(&self, question: &Question) -> Option<i64> {
        self.values.get(question).and_then(Value::number)
    }

    /// Returns the text that was answered to a question.
    pub fn text(&self, question: &Question) -> Option<&str> {
        self.values.get(question).and_then(Value::text)
    }
}

/// A recorded answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The answer.
    pub answer: Answer,
    /// Whether it can still be changed.
    pub changeable: bool,
}

/// State of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// There is no such link.
    Unknown,
    /// The link has expired; whether it was answered is not revealed.
    Expired(Invited),
    /// Not answered.
    Open(Invited),
    /// Answered and not counted yet: can be retracted, and changed for a limited time.
    StoredAnswer(Invited, StoredAnswer),
    /// Answered and counted. `rest`: a part of an apart answer is not counted yet and can be retracted.
    Counted {
        /// The invitation.
        invited: Invited,
        /// Whether such a part exists.
        rest: bool,
    },
}

impl LinkState {
    /// Returns the invitation, if there is such a link.
    pub fn invited(&self) -> Option<&Invited> {
        match self {
            Self::Unknown => None,
            Self::Expired(invited)
            | Self::Open(invited)
            | Self::StoredAnswer(invited, _)
            | Self::Counted { invited, .. } => Some(invited),
        }
    }
}

/// Errors of recording or retracting an answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AnswerError {
    /// There is no such link.
    #[error("there is no such survey")]
    Unknown,
    /// The link has expired.
    #[error("the survey has closed")]
    Expired,
    /// The time for changes is over.
    #[error("the time for changing the answer is over")]
    Used,
    /// The answer is already counted.
    #[error("the answer is counted already")]
    Counted,
    /// An apart answer can't become a linked one.
    #[error("an answer that was kept apart stays apart")]
    NoWayBack,
    /// The choice is not offered, and was not on the form that was sent.
    #[error("this choice is not offered")]
    NotOffered,
    /// A required question is not answered, or not with a valid answer.
    #[error("an answer is missing or not valid")]
    Incomplete(#[from] Missing),
    /// The process is stopping; nothing was recorded.
    #[error(transparent)]
    Stopping(#[from] BatchError),
    /// The database failed.
    #[error(transparent)]
    Database(Arc<DbError>),
}

impl From<DbError> for AnswerError {
    fn from(error: DbError) -> Self {
        Self::Database(Arc::new(error))
    }
}

/// An invitation with its answer, as far as there is one.
pub(super) struct InvitationState {
    pub(super) invited: Invited,
    pub(super) open: bool,
    pub(super) apart: Vec<Opened>,
    spent: bool,
    pub(super) linked: Option<(Answer, Shelved)>,
}

/// Progress of a linked answer.
pub(super) struct Shelved {
    ripeness: i64,
    /// Whether any question's answer is counted.
    counted: bool,
}

impl Responses {
    /// Returns the state of a link. Changes nothing.
    pub async fn standing(&self, token: &Token) -> Result<LinkState, DbError> {
        let Some(found) = self.find_by_token(token).await? else { return Ok(LinkState::Unknown) };
        Ok(self.judge(found))
    }

    pub(super) async fn find_by_token(&self, token: &Token) -> Result<Option<InvitationState>, DbError> {
        let vault = &self.inner.vault;
        let link = lookup::Link::of(token, vault);
        let Some(row) = lookup::told(self.inner.lookups.submit(link).await)? else { return Ok(None) };
        let version = self.inner.surveys.version(&row.survey).await?;
        let open = row.state != "closed" && row.expires_at > self.now();
        // Nothing in the mix leads back to a token that is not spent.
        if row.spent == 0 && row.linked().is_none() {
            let invited = row.invited(version);
            return Ok(Some(InvitationState { invited, open, apart: Vec::new(), spent: false, linked: None }));
        }
        let mut reader = self.inner.db.read().await?;
        let ids =
            |question: Question| [token.mix_id(vault, question.code()), token.admitted_id(vault, question.code())];
        let mix: Vec<String> = version.questions().flat_map(|(_, question)| ids(question)).collect();
        let (sealed, spent) = store::in_the_mix(reader.conn(), &mix, &token.spent_id(vault)).await?;
        let apart = sealed.into_iter().filter_map(|row| Opened::open(vault, row)).collect();
        let linked = match row.linked() {
            None => None,
            Some((mut answer, mut shelved)) => {
                for extra in store::extras(reader.conn(), &row.interaction_id).await? {
                    shelved.counted |= extra.release.is_some();
                    answer.values.extend(extra.value());
                }
                Some((answer, shelved))
            }
        };
        Ok(Some(InvitationState { invited: row.invited(version), open, apart, spent, linked }))
    }

    fn judge(&self, found: InvitationState) -> LinkState {
        let ripe_at = self.ripe_at();
        let InvitationState { invited, open, apart, spent, linked } = found;
        if !open {
            return LinkState::Expired(invited);
        }
        if spent {
            return match sealed::answer(&apart) {
                Some(answer) => {
                    let changeable = apart.iter().any(|part| part.is_anchor() && part.ripeness < ripe_at);
                    LinkState::StoredAnswer(invited, StoredAnswer { answer, changeable })
                }
                None => LinkState::Counted { invited, rest: !apart.is_empty() },
            };
        }
        match linked {
            None => LinkState::Open(invited),
            Some((_, shelved)) if shelved.counted => LinkState::Counted { invited, rest: false },
            Some((answer, shelved)) => {
                LinkState::StoredAnswer(invited, StoredAnswer { answer, changeable: shelved.ripeness < ripe_at })
            }
        }
    }

    /// Records an answer, or changes the recorded one. It is on disk when this returns.
    pub async fn answer(&self, token: &Token, answer: Answer) -> Result<Invited, AnswerError> {
        let standing = self.standing(token).await?;
        self.answer_from(token, standing, answer, Offer::of(self.settings())).await
    }

    /// Records an answer for a caller that has just read the link's state; the database detects changes since then.
    /// `offer`: the choices that the customer had. The choice is recorded as it is, or not at all.
    pub async fn answer_from(
        &self,
        token: &Token,
        standing: LinkState,
        answer: Answer,
        offer: Offer,
    ) -> Result<Invited, AnswerError> {
        let (invited, before) = match standing {
            LinkState::Unknown => return Err(AnswerError::Unknown),
            LinkState::Expired(_) => return Err(AnswerError::Expired),
            LinkState::Counted { .. } => return Err(AnswerError::Counted),
            LinkState::StoredAnswer(_, given) if !given.changeable => return Err(AnswerError::Used),
            LinkState::StoredAnswer(invited, given) => (invited, Some(given.answer.choice)),
            LinkState::Open(invited) => (invited, None),
        };
        let answer = Answer { values: accepted_values(&invited.version, answer.values)?, ..answer };
        match (before, answer.choice) {
            (Some(Choice::Apart), Choice::Linked) => return Err(AnswerError::NoWayBack),
            (Some(Choice::Apart), Choice::Apart) => {}
            (_, choice) if !offer.has(choice) => return Err(AnswerError::NotOffered),
            _ => {}
        }
        let result = match answer.choice {
            Choice::Linked => {
                let put = self.linked_write(token, &invited, &answer, Origin::Mail, offer.k);
                self.inner.linked.submit(put).await?
            }
            Choice::Apart => {
                let put = self.apart_write(token, &invited, &answer, offer.k).await?;
                self.inner.apart.submit(put).await?
            }
        };
        self.written(token, result).await?;
        Ok(invited)
    }

    pub(super) fn linked_write(
        &self,
        token: &Token,
        invited: &Invited,
        answer: &Answer,
        origin: Origin,
        k: u32,
    ) -> LinkedWrite {
        let vault = &self.inner.vault;
        let quote = answer.quote.then(|| token.quote_id(vault, Choice::Linked));
        let marks = linked::Marks {
            spent: token.spent_id(vault),
            suspect: token.suspect_id(vault),
            person: token.person_id(vault),
            quote,
            promised: k,
            origin,
        };
        LinkedWrite::put(invited, answer, marks, &self.inner.clock.zone().month(self.now()))
    }

    async fn apart_write(
        &self,
        token: &Token,
        invited: &Invited,
        answer: &Answer,
        k: u32,
    ) -> Result<ApartWrite, DbError> {
        let (purge_month, promise) = (self.purge_month().await?, sealed::Promise { k, origin: Origin::Mail });
        let put = ApartWrite::put(&self.inner.vault, token, invited, answer, purge_month, promise);
        Ok(put.replacing(invited.interaction.clone()))
    }

    /// Returns an answer to hold outside the mix until it is known whether a person gave it; apart, whatever the choice
    /// was.
    pub(super) async fn kept_answer(
        &self,
        token: &Token,
        invited: &Invited,
        answer: &Answer,
        k: u32,
    ) -> Result<(KeptAnswer, String), DbError> {
        let (purge_month, promise) = (self.purge_month().await?, sealed::Promise { k, origin: Origin::Mail });
        let kept = KeptAnswer::new(&self.inner.vault, token, invited, answer, purge_month.clone(), promise);
        Ok((kept, purge_month))
    }

    /// Returns the last month in which an invitation made today can be open; reveals no time of any single invitation.
    async fn purge_month(&self) -> Result<String, DbError> {
        let last = self.now().plus(self.inner.invitations.spans().await?.open);
        Ok(self.inner.clock.zone().month(last))
    }

    /// Retracts the answer, or the part of it that is not counted. An answer that was not counted at all can be given
    /// again.
    pub async fn withdraw(&self, token: &Token) -> Result<Invited, AnswerError> {
        let Some(found) = self.find_by_token(token).await? else { return Err(AnswerError::Unknown) };
        let apart: Vec<Question> = sealed::expected(&found.invited.version, &found.apart);
        match self.judge(found) {
            LinkState::Unknown => Err(AnswerError::Unknown),
            LinkState::Expired(_) => Err(AnswerError::Expired),
            LinkState::Open(invited) => Ok(invited),
            LinkState::Counted { rest: false, .. } => {
                // If a crash separated answer and quote, a repeated retraction removes the quote.
                self.drop_quote(token).await?;
                Err(AnswerError::Counted)
            }
            LinkState::StoredAnswer(invited, StoredAnswer { answer: Answer { choice: Choice::Linked, .. }, .. }) => {
                let remove = LinkedWrite::remove(&invited, i64::MAX);
                self.written(token, self.inner.linked.submit(remove).await?).await?;
                self.drop_quote(token).await?;
                Ok(invited)
            }
            LinkState::StoredAnswer(invited, _) | LinkState::Counted { invited, .. } => {
                let withdraw = ApartWrite::withdraw(&self.inner.vault, token, &invited.version, &apart);
                self.written(token, self.inner.apart.submit(withdraw).await?).await?;
                self.drop_quote(token).await?;
                Ok(invited)
            }
        }
    }

    /// Converts the result of a write for the customer; if it was refused, with the reason.
    async fn written(&self, token: &Token, result: WriteResult) -> Result<(), AnswerError> {
        match result {
            Ok(Written::Stored) => Ok(()),
            Err(error) => Err(AnswerError::Database(error)),
            Ok(Written::Refused) => Err(match self.standing(token).await? {
                LinkState::Unknown => AnswerError::Unknown,
                LinkState::Expired(_) => AnswerError::Expired,
                LinkState::Counted { .. } => AnswerError::Counted,
                LinkState::Open(_) | LinkState::StoredAnswer(..) => AnswerError::Used,
            }),
        }
    }
}

/// Splits a batch so that each key occurs at most once per statement, in order.
fn rounds<T>(items: Vec<T>, key: impl Fn(&T) -> &str) -> Vec<Vec<(usize, T)>> {
    let mut seen = std::collections::HashMap::<String, usize>::new();
    let mut rounds: Vec<Vec<(usize, T)>> = Vec::new();
    for (place, item) in items.into_iter().enumerate() {
        let round = seen.entry(key(&item).to_owned()).and_modify(|round| *round += 1).or_insert(0);
        if *round == rounds.len() {
            rounds.push(Vec::new());
        }
        rounds[*round].push((place, item));
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::rounds;

    #[test]
    fn nobody_stands_twice_in_a_round() {
        let made = rounds(vec!["a1", "b1", "a2", "c1", "a3", "b2"], |item| &item[..1]);
        assert_eq!(made, [vec![(0, "a1"), (1, "b1"), (3, "c1")], vec![(2, "a2"), (5, "b2")], vec![(4, "a3")]]);
        assert!(rounds(Vec::<&str>::new(), |item| item).is_empty());
    }
}
