//! Work of the demo's supervisors on the feedback of customers, by the same functions as in the service.

use super::history::DemoError;
use crate::access::principal::{Principal, PrincipalKind, Role};
use crate::app::App;
use crate::clock::{ManualClock, Timestamp};
use crate::followups::{Alert, Cause, Change, Outcome, Which};
use crate::interactions::Filter;
use crate::paging::Cursor;
use crate::responses::CallbackRequest;
use crate::staff::Account;
use std::time::Duration;

/// Root causes, in turns; most of them are not an agent's fault.
const ROOTS: [(Outcome, Cause, &str); 6] = [
    (Outcome::Solved, Cause::Delivery, "The parcel lay at a neighbour’s; the carrier leaves no cards."),
    (Outcome::Reached, Cause::Tool, "The order form lost the address twice that day."),
    (Outcome::NotReached, Cause::Delivery, ""),
    (Outcome::Solved, Cause::Process, "Refunds wait for a second signature; agreed a date."),
    (Outcome::NothingToDo, Cause::Product, ""),
    (Outcome::Reached, Cause::Agent, "Talked it through in the one-to-one."),
];
/// Age from which on follow-ups are done.
const SEEN_TO: Duration = Duration::from_secs(3 * 86_400);

/// Returns a customer's callback request.
pub(super) fn callback(name: &str, number: usize) -> CallbackRequest {
    CallbackRequest {
        name: format!("{name} Example"),
        reach: format!("+44 306 999 {:04}", number % 10_000),
        about: Some("My order still has not come. Please call in the evening.".into()),
    }
}

fn supervisors(accounts: Vec<Account>) -> impl Iterator<Item = Principal> {
    let supervisors = accounts.into_iter().filter(|account| account.role == Role::Supervisor);
    supervisors.map(|account| Principal {
        who: PrincipalKind::Staff { id: account.id, role: account.role, teams: account.teams, agent: None },
        name: account.name,
    })
}

/// Works on items of some days' age: follow-ups are closed, comments read, an agent commended, alerts enabled.
pub(super) async fn fill(app: &App, clock: &ManualClock, today: Timestamp) -> Result<(), DemoError> {
    let long_ago = app.clock.zone().day(today.minus(SEEN_TO));
    for who in supervisors(app.staff.accounts().await?) {
        app.followups.subscribe(&who, &Alert::ALL).await?;
        let open = app.followups.list(&who, Which::Open, &Cursor::start(), 500).await?.items;
        for (number, one) in open.into_iter().filter(|one| one.opened_on < long_ago).enumerate() {
            let opened = Timestamp::parse(&format!("{}T00:00:00Z", one.opened_on)).unwrap_or(today);
            clock.set(opened.plus(Duration::from_secs(34 * 3600)));
            let (outcome, cause, note) = ROOTS[number % ROOTS.len()];
            app.followups.change(&who, &one.id, Change::AssignToMe).await?;
            app.followups.change(&who, &one.id, Change::Finish { outcome, cause, note: note.into() }).await?;
        }
        clock.set(today);
        let unread = app.feedback.to_read(&who).await?;
        for one in unread.linked.into_iter().filter(|one| one.since < long_ago).skip(1) {
            app.feedback.read_linked(&who, &one.interaction).await?;
        }
        for (number, one) in unread.released.into_iter().enumerate() {
            match number % 8 {
                0 => {}
                1 if one.text.to_lowercase().contains("thank") => app.feedback.praise(&who, &one.id, true).await?,
                _ => app.feedback.read_released(&who, &one.id).await?,
            }
        }
        let own = app.interactions.list(&who.visible(), &Filter::default(), &Cursor::start(), 40).await?.items;
        for one in own.iter().filter(|one| one.agent_id.is_some()).skip(3).step_by(12) {
            let words = "You let them finish, said what you would do, and did it. Lovely to listen to.";
            app.feedback.commend(&who, &one.id, words).await?;
        }
    }
    Ok(())
}
