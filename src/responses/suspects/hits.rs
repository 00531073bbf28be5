//! Counts links of one mail that were opened within seconds. In memory, by the link's plain hash, and deleted after a
//! minute; each node counts separately.

use crate::clock::Timestamp;
use crate::invitations::Token;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Number of different links of a mail …
const MANY: usize = 4;
/// … within this time, in ms, that no reader reaches.
const WITHIN: i64 = 10_000;
/// Time after them, in ms, within which an answer is a program's, too.
const AFTER: i64 = 60_000;
/// Number of mails from which old ones are removed …
const SWEEP_AT: usize = 4096;
/// … at most once in this time, in ms: a busy minute has more mails, and none to remove.
const SWEEP_EVERY: i64 = 5000;

#[derive(Debug, Default)]
struct Opened {
    /// Links and the times at which they were last opened.
    links: Vec<(String, Timestamp)>,
    burst: Option<Timestamp>,
    last: Timestamp,
}

/// Recently opened links.
#[derive(Debug, Default)]
pub struct Hits(Mutex<All>);

#[derive(Debug, Default)]
struct All {
    mails: HashMap<String, Opened>,
    swept: Timestamp,
}

impl Hits {
    /// Records that a link of this mail (`/s?score=4`, `/u`) was opened. Only for existing mails: invented links would
    /// fill the memory.
    pub fn note(&self, token: &Token, link: &str, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.mails.len() >= SWEEP_AT && !(0..SWEEP_EVERY).contains(&now.ms_since(all.swept)) {
            all.mails.retain(|_, opened| now.ms_since(opened.last) < AFTER);
            all.swept = now;
        }
        // Still too many within a minute: a flood; the memory is not worth what it hides.
        if all.mails.len() >= SWEEP_AT * 16 {
            return;
        }
        let opened = all.mails.entry(token.hash()).or_default();
        opened.last = now;
        opened.links.retain(|(known, at)| known != link && now.ms_since(*at) < WITHIN);
        opened.links.push((link.chars().take(100).collect(), now));
        if opened.links.len() >= MANY {
            opened.burst = Some(now);
        }
    }

    /// Whether many links were opened just now.
    pub fn is_burst(&self, token: &Token, now: Timestamp) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.mails.get(&token.hash()).and_then(|opened| opened.burst).is_some_and(|at| now.ms_since(at) < AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_links_at_once_are_a_burst_and_a_person_s_are_not() {
        let (hits, token, now) = (Hits::default(), Token::random(), Timestamp(0));
        for n in 0..20 {
            hits.note(&token, "/s?score=4", now.plus_ms(n * 100));
        }
        hits.note(&token, "/s?lang=fr", now.plus_ms(3000));
        hits.note(&token, "/u", now.plus_ms(4000));
        assert!(!hits.is_burst(&token, now.plus_ms(4000)), "three links, one often");
        hits.note(&token, "/s", now.plus_ms(5000));
        assert!(hits.is_burst(&token, now.plus_ms(6000)));
        assert!(!hits.is_burst(&Token::random(), now.plus_ms(6000)));
        assert!(!hits.is_burst(&token, now.plus_ms(66_000)), "a minute later it may be a person");
        let slow = Token::random();
        for n in 0..9 {
            hits.note(&slow, &format!("/s?score={n}"), now.plus_ms(n * 4000));
        }
        assert!(!hits.is_burst(&slow, now.plus_ms(36_000)));
    }

    #[test]
    fn a_busy_minute_is_not_swept_for_each_of_its_links() {
        let (hits, begin) = (Hits::default(), Timestamp(1_795_176_000_000));
        let kept = || hits.0.lock().unwrap().mails.len();
        let swept = || hits.0.lock().unwrap().swept;
        for n in 0..SWEEP_AT + 100 {
            hits.note(&Token::random(), "/s", begin.plus_ms(i64::try_from(n / 100).unwrap()));
        }
        assert_eq!((kept(), swept()), (SWEEP_AT + 100, begin.plus_ms(40)), "there was nothing to sweep, once");
        hits.note(&Token::random(), "/s", begin.plus_ms(AFTER + 10_000));
        assert_eq!(kept(), 1);
    }
}
