//! Combines the rows about one returned mail.

use crate::mail::reader::{Reason, RecipientReport, Verdict};

/// Combined statement of a returned mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classification {
    /// Claim.
    pub verdict: Verdict,
    /// Reason.
    pub reason: Reason,
    /// Enhanced status code.
    pub status: Option<String>,
    /// Reply code.
    pub reply: Option<u16>,
}

impl Classification {
    /// Combines the rows about the recipient (`is_recipient`); all rows where none is, as for a mail that was
    /// forwarded. Of several rows, only a failure that is permanent in all of them is permanent.
    pub fn of(rows: &[RecipientReport], is_recipient: impl Fn(&str) -> bool) -> Self {
        let own: Vec<&RecipientReport> =
            rows.iter().filter(|row| row.address.as_deref().is_some_and(&is_recipient)).collect();
        let rows: Vec<&RecipientReport> = if own.is_empty() { rows.iter().collect() } else { own };
        let with = |verdict| rows.iter().find(|row| row.verdict() == verdict).copied();
        let arrived = rows.iter().any(|row| row.reason == Reason::Delivered);
        let spoke = with(Verdict::OptOut).or(with(Verdict::Complaint));
        let failed = with(Verdict::Soft).or_else(|| with(Verdict::Hard).filter(|_| !arrived));
        let Some(row) = spoke.or(failed).or(rows.first().copied()) else {
            return Self { verdict: Verdict::Nothing, reason: Reason::Undefined, status: None, reply: None };
        };
        let verdict = if spoke.is_none() && arrived { Verdict::Nothing } else { row.verdict() };
        Self { verdict, reason: row.reason, status: row.status.clone(), reply: row.reply }
    }

    /// Returns the statement in words, with the codes: `There is no such mailbox. (550 5.1.1)`
    pub fn sentence(&self) -> String {
        let reply = self.reply.map(|reply| reply.to_string());
        let codes: Vec<&str> = reply.iter().map(String::as_str).chain(self.status.as_deref()).collect();
        match codes[..] {
            [] => self.reason.words().to_owned(),
            _ => format!("{} ({})", self.reason.words(), codes.join(" ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::reader::Action;

    fn row(address: &str, reason: Reason, hard: bool, action: Action) -> RecipientReport {
        let address = Some(address.to_owned());
        RecipientReport {
            address,
            status: None,
            reply: None,
            reason,
            hard,
            action,
            feedback: None,
            said: String::new(),
        }
    }

    #[test]
    fn what_speaks_of_the_recipient_counts_and_else_the_mildest() {
        let hard = row("gone@b.example", Reason::UserUnknown, true, Action::Failed);
        let full = row("full@b.example", Reason::MailboxFull, false, Action::Failed);
        let fine = row("fine@b.example", Reason::Delivered, false, Action::Delivered);
        let all = [hard.clone(), full.clone(), fine.clone()];
        let verdict = |rows: &[RecipientReport], who: &str| Classification::of(rows, |address| address == who).verdict;
        assert_eq!(verdict(&all, "gone@b.example"), Verdict::Hard);
        assert_eq!(verdict(&all, "full@b.example"), Verdict::Soft);
        assert_eq!(verdict(&all, "fine@b.example"), Verdict::Nothing);
        assert_eq!(verdict(&all, "list@b.example"), Verdict::Nothing, "one of them got it");
        assert_eq!(verdict(&all[..2], "list@b.example"), Verdict::Soft, "one of them may get the next");
        assert_eq!(verdict(&[hard.clone(), hard], "list@b.example"), Verdict::Hard);
        assert_eq!(verdict(&[], ""), Verdict::Nothing);
    }
}
