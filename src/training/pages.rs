//! `/library`, a clip's page, `/learn`, and the forms for flagging, changing and finishing clips.

mod forms;
mod views;

use super::{ClipError, Search, Training};
use crate::access::rights::{Curate, Learn, Right};
use crate::ids::ClipId;
use crate::paging::Cursor;
use crate::web::{PageError, Shell, SiteInfo, Viewer, get, html, post};
use poem::web::{Data, Path, Query};
use poem::{Response, Route, handler};
use views::{ClipPage, LearnPage, LibraryPage};

/// Number of cards on a page of the library.
const SIZE: usize = 24;

/// Adds the pages of this feature.
pub fn routes(route: Route) -> Route {
    route
        .at("/library", get(library))
        .at("/library/:id", get(show).post(forms::change))
        .at("/library/:id/removal", post(forms::remove))
        .at("/library/:id/completion", post(forms::finish))
        .at("/interactions/:id/clips", post(forms::flag))
        .at("/learn", get(learn))
}

impl From<ClipError> for PageError {
    fn from(error: ClipError) -> Self {
        match error {
            ClipError::NotFound | ClipError::NoInteraction => Self::NotFound,
            ClipError::NotAPerson | ClipError::MasksStay => Self::Forbidden,
            ClipError::Database(inner) => inner.into(),
            refused @ (ClipError::BadTitle
            | ClipError::BadWhy
            | ClipError::BadSkills
            | ClipError::BadSpan(_)
            | ClipError::BadMasking(_)
            | ClipError::NoRecording) => Self::Refused(refused.to_string()),
        }
    }
}

/// Messages after a redirect.
const DID: &[(&str, &str)] = &[
    ("flagged", "The clip is in the library."),
    ("changed", "Saved."),
    ("restored", "The clip is in the library again."),
    ("finished", "Marked as finished."),
    ("unfinished", "Marked as not finished."),
];

/// Query of this feature's pages.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct LibraryQuery {
    q: String,
    skill: String,
    cursor: String,
    did: Option<String>,
    /// Id of the clip that was just removed, to restore it.
    removed: String,
}

pub(super) fn clip_id(text: &str) -> Result<ClipId, PageError> {
    text.parse().map_err(|_| PageError::NotFound)
}

#[handler]
async fn library(
    who: Viewer<Learn>,
    Data(site): Data<&SiteInfo>,
    Data(training): Data<&Training>,
    Query(asked): Query<LibraryQuery>,
) -> Result<Response, PageError> {
    let search = Search { words: asked.q, skill: asked.skill };
    let after: Option<Cursor> = asked.cursor.parse().ok();
    let found = training.library(&who, &search, after.as_ref().unwrap_or(&Cursor::start()), SIZE).await?;
    // The removal is shown only to those who can restore the clip.
    let removed = match asked.removed.parse::<ClipId>() {
        Ok(id) => training.find(&who, &id).await.ok().filter(|clip| clip.removed_at.is_some()),
        Err(_) => None,
    };
    let page = LibraryPage {
        page: Shell::new(&who, site, "/library"),
        cards: found.items.into_iter().map(Into::into).collect(),
        skills: training.skills().await?,
        newest: after.is_some().then(|| views::library_link(&search, None)),
        older: found.next.as_ref().map(|next| views::library_link(&search, Some(next))),
        removed,
        may_flag: Curate::has(&who),
        search,
    };
    Ok(html(&page))
}

#[handler]
async fn show(
    who: Viewer<Learn>,
    Data(site): Data<&SiteInfo>,
    Data(training): Data<&Training>,
    Path(id): Path<String>,
    Query(asked): Query<LibraryQuery>,
) -> Result<Response, PageError> {
    let clip = training.find(&who, &clip_id(&id)?).await?;
    let known = training.skills().await?;
    let page = Shell::new(&who, site, "/library").with_flash(asked.did.as_deref(), DID);
    Ok(html(&ClipPage::new(page, &who, clip, &known)))
}

#[handler]
async fn learn(
    who: Viewer<Learn>,
    Data(site): Data<&SiteInfo>,
    Data(training): Data<&Training>,
) -> Result<Response, PageError> {
    let progress = training.progress(&who).await?;
    Ok(html(&LearnPage::new(Shell::new(&who, site, "/learn"), progress)))
}
