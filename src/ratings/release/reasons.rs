//! Counts of exclusions by reason: a team's reasons are released when there are k of them; those that wait too long are
//! counted for the whole organisation, never alone.

use super::store::reasons::Waiting;
use super::{NewRelease, Releases, store};
use crate::database::DbError;
use crate::ids::{InteractionId, ReleaseId, TeamId};
use crate::ratings::Reason;
use std::collections::BTreeMap;

/// Question under which reasons are counted.
const QUESTION: &str = "excluded";
const DAY: i64 = 86_400_000;

impl Releases {
    /// Releases the reasons of which there are enough; returns the number of batches.
    pub(super) async fn release_reasons(&self) -> Result<usize, DbError> {
        let waiting = store::reasons::waiting(self.db.read().await?.conn()).await?;
        let mut teams: BTreeMap<Option<TeamId>, Vec<Waiting>> = BTreeMap::new();
        waiting.into_iter().for_each(|row| teams.entry(row.team_id.clone()).or_default().push(row));
        let old = self.clock.now().plus_ms(-i64::from(self.goes_up) * 31 * DAY);
        let (mut released, mut all) = (0, teams.remove(&None).unwrap_or_default());
        for (team, rows) in teams {
            if rows.len() >= self.k {
                released += usize::from(self.release_reason(team, &rows).await?);
            } else {
                all.extend(rows.into_iter().filter(|row| row.created_at <= old));
            }
        }
        if all.len() >= self.k {
            released += usize::from(self.release_reason(None, &all).await?);
        }
        Ok(released)
    }

    async fn release_reason(&self, team: Option<TeamId>, rows: &[Waiting]) -> Result<bool, DbError> {
        let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
        rows.iter()
            .filter_map(|row| Reason::known(&row.reason))
            .for_each(|r| *counts.entry(r.value()).or_default() += 1);
        let release = NewRelease {
            id: ReleaseId::random(),
            scope: if team.is_some() { "team" } else { "organisation" },
            agent: None,
            team,
            question: QUESTION.to_owned(),
            kind: "linked",
            month: self.month().to_string(),
            k: self.k,
            n: rows.len(),
            counts,
            comments: Vec::new(),
        };
        let ids: Vec<&InteractionId> = rows.iter().map(|row| &row.interaction_id).collect();
        let mut tx = self.db.begin().await?;
        if store::reasons::mark(tx.conn(), &ids, &release.id).await? < u64::try_from(rows.len()).unwrap_or(u64::MAX) {
            // A conversation was included again meanwhile: the next pass recounts.
            return Ok(false);
        }
        store::add(tx.conn(), &[release]).await?;
        tx.commit().await?;
        Ok(true)
    }
}
