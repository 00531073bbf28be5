//! The demo's customers: they find the link in their mail and respond by it.

use super::company::Answered;
use crate::config::Choice;
use crate::invitations::Token;
use crate::responses::Answer;
use std::path::{Path, PathBuf};

/// First names; with the number of the interaction they make unused addresses.
const NAMES: [&str; 12] =
    ["Emma", "Jerry", "Fatima", "Luis", "Mei", "Oskar", "Priscilla", "Yusuf", "Chloé", "Ivan", "Hana", "Gustavo"];

/// Returns name and address of the customer of the interaction of this number.
pub(super) fn customer(number: usize) -> (&'static str, String) {
    let name = NAMES[number % NAMES.len()];
    (name, format!("{}.{number}@customers.example", name.to_lowercase().replace('é', "e")))
}

/// Returns the survey's token in the mail to this address, among the captured mail.
pub(super) fn token_in_mail(folder: &Path, address: &str) -> std::io::Result<Option<Token>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    for file in files {
        let raw = std::fs::read(file)?;
        let Some(mail) = mail_parser::MessageParser::default().parse(&raw) else { continue };
        let to = mail.to().and_then(|to| to.first()).and_then(|to| to.address());
        if to == Some(address) {
            return Ok(mail.body_text(0).and_then(|text| link(&text)));
        }
    }
    Ok(None)
}

/// Returns the token after `/s/` in the text.
fn link(text: &str) -> Option<Token> {
    let begin = text.find("/s/")? + 3;
    let token: String =
        text[begin..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    Token::parse(&token)
}

impl From<Answered> for Answer {
    fn from(told: Answered) -> Self {
        let choice = if told.apart { Choice::Apart } else { Choice::Linked };
        // Very satisfied customers allow others to read it.
        let quote = told.score == 5;
        let answer = Self::rated(told.score, told.resolved.map(|word| word == "yes"), told.comment, choice);
        Self { quote, ..answer }
    }
}
