//! The made-up company, as `demo/company.json` and the chats beside it tell it.

use crate::access::Role;
use crate::clock::Timestamp;
use serde::Deserialize;

const COMPANY: &str = include_str!("../../demo/company.json");
const CHAT_GOOD: &str = include_str!("../../demo/chat-good.json");
const CHAT_BAD: &str = include_str!("../../demo/chat-bad.json");

/// Everybody, and a quarter of a year.
#[derive(Debug, Deserialize)]
pub(super) struct Company {
    pub teams: Vec<String>,
    pub agents: Vec<Agent>,
    pub staff: Vec<Person>,
    pub interactions: Vec<DemoInteraction>,
}

/// Somebody who handles interactions.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Agent {
    pub id: String,
    pub name: String,
    pub email: String,
    pub team: String,
}

/// Somebody who signs in.
#[derive(Debug, Deserialize)]
pub(super) struct Person {
    pub email: String,
    pub name: String,
    pub role: Role,
    #[serde(default)]
    pub teams: Vec<String>,
    pub agent: Option<String>,
}

/// An interaction, and what its customer answered.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct DemoInteraction {
    pub agent: String,
    pub days_ago: i64,
    pub hour: i64,
    pub minute: i64,
    pub channel: String,
    pub topic: String,
    pub wait_s: i64,
    pub talk_s: i64,
    pub hold_s: i64,
    #[serde(default)]
    pub no_address: bool,
    pub answer: Option<Answered>,
    /// The customer's name, where the words of the conversation tell it; else one is made up.
    #[serde(default)]
    pub customer: Option<String>,
    /// `call-good`: its sound lies in `demo/`.
    #[serde(default)]
    pub recording: Option<String>,
    /// `chat-good`: its messages lie in `demo/`.
    #[serde(default)]
    pub chat: Option<String>,
}

/// What a customer answered.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Answered {
    pub score: u8,
    pub resolved: Option<String>,
    pub comment: Option<String>,
    #[serde(default)]
    pub apart: bool,
}

/// A chat in `demo/`.
#[derive(Debug, Deserialize)]
struct Chat {
    messages: Vec<ClipLine>,
}

#[derive(Debug, Deserialize)]
struct ClipLine {
    time: String,
    from: String,
    text: String,
}

/// The company; the text is compiled in, so only a slip of ours makes this fail.
pub(super) fn company() -> Result<Company, serde_json::Error> {
    serde_json::from_str(COMPANY)
}

/// Sender, text and ms since the first, of one of the demo's chats.
pub(super) fn chat(name: &str) -> Result<Vec<(String, String, i64)>, serde_json::Error> {
    let chat: Chat = serde_json::from_str(if name == "chat-bad" { CHAT_BAD } else { CHAT_GOOD })?;
    let time = |line: &ClipLine| Timestamp::parse(&line.time).unwrap_or_default();
    let first = chat.messages.first().map(time).unwrap_or_default();
    Ok(chat
        .messages
        .into_iter()
        .map(|line| {
            let since = time(&line).ms_since(first);
            (line.from, line.text, since)
        })
        .collect())
}

/// The sound of one of the demo's calls (Ogg Vorbis, two channels).
pub(super) fn sound(name: &str) -> &'static [u8] {
    if name == "call-bad" {
        include_bytes!("../../demo/call-bad.ogg")
    } else {
        include_bytes!("../../demo/call-good.ogg")
    }
}
