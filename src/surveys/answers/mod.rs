//! Answers: where one stands with a link, giving an answer, changing it, taking it back.
//!
//! A linked answer is a row beside its interaction. An apart answer touches nothing that belongs to the invitation: one
//! sealed record a question, under ids that only the token leads to, and a mark that the token is spent.

mod apart;
mod external;
mod kept;
mod linked;
mod lookup;
mod sealed;
mod store;
mod value;

pub(super) use apart::{ApartWrite, write_apart};
pub use external::{ExternalAnswer, ExternalAnswerError, GivenAnswer, STATEMENTS as ELSEWHERE_STATEMENTS, Subject};
pub(super) use kept::{KeptAnswer, admit};
pub(super) use linked::{LinkedWrite, write_linked};
pub(super) use lookup::{Lookups, start as start_lookups};
pub use sealed::{Origin, SealedAnswer, open_sealed};
pub(super) use store::reseal_comment;
pub(super) use store::{AnswerSource, Extra, extras, extremes, linked, linked_scores, purge_spent, renew_spent, ripen};
pub use store::{Linked, lock_answers};
pub use value::{MAX_COMMENT_CHARS, Missing, Value};
pub(super) use value::{accepted, chosen};

use super::definition::Question;
use super::{Offer, Surveys, Token, Version};
use crate::clock::Timestamp;
use crate::config::Choice;
use crate::database::{BatchError, DbError};
use crate::ids::{AgentId, InteractionId, TeamId};
pub(super) use sealed::Opened;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every statement of answers, for the test that prepares them on both databases.
pub(super) fn statements() -> Vec<(&'static str, crate::database::Sql)> {
    store::STATEMENTS.to_vec()
}

/// Maximum number of answers in one transaction.
pub(super) const MAX_BATCH: usize = 512;

/// What a transaction asks the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    /// Whether all were taken. Where not, nothing is written, and it is asked for each.
    All,
    /// Which were taken: a row of its own for each, which costs.
    Each,
}

/// What a batch says of each answer.
pub(super) type WriteResult = Result<Written, Arc<DbError>>;

/// What became of a write; the database decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is on disk.
    Stored,
    /// Too late: closed, counted, or answered the other way in the meantime.
    Refused,
}

/// A customer's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was answered, by question; texts are never empty.
    pub values: BTreeMap<Question, Value>,
    /// How it may be used.
    pub choice: Choice,
    /// May the comment be quoted?
    pub quote: bool,
}

impl Answer {
    /// An answer to the three questions that feed the ratings.
    pub fn rated(score: u8, resolved: Option<bool>, comment: Option<String>, choice: Choice) -> Self {
        let mut values = BTreeMap::from([(Question::Score, Value::Number(i64::from(score)))]);
        values.extend(resolved.map(|yes| (Question::Resolved, Value::Number(i64::from(yes)))));
        values.extend(comment.map(|text| (Question::Comment, Value::Text(text))));
        Self { values, choice, quote: false }
    }

    /// The number that was answered to a question.
    pub fn number(&self, question: &Question) -> Option<i64> {
        self.values.get(question).and_then(Value::number)
    }

    /// The text that was answered to a question.
    pub fn text(&self, question: &Question) -> Option<&str> {
        self.values.get(question).and_then(Value::text)
    }
}

/// What the page knows of the invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// What it is about.
    pub interaction: InteractionId,
    /// Who is rated.
    pub agent: Option<AgentId>,
    /// That agent's name.
    pub agent_name: Option<String>,
    /// The team.
    pub team: Option<TeamId>,
    /// What is asked, word for word.
    pub version: Arc<Version>,
    /// The language that the conversation was in, as the source says it.
    pub locale: Option<String>,
    /// What it was about, in a few words.
    pub topic: Option<String>,
    /// `call`, `chat`, …
    pub channel: String,
    /// When it was.
    pub occurred_at: Timestamp,
    /// When the mail with the link left; `None` for links that are older than this is kept.
    pub sent_at: Option<Timestamp>,
}

/// An answer that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The answer.
    pub answer: Answer,
    /// May it still be changed?
    pub changeable: bool,
}

/// Where one stands with a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// There is no such link.
    Unknown,
    /// Its time is over; whether it was answered is not told.
    Expired(Invited),
    /// Nobody has answered.
    Open(Invited),
    /// Answered, and not counted yet: it may be taken back, and for a while changed.
    Given(Invited, Given),
    /// Answered and counted. `rest`: a part of an apart answer is not counted yet, and may be taken back.
    Counted {
        /// The invitation.
        invited: Invited,
        /// Is there such a part?
        rest: bool,
    },
}

impl LinkState {
    /// The invitation, if there is such a link.
    pub fn invited(&self) -> Option<&Invited> {
        match self {
            Self::Unknown => None,
            Self::Expired(invited) | Self::Open(invited) | Self::Given(invited, _) | Self::Counted { invited, .. } => {
                Some(invited)
            }
        }
    }
}

/// Why an answer was not recorded, or not taken back.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AnswerError {
    /// There is no such link.
    #[error("there is no such survey")]
    Unknown,
    /// Its time is over.
    #[error("the survey has closed")]
    Expired,
    /// The time for changes is over.
    #[error("the time for changing the answer is over")]
    Used,
    /// It is part of a total already.
    #[error("the answer is counted already")]
    Counted,
    /// An apart answer never becomes a linked one.
    #[error("an answer that was kept apart stays apart")]
    NoWayBack,
    /// The choice is not on offer, and was not on the form that was sent.
    #[error("this choice is not offered")]
    NotOffered,
    /// A question that must be answered is not, or not like that.
    #[error("an answer is missing or is none")]
    Incomplete(#[from] Missing),
    /// The process stops; nothing was recorded.
    #[error(transparent)]
    Stopping(#[from] BatchError),
    /// The database did not answer.
    #[error(transparent)]
    Database(Arc<DbError>),
}

impl From<DbError> for AnswerError {
    fn from(error: DbError) -> Self {
        Self::Database(Arc::new(error))
    }
}

/// An invitation with what there is of an answer.
pub(super) struct Found {
    pub(super) invited: Invited,
    pub(super) open: bool,
    pub(super) apart: Vec<Opened>,
    spent: bool,
    pub(super) linked: Option<(Answer, Shelved)>,
}

/// How far a linked answer has come.
pub(super) struct Shelved {
    ripeness: i64,
    /// Is any question's answer part of a total?
    counted: bool,
}

impl Surveys {
    /// Where one stands with a link. Changes nothing.
    pub async fn standing(&self, token: &Token) -> Result<LinkState, DbError> {
        let Some(found) = self.find_by_token(token).await? else { return Ok(LinkState::Unknown) };
        Ok(self.judge(found))
    }

    pub(super) async fn find_by_token(&self, token: &Token) -> Result<Option<Found>, DbError> {
        let vault = &self.inner.vault;
        let link = lookup::Link::of(token, vault);
        let Some(row) = lookup::told(self.inner.lookups.submit(link).await)? else { return Ok(None) };
        let version = self.version(&row.survey).await?;
        let open = row.state != "closed" && row.expires_at > self.now();
        // Nothing of the mix leads back to a token that is not spent.
        if row.spent == 0 && row.linked().is_none() {
            let invited = row.invited(version);
            return Ok(Some(Found { invited, open, apart: Vec::new(), spent: false, linked: None }));
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
        Ok(Some(Found { invited: row.invited(version), open, apart, spent, linked }))
    }

    fn judge(&self, found: Found) -> LinkState {
        let ripe_at = self.ripe_at();
        let Found { invited, open, apart, spent, linked } = found;
        if !open {
            return LinkState::Expired(invited);
        }
        if spent {
            return match sealed::answer(&apart) {
                Some(answer) => {
                    let changeable = apart.iter().any(|part| part.is_anchor() && part.ripeness < ripe_at);
                    LinkState::Given(invited, Given { answer, changeable })
                }
                None => LinkState::Counted { invited, rest: !apart.is_empty() },
            };
        }
        match linked {
            None => LinkState::Open(invited),
            Some((_, shelved)) if shelved.counted => LinkState::Counted { invited, rest: false },
            Some((answer, shelved)) => {
                LinkState::Given(invited, Given { answer, changeable: shelved.ripeness < ripe_at })
            }
        }
    }

    /// Records an answer, or changes the one that is there. On disk when this returns.
    pub async fn answer(&self, token: &Token, answer: Answer) -> Result<Invited, AnswerError> {
        let standing = self.standing(token).await?;
        self.answer_from(token, standing, answer, Offer::of(&self.inner.settings)).await
    }

    /// The same for whoever has just looked where one stands; what has changed since, the database notices. `offer`: what the
    /// customer could choose from. The choice is recorded as it is, or not at all.
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
            LinkState::Given(_, given) if !given.changeable => return Err(AnswerError::Used),
            LinkState::Given(invited, given) => (invited, Some(given.answer.choice)),
            LinkState::Open(invited) => (invited, None),
        };
        let answer = Answer { values: value::accepted(&invited.version, answer.values)?, ..answer };
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
        LinkedWrite::put(invited, answer, marks, &self.now().month())
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

    /// An answer that is kept outside the mix until it is known whether a person gave it; apart, whatever was chosen.
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

    /// The last month in which an invitation that was made today can be open; tells no time of any one of them.
    async fn purge_month(&self) -> Result<String, DbError> {
        let (_, longest) = self.longest().await?;
        Ok(self.now().plus(longest).month())
    }

    /// Takes the answer back, or what is not counted of it. One that was not counted at all may be given anew.
    pub async fn withdraw(&self, token: &Token) -> Result<Invited, AnswerError> {
        let Some(found) = self.find_by_token(token).await? else { return Err(AnswerError::Unknown) };
        let apart: Vec<Question> = sealed::expected(&found.invited.version, &found.apart);
        match self.judge(found) {
            LinkState::Unknown => Err(AnswerError::Unknown),
            LinkState::Expired(_) => Err(AnswerError::Expired),
            LinkState::Open(invited) => Ok(invited),
            LinkState::Counted { rest: false, .. } => {
                // Where it was cut off between the answer and the quote, pressing once more ends it.
                self.drop_quote(token).await?;
                Err(AnswerError::Counted)
            }
            LinkState::Given(invited, Given { answer: Answer { choice: Choice::Linked, .. }, .. }) => {
                let remove = LinkedWrite::remove(&invited, i64::MAX);
                self.written(token, self.inner.linked.submit(remove).await?).await?;
                self.drop_quote(token).await?;
                Ok(invited)
            }
            LinkState::Given(invited, _) | LinkState::Counted { invited, .. } => {
                let withdraw = ApartWrite::withdraw(&self.inner.vault, token, &invited.version, &apart);
                self.written(token, self.inner.apart.submit(withdraw).await?).await?;
                self.drop_quote(token).await?;
                Ok(invited)
            }
        }
    }

    /// What a write means to the customer; where it was refused, why.
    async fn written(&self, token: &Token, result: WriteResult) -> Result<(), AnswerError> {
        match result {
            Ok(Written::Stored) => Ok(()),
            Err(error) => Err(AnswerError::Database(error)),
            Ok(Written::Refused) => Err(match self.standing(token).await? {
                LinkState::Unknown => AnswerError::Unknown,
                LinkState::Expired(_) => AnswerError::Expired,
                LinkState::Counted { .. } => AnswerError::Counted,
                LinkState::Open(_) | LinkState::Given(..) => AnswerError::Used,
            }),
        }
    }
}

/// Splits a batch so that nobody's answer stands twice in one statement; in order.
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
