//! Measures of a chat, from its messages: the customer's waiting times.

use super::courtesy::needs_no_reply;
use super::nags::is_nag;
use crate::clock::Timestamp;
use crate::interactions::{Message, Sender};
use crate::training::moments;

/// Measures of a chat.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ChatMeasures {
    /// Number of messages by sender.
    pub messages: Sides,
    /// From the customer's first message to the first reply of a person, ms; `None`: no reply, or a time is missing.
    pub first_reply_ms: Option<i64>,
    /// Median time to a reply, ms.
    pub median_reply_ms: Option<i64>,
    /// Longest wait for a reply.
    pub longest_wait: Option<Wait>,
    /// Every wait of known length, in order.
    pub waits: Vec<Wait>,
    /// Pressure messages.
    pub nags: Vec<Nag>,
}

/// Number of messages by sender.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sides {
    /// Messages of the customer.
    pub customer: i64,
    /// Messages of a person on the company's side.
    pub agent: i64,
    /// Messages of a program.
    pub bot: i64,
    /// Messages of the chat system.
    pub system: i64,
    /// Messages of other senders.
    pub other: i64,
}

/// A wait of the customer for a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Wait {
    /// Index of the message that waited, from 0.
    pub seq: i64,
    /// Position on the page, ms since the first message.
    pub start_ms: i64,
    /// Length, ms.
    pub ms: i64,
    /// Whether a reply came; else it lasted to the end.
    pub answered: bool,
}

/// A pressure message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Nag {
    /// Index of the message, from 0.
    pub seq: i64,
    /// Position on the page, ms since the first message.
    pub start_ms: i64,
}

/// Messages of the customer that wait for a reply.
struct Open {
    seq: i64,
    start_ms: i64,
    at: Option<Timestamp>,
    /// Whether they are only thanks and farewells.
    courtesies: bool,
}

/// Measures a chat, without its notes among staff. `ended_at`: its end; `has_agent`: whether a person was in charge of it, even one who wrote nothing.
pub fn measure(messages: &[Message], ended_at: Option<Timestamp>, has_agent: bool) -> ChatMeasures {
    let with_notes = messages.iter().zip(moments(messages)).map(|(m, (start, _))| (m, start));
    let placed: Vec<(&Message, i64)> = with_notes.filter(|(m, _)| !m.private).collect();
    let written: Vec<Message> = placed.iter().map(|(m, _)| (*m).clone()).collect();
    let messages = written.as_slice();
    let nag = |m: &Message| m.sender != Sender::Customer && is_nag(&m.text);
    let nags: Vec<Nag> =
        placed.iter().filter(|(m, _)| nag(m)).map(|(m, start_ms)| Nag { seq: m.seq, start_ms: *start_ms }).collect();
    let is_reply = |m: &Message| m.sender == Sender::Agent && !nags.iter().any(|nag| nag.seq == m.seq);
    let sides = sides(messages);
    // Where only a bot was in charge, there was no person to wait for.
    let waits =
        if sides.agent > 0 || has_agent { waits(&placed, is_reply, end(messages, ended_at)) } else { Vec::new() };
    let mut replies: Vec<i64> = waits.iter().filter(|wait| wait.answered).map(|wait| wait.ms).collect();
    ChatMeasures {
        messages: sides,
        first_reply_ms: first_reply(messages, is_reply),
        median_reply_ms: median(&mut replies),
        longest_wait: waits.iter().copied().rev().max_by_key(|wait| wait.ms),
        waits,
        nags,
    }
}

fn sides(messages: &[Message]) -> Sides {
    let of = |sender| i64::try_from(messages.iter().filter(|m| m.sender == sender).count()).unwrap_or(i64::MAX);
    Sides {
        customer: of(Sender::Customer),
        agent: of(Sender::Agent),
        bot: of(Sender::Bot),
        system: of(Sender::System),
        other: of(Sender::Other),
    }
}

/// Returns the end of the chat, where known.
fn end(messages: &[Message], ended_at: Option<Timestamp>) -> Option<Timestamp> {
    messages.iter().filter_map(|m| m.at).chain(ended_at).max()
}

/// Returns the time from one time to a later one; `None` where the clock went back.
fn since(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<i64> {
    Some(to?.ms_since(from?)).filter(|ms| *ms >= 0)
}

fn first_reply(messages: &[Message], is_reply: impl Fn(&Message) -> bool) -> Option<i64> {
    let asked = messages.iter().position(|m| m.sender == Sender::Customer)?;
    let reply = messages[asked..].iter().find(|m| is_reply(m))?;
    since(messages[asked].at, reply.at)
}

/// Returns the waits, from the first message that needs a reply, to the reply or the end.
fn waits(placed: &[(&Message, i64)], is_reply: impl Fn(&Message) -> bool, end: Option<Timestamp>) -> Vec<Wait> {
    let mut waits = Vec::new();
    let mut open: Option<Open> = None;
    for (message, start_ms) in placed {
        if message.sender == Sender::Customer {
            let courtesy = needs_no_reply(&message.text);
            match &mut open {
                // A message that needs a reply counts from its own time, not from the thanks before it.
                Some(waiting) if waiting.courtesies && !courtesy => *waiting = opened(message, *start_ms, courtesy),
                Some(_) => {}
                None => open = Some(opened(message, *start_ms, courtesy)),
            }
        } else if is_reply(message) {
            waits.extend(open.take().and_then(|waiting| closed(&waiting, message.at, true)));
        }
    }
    // Thanks at the end wait for nothing.
    waits.extend(open.filter(|waiting| !waiting.courtesies).and_then(|waiting| closed(&waiting, end, false)));
    waits
}

fn opened(message: &Message, start_ms: i64, courtesies: bool) -> Open {
    Open { seq: message.seq, start_ms, at: message.at, courtesies }
}

fn closed(open: &Open, at: Option<Timestamp>, answered: bool) -> Option<Wait> {
    since(open.at, at).map(|ms| Wait { seq: open.seq, start_ms: open.start_ms, ms, answered })
}

fn median(values: &mut [i64]) -> Option<i64> {
    values.sort_unstable();
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds (below zero: unknown), sender, text.
    fn chat(lines: &[(i64, Sender, &str)], ended_s: Option<i64>) -> ChatMeasures {
        let message = |(seq, (s, sender, text)): (usize, &(i64, Sender, &str))| Message {
            seq: seq as i64,
            at: (*s >= 0).then_some(Timestamp(s * 1000)),
            sender: *sender,
            text: (*text).to_owned(),
            masks: Vec::new(),
            private: false,
        };
        let messages: Vec<_> = lines.iter().enumerate().map(message).collect();
        measure(&messages, ended_s.map(|s| Timestamp(s * 1000)), true)
    }
    use Sender::{Agent, Bot, Customer, System};

    #[test]
    fn bots_and_nags_are_no_replies() {
        let m = chat(
            &[
                (0, System, "Laura has joined the chat."),
                (10, Customer, "Where is my parcel?"),
                (12, Bot, "Somebody will be with you shortly."),
                (300, Agent, "Are you still there?"),
                (320, Customer, "Yes! Where is it?"),
                (400, Agent, "On its way."),
                (410, Customer, "Thanks!"),
                (900, System, "This chat was closed due to inactivity."),
            ],
            Some(900),
        );
        assert_eq!(m.first_reply_ms, Some(390_000));
        assert_eq!(m.longest_wait, Some(Wait { seq: 1, start_ms: 10_000, ms: 390_000, answered: true }));
        assert_eq!((m.waits.len(), m.median_reply_ms), (1, Some(390_000)), "thanks wait for nothing");
        assert_eq!(m.nags.iter().map(|nag| (nag.seq, nag.start_ms)).collect::<Vec<_>>(), [(3, 300_000), (7, 900_000)]);
        assert_eq!(m.messages, Sides { customer: 3, agent: 2, bot: 1, system: 2, other: 0 });
    }

    #[test]
    fn what_is_never_answered_waits_to_the_end() {
        let asked = [(0, Customer, "Hello?"), (5, Agent, "Hi, Kevin here."), (20, Customer, "Can I have it back?")];
        let m = chat(&asked, Some(620));
        assert_eq!(m.longest_wait, Some(Wait { seq: 2, start_ms: 20_000, ms: 600_000, answered: false }));
        assert_eq!((m.first_reply_ms, m.median_reply_ms), (Some(5_000), Some(5_000)));
        assert_eq!(chat(&asked, None).longest_wait.unwrap().ms, 5_000, "its end is not known: a reply took longest");
        assert_eq!(chat(&asked[..1], Some(60)).first_reply_ms, None);
    }

    #[test]
    fn what_is_not_known_is_not_zero() {
        let m = chat(
            &[
                (-1, Customer, "Hello?"),
                (9, Agent, "Hi."),
                (20, Customer, "Well?"),
                (-1, Agent, "Yes."),
                (50, Customer, "?"),
                (40, Agent, "!"),
            ],
            None,
        );
        assert_eq!((m.first_reply_ms, m.median_reply_ms, m.longest_wait), (None, None, None));
        let none = chat(&[], None);
        assert_eq!((none.first_reply_ms, none.longest_wait, none.waits.len()), (None, None, 0));
        assert_eq!(chat(&[(0, Agent, "Hi, can I help?")], Some(500)).longest_wait, None);
    }

    #[test]
    fn where_a_bot_alone_was_in_charge_nobody_is_waited_for() {
        let asked = [(0, Customer, "Where is it?"), (1, Bot, "On its way.")];
        assert_eq!(chat(&asked, Some(600)).longest_wait.unwrap().ms, 600_000, "somebody was in charge");
        let messages: Vec<_> = asked
            .iter()
            .enumerate()
            .map(|(n, (s, sender, text))| Message {
                seq: n as i64,
                at: Some(Timestamp(*s)),
                sender: *sender,
                text: (*text).into(),
                masks: Vec::new(),
                private: false,
            })
            .collect();
        assert_eq!(measure(&messages, Some(Timestamp(600_000)), false).longest_wait, None);
    }

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(
            [median(&mut []), median(&mut [4]), median(&mut [9, 1]), median(&mut [9, 1, 2])],
            [None, Some(4), Some(5), Some(2)]
        );
    }
}
