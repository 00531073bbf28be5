//! `/ratings`, the page of one agent or team, and the export for spreadsheets.

mod exclusions;
mod results;
mod views;

use super::{Period, Ratings, RatingsError, Table, to_csv};
use crate::access::Role;
use crate::access::rights::{LeaveOut, Right, SeeRatings};
use crate::ids::{AgentId, TeamId};
use crate::web::{PageError, Shell, SiteInfo, Viewer, csv, get, html, post, redirect};
use poem::web::{Data, Path, Query};
use poem::{Response, Route, handler};
use views::{ListPage, OnePage, Period as PeriodView};

/// Adds the pages of this feature.
pub fn routes(route: Route) -> Route {
    route
        .at("/ratings", get(list))
        .at("/ratings.csv", get(export))
        .at("/ratings/exclusions", get(exclusions::list).post(exclusions::leave_out))
        .at("/ratings/exclusions/:id/end", post(exclusions::let_in_again))
        .at("/surveys/:id/results", get(results::show_results))
        .at("/surveys/:id/results.csv", get(results::export_results))
        .at("/ratings/agents/:id", get(agent))
        .at("/ratings/teams/:id", get(team))
}

impl From<RatingsError> for PageError {
    fn from(error: RatingsError) -> Self {
        match error {
            RatingsError::NotFound => Self::NotFound,
            RatingsError::Period(why) => Self::BadForm(why.to_string()),
            RatingsError::Note => Self::Refused(error.to_string()),
            RatingsError::Export(why) => {
                tracing::error!(why, "ratings could not be exported");
                Self::Internal
            }
            RatingsError::Database(inner) => inner.into(),
        }
    }
}

/// Query of the filter form.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct RatingsQuery {
    from: String,
    to: String,
    /// `lower`: sorted by the lower end of the interval; otherwise by name.
    sort: String,
    /// Table of the file.
    of: String,
}

#[handler]
async fn list(
    who: Viewer<SeeRatings>,
    Data(site): Data<&SiteInfo>,
    Data(ratings): Data<&Ratings>,
    Query(asked): Query<RatingsQuery>,
) -> Result<Response, PageError> {
    let period = ratings.period(&asked.from, &asked.to)?;
    // Agents see only their own page of ratings.
    if let (Some(Role::Agent), Some(own)) = (who.role(), who.agent_id()) {
        return Ok(redirect(format!("/ratings/agents/{own}?{}", query(period))));
    }
    let overview = ratings.overview(&who, period).await?;
    ratings.note_look(&who, "ratings.viewed", "ratings", period).await?;
    let by_lower_end = asked.sort == "lower";
    let page = ListPage::new(Shell::new(&who, site, "/ratings"), overview, by_lower_end, ratings.k());
    Ok(html(&page.with_exclusions(LeaveOut::has(&who)).with_surveys(ratings.survey_names().await?)))
}

#[handler]
async fn agent(
    who: Viewer<SeeRatings>,
    Data(site): Data<&SiteInfo>,
    Data(ratings): Data<&Ratings>,
    Path(id): Path<String>,
    Query(asked): Query<RatingsQuery>,
) -> Result<Response, PageError> {
    let id: AgentId = id.parse().map_err(|_| PageError::NotFound)?;
    let period = ratings.period(&asked.from, &asked.to)?;
    let (agent, report) = ratings.agent(&who, &id, period).await?;
    ratings.note_look(&who, "ratings.viewed", &super::agent_subject(&id), period).await?;
    let own = who.agent_id() == Some(&agent.id);
    let page = OnePage::new(Shell::new(&who, site, "/ratings"), report, ratings.k());
    Ok(html(&page.of_agent(agent, own)))
}

#[handler]
async fn team(
    who: Viewer<SeeRatings>,
    Data(site): Data<&SiteInfo>,
    Data(ratings): Data<&Ratings>,
    Path(id): Path<String>,
    Query(asked): Query<RatingsQuery>,
) -> Result<Response, PageError> {
    let id: TeamId = id.parse().map_err(|_| PageError::NotFound)?;
    let period = ratings.period(&asked.from, &asked.to)?;
    let (team, report) = ratings.team(&who, &id, period).await?;
    ratings.note_look(&who, "ratings.viewed", &super::team_subject(&id), period).await?;
    let page = OnePage::new(Shell::new(&who, site, "/ratings"), report, ratings.k());
    Ok(html(&page.of_team(&team)))
}

#[handler]
async fn export(
    who: Viewer<SeeRatings>,
    Data(ratings): Data<&Ratings>,
    Query(asked): Query<RatingsQuery>,
) -> Result<Response, PageError> {
    let table = if asked.of.is_empty() { Table::Agents } else { Table::known(&asked.of).ok_or(PageError::NotFound)? };
    let period = ratings.period(&asked.from, &asked.to)?;
    let file = to_csv(&ratings.overview(&who, period).await?, table)?;
    ratings.note_look(&who, "ratings.exported", "ratings", period).await?;
    let name = format!("ratings-{}-{}-{}.csv", table.code(), period.from(), period.to());
    Ok(csv::attachment(&name, &file))
}

/// Returns the query for a period.
fn query(period: Period) -> String {
    let view = PeriodView::from(period);
    format!("from={}&to={}", view.from, view.to)
}
