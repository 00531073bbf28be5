//! Pages of the desk.

mod admin;
mod agents;
mod delivery;
mod demo;
mod figures_query;
mod home;
mod intake;
mod interaction;
mod list;
mod outbox;
mod parts;
mod search;
mod skipped;
mod surveys;
mod timeline;
mod warnings;
mod words;

use crate::staff::StaffError;
use crate::training::ClipError;
use crate::web::{PageError, get, post};
use poem::Route;

/// Adds the pages of this feature.
pub fn routes(route: Route) -> Route {
    route
        .at("/", get(home::show_desk))
        .at("/interactions", get(list::show_list))
        .at("/interactions/:id", get(interaction::show_interaction))
        .at("/search", get(search::show_search))
        .at("/surveys", get(surveys::show_surveys))
        .at("/admin", get(admin::show_index))
        .at("/admin/agents", get(agents::show_agents).post(agents::save_agent))
        .at("/admin/agents/:id", get(agents::show_agent))
        .at("/admin/agents/:id/merge", get(agents::ask_merge))
        .at("/admin/agents/:id/merges", post(agents::merge_agents))
        .at("/admin/agents/:id/merges/:merge/undo", post(agents::undo_merge))
        .at("/admin/agents/:id/identities/:identity/split", post(agents::split_identity))
        .at("/admin/work", get(admin::show_work))
        .at("/admin/work/:id/retry", post(admin::retry_job))
        .at("/admin/mail", get(outbox::show_outbox))
        .at("/admin/mail/held/delivery", post(outbox::release_held))
        .at("/admin/mail/stop/attempt", post(outbox::go_on))
        .at("/admin/mail/:id", get(outbox::preview_mail))
        .at("/admin/mail/:id/retry", post(outbox::retry_mail))
        .at("/admin/delivery", get(delivery::show_delivery))
        .at("/admin/delivery/retry", get(delivery::ask_retry).post(delivery::retry_all))
        .at("/admin/delivery/trial", post(delivery::send_test_mail))
        .at("/admin/skipped", get(skipped::show_skipped))
        .at("/admin/warnings", get(warnings::show_warnings))
        .at("/admin/skipped.csv", get(skipped::export_skipped))
        .at("/admin/model", get(admin::show_model))
        .at("/admin/configuration", get(admin::show_configuration))
        .at("/demo", get(demo::show_steps))
        .at("/demo/mail", get(demo::show_mailbox))
        .at("/demo/mail/:id", get(demo::read_mail))
        .at("/demo/mail/:id/html", get(demo::show_html))
        .at("/demo/components", get(demo::show_components))
}

/// Converts an error of the clips that are shown on another page.
fn clips_failed(error: ClipError) -> PageError {
    error.into()
}

/// Converts an error of the folder of captured mail.
fn unreadable(error: std::io::Error) -> PageError {
    tracing::error!(%error, "the captured mail can't be read");
    PageError::Internal
}

/// Converts an error of reading accounts, which fails only in the database.
fn unreachable_staff(error: StaffError) -> PageError {
    error.into()
}
