//! Staff pages of surveys: the editor and the rules.

mod editor;
mod rules;

use poem::Route;

/// Adds the pages.
pub fn routes(route: Route) -> Route {
    rules::routes(editor::routes(route))
}
