//! Deliveries as real systems send them: out of order, with an address that comes late, and a chat that is reopened.

use crate::clock::Timestamp;
use crate::interactions::{CustomerIn, Intake, MessageIn, Phase};
use crate::staff::AgentRef;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Source of the calls.
const PHONE: &str = "phone";
/// Source of the chats.
const HELPDESK: &str = "helpdesk";
/// Work address of an agent of both systems.
const DANIEL: &str = "daniel@northwind.example";

/// Returns all deliveries, with the times at which they arrive.
pub(super) fn all(today: Timestamp) -> Vec<(Timestamp, Intake)> {
    let mut all = out_of_order(today.plus_ms(-50 * HOUR_MS));
    all.extend(late_address(today.plus_ms(-30 * HOUR_MS)));
    all.extend(reopened(today.plus_ms(-28 * HOUR_MS)));
    all
}

fn agent(source: &str, external_id: &str, name: &str) -> Option<AgentRef> {
    Some(AgentRef {
        source: source.into(),
        external_id: external_id.into(),
        name: Some(name.into()),
        ..AgentRef::default()
    })
}

fn customer(name: &str) -> CustomerIn {
    CustomerIn {
        email: Some(format!("{}.live@customers.example", name.to_lowercase())),
        name: Some(name.into()),
        locale: Some("en".into()),
        phone: None,
    }
}

/// The end of a call arrives first, then who answered, then the start.
fn out_of_order(start: Timestamp) -> Vec<(Timestamp, Intake)> {
    let event = |as_of: i64| Intake {
        source: PHONE.into(),
        external_id: "demo-order".into(),
        as_of: Some(start.plus_ms(as_of)),
        ..Intake::default()
    };
    let end = 7 * MINUTE_MS;
    let ended = Intake {
        phase: Some(Phase::Final),
        outcome: Some("answered".into()),
        ended_at: Some(start.plus_ms(end)),
        talk_ms: Some(5 * MINUTE_MS),
        tags: Some(vec!["change of address".into(), "order".into()]),
        customer: customer("Greta"),
        ..event(end)
    };
    let answered = Intake {
        answered_at: Some(start.plus_ms(2 * MINUTE_MS)),
        agent: agent(PHONE, "12", "Kevin Doyle"),
        team: Some("Orders".into()),
        tags: Some(vec!["order".into()]),
        ..event(2 * MINUTE_MS)
    };
    let started = Intake {
        channel: Some("call".into()),
        direction: Some("inbound".into()),
        phase: Some(Phase::InProgress),
        started_at: Some(start),
        queue: Some("main".into()),
        // A ringing telephone, not the one that was answered.
        agent: agent(PHONE, "11", "Alice Morgan"),
        ..event(0)
    };
    let arrival = |after: i64| start.plus_ms(end + after);
    vec![(arrival(1_000), ended), (arrival(2_000), answered), (arrival(3_000), started)]
}

/// The call is over; the customer database tells the address some minutes later.
fn late_address(start: Timestamp) -> Vec<(Timestamp, Intake)> {
    let end = start.plus_ms(6 * MINUTE_MS);
    let call = Intake { source: PHONE.into(), external_id: "demo-late".into(), ..Intake::default() };
    let ended = Intake {
        as_of: Some(end),
        channel: Some("call".into()),
        direction: Some("inbound".into()),
        phase: Some(Phase::Final),
        outcome: Some("answered".into()),
        started_at: Some(start),
        answered_at: Some(start.plus_ms(MINUTE_MS)),
        ended_at: Some(end),
        talk_ms: Some(5 * MINUTE_MS),
        agent: agent(PHONE, "14", "Priya Nair"),
        team: Some("Technical help".into()),
        topic: Some("router setup".into()),
        ..call.clone()
    };
    let address = Intake { as_of: Some(end), customer: customer("Ravi"), ..call };
    vec![(end, ended), (end.plus_ms(15 * MINUTE_MS), address)]
}

/// A chat is resolved, opened again the next day, and resolved again: two surveys may be due, under one history.
fn reopened(start: Timestamp) -> Vec<(Timestamp, Intake)> {
    let message = |id: &str, after: i64, from: &str, text: &str| MessageIn {
        id: Some(id.into()),
        at: Some(start.plus_ms(after)),
        from: from.into(),
        text: text.into(),
        private: false,
    };
    let first = vec![
        message("1", 0, "customer", "Hi, my invoice shows the old address."),
        message("2", MINUTE_MS, "agent", "I have corrected it. You get a new invoice today."),
        message("3", 2 * MINUTE_MS, "customer", "Great, thank you!"),
    ];
    let next = 22 * HOUR_MS;
    let note = MessageIn {
        private: true,
        ..message("5", next + MINUTE_MS, "agent", "The billing run ignored the correction; told Accounts.")
    };
    let again = vec![
        message("4", next, "customer", "The new invoice has the old address again."),
        note,
        message("6", next + 3 * MINUTE_MS, "agent", "I am sorry. I have sent it by hand now, and it is right."),
    ];
    let chat = |as_of: i64, phase: Phase, messages: Vec<MessageIn>| Intake {
        source: HELPDESK.into(),
        external_id: "demo-reopened".into(),
        as_of: Some(start.plus_ms(as_of)),
        channel: Some("chat".into()),
        direction: Some("inbound".into()),
        outcome: Some("answered".into()),
        phase: Some(phase),
        started_at: Some(start.plus_ms(if as_of < next { 0 } else { next })),
        ended_at: (phase == Phase::Final).then(|| start.plus_ms(as_of)),
        // The same person as agent 13 of the telephone system, by his work address.
        agent: agent(HELPDESK, "daniel", "Daniel Reyes")
            .map(|daniel| AgentRef { email: Some(DANIEL.into()), ..daniel }),
        team: Some("Accounts".into()),
        topic: Some("invoice".into()),
        customer: customer("Marta"),
        messages,
        ..Intake::default()
    };
    let events = [
        (3 * MINUTE_MS, Phase::Final, first),
        (next, Phase::InProgress, again[..1].to_vec()),
        (next + 5 * MINUTE_MS, Phase::Final, again),
    ];
    events.into_iter().map(|(at, phase, messages)| (start.plus_ms(at), chat(at, phase, messages))).collect()
}
