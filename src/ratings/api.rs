//! Ratings over the API.

use super::{Comparison, Counts, FORMULA, Overview, Ratings, RatingsError, Reason, ResponseRate, Share};
use crate::access::rights::{LeaveOut, SeeRatings};
use crate::web::{Allowed, ApiError, JsonBody};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// Released ratings in totals, and exclusions from them.
    Ratings,
}

impl From<RatingsError> for ApiError {
    fn from(error: RatingsError) -> Self {
        match error {
            RatingsError::NotFound => Self::not_found("ratings_not_found", error.to_string()),
            RatingsError::Period(why) => Self::bad_request("bad_period", why.to_string()),
            RatingsError::Note => Self::bad_request("note_too_long", error.to_string()),
            RatingsError::Export(why) => Self::internal(&why),
            RatingsError::Database(inner) => inner.into(),
        }
    }
}

/// A share of answers with its 95 % confidence interval (Wilson score), 0 to 1.
#[derive(Debug, Object)]
#[oai(rename = "Share")]
struct ShareOut {
    /// Share of the answers.
    share: f64,
    /// Lower end of the interval.
    low: f64,
    /// Upper end of the interval.
    high: f64,
    /// Number of answers.
    answers: u64,
}

impl From<Share> for ShareOut {
    fn from(share: Share) -> Self {
        Self { share: share.value(), low: share.interval.low, high: share.interval.high, answers: share.n }
    }
}

/// Net promoter score with its 95 % confidence interval (adjusted Wald), -100 to 100 points.
#[derive(Debug, Object)]
#[oai(rename = "NetPromoterScore")]
struct NpsOut {
    /// Percentage of 9 and 10 minus percentage of 0 to 6.
    points: f64,
    /// Lower end of the interval.
    low: f64,
    /// Upper end of the interval.
    high: f64,
    /// Number of answers.
    answers: u64,
}

/// Number of interactions that were excluded for a reason.
#[derive(Debug, Object)]
#[oai(rename = "ExclusionCount")]
struct LeftOut {
    /// Reason.
    reason: String,
    /// Number of interactions.
    conversations: u64,
}

/// Totals over whole releases.
#[derive(Debug, Object)]
struct RatingFigures {
    /// Number of released answers to "how was it?"; 0 until enough have come together.
    answers: u64,
    /// CSAT: share of answers of 4 or 5; null until enough answers have come together.
    csat: Option<ShareOut>,
    /// Mean score, 1 to 5.
    mean: Option<f64>,
    /// Number of answers of 1, 2, 3, 4 and 5, in this order.
    distribution: Vec<u64>,
    /// Resolution rate: share of "yes" to "was it resolved?".
    resolved: Option<ShareOut>,
    /// NPS: "would you recommend us?", 0 to 10; null until enough answers have come together, or if no survey asks it.
    nps: Option<NpsOut>,
    /// CES: share of 5, 6 and 7 in answer to "was it easy?", 1 to 7; null as for `nps`.
    ces: Option<ShareOut>,
    /// Mean effort score, 1 to 7.
    ces_mean: Option<f64>,
    /// Number of answers that count only for the team, because too few came together for any one agent. 0 for an agent.
    untold: u64,
    /// Exclusions by reason; only for teams, since they are counted in batches of at least k.
    left_out: Vec<LeftOut>,
    /// Response rate: released answers per invitation of these months, rounded to tenths and at most 0.9, so that it never
    /// reveals that everybody answered.
    response_rate_about: Option<f64>,
    /// Comparison with the total of all others in this list: `open` (nothing to compare), `no_difference` (the intervals
    /// overlap: no significant difference), `above_others`, `below_others`.
    standing: String,
}

impl RatingFigures {
    fn new(counts: &Counts, untold: u64, standing: Comparison, response: Option<ResponseRate>) -> Self {
        let nps = counts.nps().map(|nps| {
            let (low, high) = nps.interval();
            NpsOut { points: nps.points(), low, high, answers: nps.n() }
        });
        let left_out = |(reason, conversations): (Reason, u64)| LeftOut { reason: reason.code().into(), conversations };
        Self {
            answers: counts.answers(),
            csat: counts.csat().map(ShareOut::from),
            mean: counts.mean(),
            distribution: counts.scores.to_vec(),
            resolved: counts.resolved().map(ShareOut::from),
            nps,
            ces: counts.ces().map(ShareOut::from),
            ces_mean: counts.mean_effort(),
            untold,
            left_out: counts.reasons().into_iter().map(left_out).collect(),
            response_rate_about: response.map(|rate| f64::from(rate.about_percent) / 100.0),
            standing: standing.code().to_owned(),
        }
    }
}

/// Ratings of an agent.
#[derive(Debug, Object)]
struct AgentRatings {
    /// Id of the agent.
    agent: String,
    /// Name.
    name: String,
    /// Id of the team.
    team: Option<String>,
    /// Name of the team.
    team_name: Option<String>,
    /// Figures.
    figures: RatingFigures,
}

/// Ratings of a team: releases about its agents and about the team as a whole.
#[derive(Debug, Object)]
struct TeamRatings {
    /// Id of the team.
    team: String,
    /// Name.
    name: String,
    /// Figures.
    figures: RatingFigures,
}

/// Ratings of a period by agent.
#[derive(Debug, Object)]
struct AgentRatingsList {
    /// First month: `2026-08`.
    from: String,
    /// Last month, inclusive.
    to: String,
    /// Formula of CSAT in words.
    formula: String,
    /// Agents by name; agents without released answers have 0 answers.
    items: Vec<AgentRatings>,
    /// Always null: the list is one page.
    next: Option<String>,
}

/// Ratings of a period by team.
#[derive(Debug, Object)]
struct TeamRatingsList {
    /// First month: `2026-08`.
    from: String,
    /// Last month, inclusive.
    to: String,
    /// Formula of CSAT in words.
    formula: String,
    /// Teams by name.
    items: Vec<TeamRatings>,
    /// Always null: the list is one page.
    next: Option<String>,
}

/// Reason for an exclusion.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum ExclusionReason {
    /// It is about somebody else.
    WrongAgent,
    /// The cause was outside the agent's control.
    OutsideMyHands,
    /// It insults.
    Abusive,
    /// It was no real conversation.
    Test,
    /// Another reason, in the note.
    Other,
}

impl From<ExclusionReason> for Reason {
    fn from(reason: ExclusionReason) -> Self {
        match reason {
            ExclusionReason::WrongAgent => Self::WrongAgent,
            ExclusionReason::OutsideMyHands => Self::OutsideMyHands,
            ExclusionReason::Abusive => Self::Abusive,
            ExclusionReason::Test => Self::Test,
            ExclusionReason::Other => Self::Other,
        }
    }
}

/// An exclusion of an interaction from the ratings.
#[derive(Debug, Object)]
struct NewExclusion {
    /// Reason.
    reason: ExclusionReason,
    /// Explanation for administrators and HR.
    note: Option<String>,
}

/// Nothing to say.
#[derive(Debug, ApiResponse)]
enum NoContent {
    /// Done.
    #[oai(status = 204)]
    Done,
}

fn example_from() -> Option<String> {
    Some("2026-08".into())
}

fn example_to() -> Option<String> {
    Some("2026-11".into())
}

/// The endpoints.
#[derive(Debug, Clone)]
pub struct Api {
    /// The service.
    pub ratings: Ratings,
}

impl Api {
    async fn overview(
        &self,
        who: &Allowed<SeeRatings>,
        from: Option<String>,
        to: Option<String>,
    ) -> Result<Overview, ApiError> {
        if [&from, &to].into_iter().flatten().any(String::is_empty) {
            return Err(ApiError::bad_request("bad_period", "A month is written as 2026-11."));
        }
        let period = self.ratings.period(&from.unwrap_or_default(), &to.unwrap_or_default())?;
        let overview = self.ratings.overview(who, period).await?;
        self.ratings.note_look(who, "ratings.viewed", "ratings", period).await?;
        Ok(overview)
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Ratings")]
impl Api {
    /// List ratings by agent
    ///
    /// Returns totals over whole releases of at least k answers, so that no figure reveals a single answer. HR, administrators
    /// and API keys see every agent, supervisors those of their teams, agents themselves. Each request is recorded in the audit
    /// log.
    #[oai(path = "/ratings/agents", method = "get", operation_id = "listAgentRatings")]
    async fn agents(
        &self,
        who: Allowed<SeeRatings>,
        /// First month; by default a year ago.
        #[oai(example = "example_from")]
        from: Query<Option<String>>,
        /// Last month, inclusive; by default the current month.
        #[oai(example = "example_to")]
        to: Query<Option<String>>,
    ) -> Result<Json<AgentRatingsList>, ApiError> {
        let overview = self.overview(&who, from.0, to.0).await?;
        let item = |line: super::AgentLine| AgentRatings {
            figures: RatingFigures::new(&line.counts, 0, line.standing, line.response),
            agent: line.agent.id.to_string(),
            name: line.agent.name,
            team: line.agent.team_id.map(|id| id.to_string()),
            team_name: line.agent.team_name,
        };
        let (from, to) = (overview.period.from().to_string(), overview.period.to().to_string());
        Ok(Json(AgentRatingsList {
            from,
            to,
            formula: FORMULA.into(),
            items: overview.agents.into_iter().map(item).collect(),
            next: None,
        }))
    }

    /// List ratings by team
    ///
    /// Returns totals over whole releases about the agents of a team and about the team as a whole. Agents see no team.
    #[oai(path = "/ratings/teams", method = "get", operation_id = "listTeamRatings")]
    async fn teams(
        &self,
        who: Allowed<SeeRatings>,
        /// First month; by default a year ago.
        #[oai(example = "example_from")]
        from: Query<Option<String>>,
        /// Last month, inclusive; by default the current month.
        #[oai(example = "example_to")]
        to: Query<Option<String>>,
    ) -> Result<Json<TeamRatingsList>, ApiError> {
        let overview = self.overview(&who, from.0, to.0).await?;
        let item = |line: super::TeamLine| TeamRatings {
            figures: RatingFigures::new(&line.counts, line.untold, line.standing, line.response),
            team: line.team.id.to_string(),
            name: line.team.name,
        };
        let (from, to) = (overview.period.from().to_string(), overview.period.to().to_string());
        Ok(Json(TeamRatingsList {
            from,
            to,
            formula: FORMULA.into(),
            items: overview.teams.into_iter().map(item).collect(),
            next: None,
        }))
    }

    /// Exclude an interaction from the ratings
    ///
    /// A linked answer to the interaction is not counted from now on; the request does not reveal whether there is one. Released
    /// figures are final and stay. Answers that are kept apart can't be excluded. Excluding an interaction again changes nothing.
    #[oai(path = "/ratings/exclusions/:interaction", method = "put", operation_id = "excludeInteraction")]
    async fn leave_out(
        &self,
        who: Allowed<LeaveOut>,
        /// Id of the interaction.
        interaction: Path<String>,
        body: JsonBody<NewExclusion>,
    ) -> Result<NoContent, ApiError> {
        let id = interaction.0.parse().map_err(|_| RatingsError::NotFound)?;
        let note = body.0.note.unwrap_or_default();
        self.ratings.exclude(&who, &id, body.0.reason.into(), &note).await?;
        Ok(NoContent::Done)
    }

    /// Include an excluded interaction again
    ///
    /// A linked answer that has not been counted is counted with the next release.
    #[oai(path = "/ratings/exclusions/:interaction", method = "delete", operation_id = "includeInteraction")]
    async fn let_in_again(
        &self,
        who: Allowed<LeaveOut>,
        /// Id of the interaction.
        interaction: Path<String>,
    ) -> Result<NoContent, ApiError> {
        let id = interaction.0.parse().map_err(|_| RatingsError::NotFound)?;
        self.ratings.include_again(&who, &id).await?;
        Ok(NoContent::Done)
    }
}
