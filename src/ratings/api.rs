//! Ratings over the API.

use super::{Comparison, Counts, FORMULA, Overview, Ratings, RatingsError, Reason, ResponseRate, Share};
use crate::access::rights::{LeaveOut, SeeRatings};
use crate::web::{Allowed, ApiError, JsonBody};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// What was answered, in sums of whole batches.
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

/// A share with its 95 % Wilson score interval, all between 0 and 1.
#[derive(Debug, Object)]
#[oai(rename = "Share")]
struct ShareOut {
    /// Hits per answer.
    share: f64,
    /// The interval's lower end.
    low: f64,
    /// The interval's upper end.
    high: f64,
    /// Answers behind it.
    answers: u64,
}

impl From<Share> for ShareOut {
    fn from(share: Share) -> Self {
        Self { share: share.value(), low: share.interval.low, high: share.interval.high, answers: share.n }
    }
}

/// The net promoter score, in points between -100 and 100.
#[derive(Debug, Object)]
#[oai(rename = "NetPromoterScore")]
struct NpsOut {
    /// Percent of 9 and 10 less percent of 0 to 6.
    points: f64,
    /// The lower end of its 95 % interval (adjusted Wald).
    low: f64,
    /// The upper end.
    high: f64,
    /// Answers behind it.
    answers: u64,
}

/// How many conversations were left out for a reason.
#[derive(Debug, Object)]
struct LeftOut {
    /// `wrong_agent`, `outside_my_hands`, `abusive`, `test` or `other`.
    reason: String,
    /// How many.
    conversations: u64,
}

/// Sums over whole releases.
#[derive(Debug, Object)]
struct RatingFigures {
    /// Released answers to "how was it?"; 0 while waiting for more.
    answers: u64,
    /// Share of answers of 4 or 5; null while waiting for more answers.
    csat: Option<ShareOut>,
    /// Mean of 1 to 5.
    mean: Option<f64>,
    /// How often 1, 2, 3, 4 and 5 were given, in this order.
    distribution: Vec<u64>,
    /// Share of "yes" to "was it resolved?".
    resolved: Option<ShareOut>,
    /// "Would you recommend us?", 0 to 10; null while waiting for answers, and where no survey asks.
    nps: Option<NpsOut>,
    /// Share of 5, 6 and 7 of "was it easy?", 1 to 7; null as above.
    ces: Option<ShareOut>,
    /// Mean of 1 to 7.
    ces_mean: Option<f64>,
    /// Answers among them that can't be told per agent, because too few came together for any one. Always 0 for an agent.
    untold: u64,
    /// Why conversations were left out; a team's reasons are counted k or more at a time, so that they are of teams only.
    left_out: Vec<LeftOut>,
    /// Released answers per invitation sent in these months, in tenths, never above 0.9: so that it does not say that
    /// everybody has answered.
    response_rate_about: Option<f64>,
    /// Beside the sum of all the others in this answer: `open` (nothing to compare), `no_difference` (the intervals
    /// overlap: no difference to be told), `above_others`, `below_others`.
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

/// An agent's ratings.
#[derive(Debug, Object)]
struct AgentRatings {
    /// The agent's id.
    agent: String,
    /// Name.
    name: String,
    /// The team's id.
    team: Option<String>,
    /// The team's name.
    team_name: Option<String>,
    /// The figures.
    figures: RatingFigures,
}

/// A team's ratings: the releases about its agents and those about the team as a whole.
#[derive(Debug, Object)]
struct TeamRatings {
    /// The team's id.
    team: String,
    /// Name.
    name: String,
    /// The figures.
    figures: RatingFigures,
}

/// Ratings of a period by agent.
#[derive(Debug, Object)]
struct AgentRatingsList {
    /// The first month, `2026-08`.
    from: String,
    /// The last month, included.
    to: String,
    /// How CSAT is made.
    formula: String,
    /// By name; agents of whom nothing was released are there, with 0 answers.
    items: Vec<AgentRatings>,
}

/// Ratings of a period by team.
#[derive(Debug, Object)]
struct TeamRatingsList {
    /// The first month, `2026-08`.
    from: String,
    /// The last month, included.
    to: String,
    /// How CSAT is made.
    formula: String,
    /// By name.
    items: Vec<TeamRatings>,
}

/// Why a conversation is left out.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum ExclusionReason {
    /// It is about somebody else.
    WrongAgent,
    /// What it is about was in nobody's hands at the desk.
    OutsideMyHands,
    /// It insults.
    Abusive,
    /// It was no real conversation.
    Test,
    /// What the note says.
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

/// Leave a conversation out.
#[derive(Debug, Object)]
struct NewExclusion {
    /// Why.
    reason: ExclusionReason,
    /// In your words, at most 500 characters; administrators and HR read it.
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
    /// Ratings by agent
    ///
    /// Sums over whole releases of at least k answers, whatever the filter: nothing here tells a single answer. HR,
    /// administrators and keys see every agent, supervisors those of their teams, agents themselves. Each call is noted
    /// in the audit log.
    #[oai(path = "/ratings/agents", method = "get", operation_id = "listAgentRatings")]
    async fn agents(
        &self,
        who: Allowed<SeeRatings>,
        /// The first month; a year back where nothing is said.
        #[oai(example = "example_from")]
        from: Query<Option<String>>,
        /// The last month, included; this month where nothing is said.
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
        }))
    }

    /// Ratings by team
    ///
    /// As by agent, and with what was released for a team as a whole because it was too little for a single agent.
    /// Agents see no team.
    #[oai(path = "/ratings/teams", method = "get", operation_id = "listTeamRatings")]
    async fn teams(
        &self,
        who: Allowed<SeeRatings>,
        /// The first month; a year back where nothing is said.
        #[oai(example = "example_from")]
        from: Query<Option<String>>,
        /// The last month, included; this month where nothing is said.
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
        }))
    }

    /// Leave a conversation out
    ///
    /// Its linked answer, if there is or will be one, is not counted from now on; whoever asks does not learn whether there is.
    /// What was counted already stays: released figures are final. Apart answers can't be left out: nobody knows whose they
    /// are. A conversation that is left out already stays as it is.
    #[oai(path = "/ratings/exclusions/:interaction", method = "put", operation_id = "leaveOut")]
    async fn leave_out(
        &self,
        who: Allowed<LeaveOut>,
        /// The conversation's id.
        interaction: Path<String>,
        body: JsonBody<NewExclusion>,
    ) -> Result<NoContent, ApiError> {
        let id = interaction.0.parse().map_err(|_| RatingsError::NotFound)?;
        let note = body.0.note.unwrap_or_default();
        self.ratings.exclude(&who, &id, body.0.reason.into(), &note).await?;
        Ok(NoContent::Done)
    }

    /// Let a conversation in again
    ///
    /// Its linked answer, where it was not counted before, is counted with the next release of its pool.
    #[oai(path = "/ratings/exclusions/:interaction", method = "delete", operation_id = "letInAgain")]
    async fn let_in_again(
        &self,
        who: Allowed<LeaveOut>,
        /// The conversation's id.
        interaction: Path<String>,
    ) -> Result<NoContent, ApiError> {
        let id = interaction.0.parse().map_err(|_| RatingsError::NotFound)?;
        self.ratings.include_again(&who, &id).await?;
        Ok(NoContent::Done)
    }
}
