//! Ripe answers, for the ratings feature: read page by page, and marked (linked) or removed from the mix (apart) in the
//! transaction of the release that counts them. A caller that writes holds [`super::lock_answers`].

mod store;

pub use store::{
    LinkedAnswer, RipeExtra, RipeLinked, RipeSealed, linked_answers, mark_released, remove_released, ripe_extras,
    ripe_linked, ripe_sealed, sealed_answers,
};

use crate::surveys::Question;

impl RipeLinked {
    /// Returns the questions that are not counted.
    pub fn waiting(&self) -> impl Iterator<Item = Question> {
        let all =
            [(Question::Score, self.score), (Question::Resolved, self.resolved), (Question::Comment, self.comment)];
        all.into_iter().filter(|(_, waits)| *waits == 1).map(|(question, _)| question)
    }
}
