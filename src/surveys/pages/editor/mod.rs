//! Administration pages of surveys: `/surveys/{id}` and below. Every button belongs to a form, and every form first
//! saves the entered values.

mod edit;
mod form;
mod logo;
mod manage;
mod publish;
mod view;

use crate::access::rights::ManageSurveys;
use crate::surveys::editor::EditError;
use crate::web::page::sentence;
use crate::web::{PageError, Shell, SiteInfo, Viewer, get, post};
use poem::Route;

/// Adds the editor's pages.
pub fn routes(route: Route) -> Route {
    route
        .at("/surveys/new", post(manage::create))
        .at("/surveys/:id", get(edit::show).post(edit::save))
        .at("/surveys/:id/name", post(manage::rename))
        .at("/surveys/:id/copies", post(manage::duplicate))
        .at("/surveys/:id/archive", get(manage::ask_archive).post(manage::archive))
        .at("/surveys/:id/unarchive", post(manage::unarchive))
        .at("/surveys/:id/publish", get(publish::ask).post(publish::publish))
        .at("/surveys/:id/discard", post(publish::discard))
        .at("/surveys/:id/versions", get(publish::show_versions))
        .at("/surveys/:id/versions/:number/restore", post(publish::restore))
        .at("/surveys/:id/logo", post(logo::upload))
        .at("/logos/:name", get(logo::serve))
}

/// Messages after a redirect.
const DONE: &[(&str, &str)] = &[
    ("saved", "The draft is saved. Customers see it after you publish it."),
    ("not", "Nothing was changed: this is not possible here."),
    ("copied", "This is the copy. Customers see it after you publish it."),
    ("published", "The survey is published. From now on customers receive this version."),
    ("discarded", "The draft is discarded. The published version has not changed."),
    ("restored", "The old version is now the draft. Publish it to use it again."),
    ("renamed", "The survey is renamed. Customers never see the name."),
    ("logo", "The logo is in the draft."),
];

/// Query of a redirect.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct EditorQuery {
    did: String,
    part: String,
    language: String,
}

fn shell(who: &Viewer<ManageSurveys>, site: &SiteInfo, asked: &EditorQuery) -> Shell {
    let mut shell = Shell::new(who, site, "/surveys").with_flash(Some(&asked.did), DONE);
    if asked.did == "not"
        && let Some(flash) = &mut shell.flash
    {
        flash.kind = "bad";
    }
    shell
}

impl From<EditError> for PageError {
    fn from(error: EditError) -> Self {
        match error {
            EditError::NotFound => Self::NotFound,
            EditError::Database(inner) => inner.into(),
            other => Self::Refused(sentence(&format!("{other}."))),
        }
    }
}

/// A form that names the edition that it was made from.
#[derive(serde::Deserialize)]
struct Edition {
    edition: String,
}

impl Edition {
    fn number(&self) -> Result<i64, PageError> {
        self.edition.parse().map_err(|_| PageError::BadForm("it does not say which draft it is of".into()))
    }
}
