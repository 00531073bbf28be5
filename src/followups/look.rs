//! Job that opens follow-ups: for linked answers that can't be changed any more, and once a day for callback requests.

use super::store::{self, NewFollowUp};
use super::{Alert, FollowUps, Reason};
use crate::clock::Timestamp;
use crate::database::{self, Conn, DbError};
use crate::effects::{Effects, Event};
use crate::ids::{FollowUpId, TeamId};
use crate::jobs::{Kind, Outcome};
use crate::responses::{self, DueCallback, NewQuote, Ripe};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// Maximum number of answers handled in one transaction.
const MAX_BATCH: usize = 200;
const RUN_INTERVAL: Duration = Duration::from_secs(300);
/// Key under which the database keeps the day on which callback requests were last handed over.
const HANDED: &str = "callback_requests_handed_off_on";
/// Key under which the database keeps the time of gathering the next callback requests, in milliseconds since 1970;
/// empty when there are none.
const GATHERED: &str = "callback_requests_gathered_at";

impl FollowUps {
    /// Returns the kinds of job of this feature.
    pub fn jobs(&self) -> Vec<Kind> {
        let followups = self.clone();
        let look = move |_| {
            let followups = followups.clone();
            async move { followups.look().await.map_or_else(|e| Outcome::Retry(e.to_string()), |()| Outcome::Done) }
        };
        vec![Kind::new("followup.look", look).every(RUN_INTERVAL)]
    }

    /// Runs once: handles new final answers, retracted ones, and, on a new day, callback requests and due erasures.
    pub async fn look(&self) -> Result<(), DbError> {
        while self.look_at_answers().await? == MAX_BATCH {}
        self.look_what_is_gone().await?;
        let today = self.today();
        if self.parts.db.meta(HANDED).await?.as_deref() != Some(today.as_str()) {
            self.erase_callbacks(&today).await?;
            self.gather_or_hand_over().await?;
        }
        Ok(())
    }

    /// Gathers callback requests on a new day, and hands them over when the last of them had its time for changes.
    async fn gather_or_hand_over(&self) -> Result<(), DbError> {
        let now = self.now();
        let known = self.parts.db.meta(GATHERED).await?.and_then(|text| text.parse().ok()).map(Timestamp);
        let gathered = match known {
            // A time in the future, from a clock that was ahead, would delay them until then.
            Some(at) if at <= now => at,
            _ => {
                let mut tx = self.parts.db.begin().await?;
                self.parts.responses.gather_callbacks(tx.conn()).await?;
                database::replace_meta(tx.conn(), GATHERED, &now.0.to_string()).await?;
                tx.commit().await?;
                now
            }
        };
        if now >= gathered.plus(self.parts.responses.gathered_for()) {
            self.hand_over_callbacks().await?;
        }
        Ok(())
    }

    /// Returns the number of answers.
    async fn look_at_answers(&self) -> Result<usize, DbError> {
        let now = self.now();
        let mut tx = self.parts.db.begin().await?;
        responses::lock_answers(tx.conn()).await?;
        let ripe = self.parts.responses.take_ripe(tx.conn(), &self.day(now), MAX_BATCH).await?;
        let mut effects = Effects::new().events(ripe.iter().map(linked));
        let mut alerted = BTreeSet::new();
        for answer in &ripe {
            self.keep_quote(tx.conn(), answer, now).await?;
            let low = answer.score.is_some_and(|score| score <= self.parts.settings.low_score);
            let Some(team) = answer.team.clone().filter(|_| low) else { continue };
            let new = self.new_follow_up(Reason::Score, Some(team.clone()), now);
            let new = NewFollowUp { interaction: Some(answer.interaction.clone()), agent: answer.agent.clone(), ..new };
            if store::add(tx.conn(), &new).await? {
                effects = effects.event(self.opened(&new));
                alerted.insert(Some(team));
            }
        }
        self.alert(tx.conn(), Alert::Score, &alerted, now).await?;
        effects.save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(ripe.len())
    }

    /// Keeps the comment as a quote, if its customer allows it.
    async fn keep_quote(&self, conn: Conn<'_>, answer: &Ripe, now: Timestamp) -> Result<(), DbError> {
        let (Some(id), Some(comment)) = (&answer.quote, &answer.comment) else { return Ok(()) };
        let (team, interaction) = (answer.team.as_ref(), Some(&answer.interaction));
        self.parts.responses.keep_quote(conn, &NewQuote { id, comment, team, interaction }, now).await
    }

    fn new_follow_up(&self, reason: Reason, team: Option<TeamId>, now: Timestamp) -> NewFollowUp {
        NewFollowUp {
            id: FollowUpId::random(),
            team,
            interaction: None,
            agent: None,
            reason: reason.code(),
            why: None,
            opened_on: self.day(now),
            due_on: self.day(now.plus(self.parts.settings.due)),
            callback: None,
        }
    }

    /// A retracted rating is no reason any more; actions on its follow-up stay.
    async fn look_what_is_gone(&self) -> Result<(), DbError> {
        let mut tx = self.parts.db.begin().await?;
        let open = store::by_score(tx.conn()).await?;
        for gone in responses::without_answer(tx.conn(), &open).await? {
            store::score_gone(tx.conn(), &gone).await?;
        }
        let callbacks = store::with_callback(tx.conn()).await?;
        for gone in responses::deleted_callbacks(tx.conn(), &callbacks).await? {
            store::close_retracted(tx.conn(), &gone, &self.today()).await?;
        }
        tx.commit().await
    }

    /// Hands all over once a day, together, in random order.
    async fn hand_over_callbacks(&self) -> Result<(), DbError> {
        let now = self.now();
        let mut tx = self.parts.db.begin().await?;
        responses::lock_answers(tx.conn()).await?;
        let callbacks = self.parts.responses.hand_over_callbacks(tx.conn(), &self.day(now)).await?;
        let mut effects = Effects::new();
        let mut alerted = BTreeSet::new();
        for callback in callbacks {
            let new = self.by_callback(callback, now);
            if store::add(tx.conn(), &new).await? {
                effects = effects.event(self.opened(&new));
                alerted.insert(new.team.clone());
            }
        }
        self.alert(tx.conn(), Alert::CallbackRequest, &alerted, now).await?;
        effects.save(tx.conn(), now).await?;
        // Later ones of this day wait for the next: the time of handing over reveals nothing about the time of the
        // request.
        database::replace_meta(tx.conn(), HANDED, &self.day(now)).await?;
        database::replace_meta(tx.conn(), GATHERED, "").await?;
        tx.commit().await
    }

    fn by_callback(&self, callback: DueCallback, now: Timestamp) -> NewFollowUp {
        // Requests without a team are visible to all supervisors; a conversation only to those of its team.
        let (joined, agent) = callback.team.as_ref().map_or((None, None), |_| (callback.joined, callback.agent));
        let new = self.new_follow_up(Reason::CallbackRequest, callback.team, now);
        NewFollowUp { interaction: joined, agent, callback: Some(callback.id), ..new }
    }

    async fn erase_callbacks(&self, today: &str) -> Result<(), DbError> {
        let mut tx = self.parts.db.begin().await?;
        for erased in responses::erase_callbacks(tx.conn(), today).await? {
            store::clear_erased(tx.conn(), &erased).await?;
        }
        tx.commit().await
    }

    /// Puts one mail for each subscriber of these teams into the outbox.
    async fn alert(
        &self,
        mut conn: Conn<'_>,
        alert: Alert,
        teams: &BTreeSet<Option<TeamId>>,
        now: Timestamp,
    ) -> Result<(), DbError> {
        if teams.is_empty() {
            return Ok(());
        }
        for mail in self.mails(conn.reborrow(), alert, teams).await? {
            self.parts.mail.enqueue(conn.reborrow(), &mail, now).await?;
        }
        Ok(())
    }
}

/// Returns the webhook event of a linked answer: only its existence. The content is for the supervisors of the team.
fn linked(answer: &Ripe) -> Event {
    let data = json!({ "interaction": { "id": answer.interaction, "team_id": answer.team } });
    Event { kind: "response.linked", subject: answer.interaction.to_string(), data, by_day: true }
}
