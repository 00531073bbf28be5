//! Strategies to guess the conversation of an apart answer. Each names one conversation, or none; none counts as a
//! random guess that missed, which chance does better than: so an uninformative strategy can't hide a strategy that
//! finds a leak.

use super::chance::Score;
use super::evidence::{Answer, Evidence, Snapshot};
use std::collections::BTreeMap;

/// Returns the conversation that it may be, among the candidates.
pub type Guess = fn(&Evidence, &Answer, &[String], usize) -> Option<String>;

/// Returns names and strategies; orders are numbered.
pub fn all() -> Vec<(String, (Guess, usize))> {
    let mut all: Vec<(String, (Guess, usize))> = vec![
        ("what changed in the same step".into(), (changed_together as Guess, 0)),
        ("what changed in the step before or after".into(), (changed_beside, 0)),
        ("a word that stands in both".into(), (common_word, 0)),
        ("keyed hashes of every word".into(), (hashed, 0)),
        ("what was kept aside and goes in the same step, opened".into(), (kept_aside_goes, 0)),
        ("what is kept aside under an id of the answer, opened".into(), (kept_aside_shares, 0)),
        ("log lines of the step".into(), (logged, 0)),
        ("who was looked at last".into(), (looked_at, 0)),
        ("the audit line next to it".into(), (audited, 0)),
        ("jobs of that time".into(), (job, 0)),
        ("the month of the mark".into(), (month, 0)),
        ("views that changed".into(), (viewed, 0)),
    ];
    for (n, from) in ["by id", "as it lies on the disk", "first seen", "by the mark's id"].into_iter().enumerate() {
        for (m, to) in [
            "by id",
            "as they lie on the disk",
            "by time of asking",
            "by the link's hash",
            "by the address's hash",
            "by the mail",
        ]
        .into_iter()
        .enumerate()
        {
            all.push((format!("{from}, {to}"), (by_order, n * 10 + m)));
            all.push((format!("{from}, {to}, of the same rank"), (by_order, 100 + n * 10 + m)));
        }
    }
    all
}

/// Applies a strategy to every answer of a history.
pub fn try_out(one: &Evidence, key: bool, (guess, which): (Guess, usize)) -> Score {
    one.answers.iter().fold(Score::default(), |sum, answer| {
        let among = if key { &answer.of_agent } else { &answer.candidates };
        let guessed = guess(one, answer, among, which).filter(|id| among.contains(id));
        sum.plus(Score::guess(among.len(), guessed.as_ref() == Some(&answer.truth)))
    })
}

/// Returns rows that are in only one of two snapshots, of all tables but the mix.
fn moved<'a>(before: &'a Snapshot, after: &'a Snapshot) -> Vec<&'a str> {
    let mut moved = Vec::new();
    for (table, rows) in after.tables.iter().filter(|(table, _)| *table != "sealed_answers" && *table != "spent_tokens")
    {
        let old = &before.tables[table];
        moved.extend(rows.iter().filter(|row| !old.contains(row)).map(String::as_str));
        moved.extend(old.iter().filter(|row| !rows.contains(row)).map(String::as_str));
    }
    moved
}

fn pick(one: &Evidence, texts: &[&str], among: &[String]) -> Option<String> {
    let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
    for id in texts.iter().flat_map(|text| one.led_to(text)).filter(|id| among.iter().any(|one| one == id)) {
        *votes.entry(id).or_default() += 1;
    }
    votes.into_iter().max_by_key(|(_, n)| *n).map(|(id, _)| id.to_owned())
}

fn step(one: &Evidence, answer: &Answer) -> Option<usize> {
    one.first_seen("sealed_answers", &answer.record).filter(|at| *at > 0)
}

fn changed_together(one: &Evidence, answer: &Answer, among: &[String], _: usize) -> Option<String> {
    let at = step(one, answer)?;
    pick(one, &moved(&one.snapshots[at - 1].1, &one.snapshots[at].1), among)
}

fn changed_beside(one: &Evidence, answer: &Answer, among: &[String], _: usize) -> Option<String> {
    let at = step(one, answer)?;
    let pairs = one.snapshots[at.saturating_sub(2)..(at + 2).min(one.snapshots.len())].windows(2);
    let texts: Vec<&str> = pairs.flat_map(|pair| moved(&pair[0].1, &pair[1].1)).collect();
    pick(one, &texts, among)
}

fn rows<'a>(one: &'a Evidence, answer: &Answer) -> Vec<&'a str> {
    let all =
        one.snapshots.iter().flat_map(|(_, s)| s.tables["sealed_answers"].iter().chain(&s.tables["spent_tokens"]));
    all.filter(|row| row.contains(&answer.record) || row.contains(&answer.spent)).map(String::as_str).collect()
}

fn common_word(one: &Evidence, answer: &Answer, among: &[String], _: usize) -> Option<String> {
    pick(one, &rows(one, answer), among)
}

/// With the key any value can be hashed, except the token, which is stored nowhere.
fn hashed(one: &Evidence, answer: &Answer, among: &[String], _: usize) -> Option<String> {
    let fits = |word: &String| {
        ["mix:score", "spent", "mix", "suspect", "address"].iter().any(|purpose| {
            let hash = one.vault.keyed_hash(purpose, word.as_bytes());
            hash == answer.record || hash == answer.spent
        })
    };
    one.words.iter().find(|(_, words)| words.iter().any(fits)).map(|(id, _)| id.clone()).filter(|id| among.contains(id))
}

/// Returns rows of held answers, opened with the key.
fn opened(one: &Evidence, rows: &[&str]) -> Vec<String> {
    let words = rows.iter().flat_map(|row| row.split(['|', '\'', '"', ',']));
    let open = |word: &str| one.vault.open("suspect", word).ok();
    words.filter_map(open).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

fn kept_aside_goes(one: &Evidence, answer: &Answer, among: &[String], _: usize) -> Option<String> {
    let at = step(one, answer)?;
    let (before, after) = (&one.snapshots[at - 1].1.tables["suspects"], &one.snapshots[at].1.tables["suspects"]);
    let gone: Vec<&str> = before.iter().filter(|row| !after.contains(row)).map(String::as_str).collect();
    let texts = opened(one, &gone);
    pick(one, &texts.iter().map(String::as_str).collect::<Vec<_>>(), among)
}

fn kept_aside_shares(one: &Evidence, answer: &Answer, among: &[String], _: usize) -> Option<String> {
    let all: Vec<&str> = one.snapshots.iter().flat_map(|(_, s)| &s.tables["suspects"]).map(String::as_str).collect();
    let texts = opened(one, &all);
    let shares = texts.iter().filter(|text| text.contains(&answer.record) || text.contains(&answer.spent));
    pick(one, &shares.map(String::as_str).collect::<Vec<_>>(), among)
}

fn logged(one: &Evidence, answer: &Answer, among: &[String], _: usize) -> Option<String> {
    let at = step(one, answer)?;
    let ours: Vec<&str> = one.snapshots[at].1.logs.lines().filter(|line| line.contains("afterword")).collect();
    pick(one, &ours, among)
}

fn newest<'a>(one: &'a Evidence, at: usize, table: &str) -> Vec<&'a str> {
    one.snapshots[at].1.tables[table].iter().rev().take(3).map(String::as_str).collect()
}

fn looked_at(one: &Evidence, answer: &Answer, among: &[String], _: usize) -> Option<String> {
    let at = step(one, answer)?;
    let look = |row: &&str| row.contains("viewed");
    pick(one, &newest(one, at, "audit_log").into_iter().filter(look).collect::<Vec<_>>(), among)
}

fn audited(one: &Evidence, answer: &Answer, among: &[String], _: usize) -> Option<String> {
    let at = step(one, answer)?;
    pick(one, &newest(one, (at + 1).min(one.snapshots.len() - 1), "audit_log"), among)
}

fn job(one: &Evidence, answer: &Answer, among: &[String], _: usize) -> Option<String> {
    let at = step(one, answer)?;
    pick(one, &newest(one, at, "jobs"), among)
}

fn month(one: &Evidence, answer: &Answer, among: &[String], _: usize) -> Option<String> {
    let row =
        one.snapshots.iter().flat_map(|(_, s)| &s.tables["spent_tokens"]).find(|row| row.contains(&answer.spent))?;
    // The first customer surveyed in the month of the mark: the best guess that the mark allows.
    let month = row.rsplit('|').next()?.trim_matches('\'').to_owned();
    one.last().tables["invitations"].iter().find(|row| row.contains(&month)).and_then(|row| pick(one, &[row], among))
}

fn viewed(one: &Evidence, answer: &Answer, among: &[String], _: usize) -> Option<String> {
    let at = step(one, answer)?;
    let (before, after) = (&one.snapshots[at - 1].1.views, &one.snapshots[at].1.views);
    let changed = after.iter().filter(|(path, text)| before.get(*path) != Some(text));
    let lines: Vec<&str> = changed
        .flat_map(|(path, text)| {
            let old = before.get(path).map_or("", String::as_str);
            text.lines().filter(move |line| !old.contains(line))
        })
        .collect();
    pick(one, &lines, among)
}

/// Takes the position of the answer among all answers in some order, and returns the conversation at that position in
/// another.
fn by_order(one: &Evidence, answer: &Answer, among: &[String], which: usize) -> Option<String> {
    let mut answers: Vec<&Answer> = one.answers.iter().collect();
    let on_disk = |record: &str| {
        let at = one.first_seen("sealed_answers", record).unwrap_or(0);
        one.snapshots[at].1.tables["sealed_answers"].iter().position(|row| row.contains(record))
    };
    match which % 100 / 10 {
        0 => answers.sort_by_key(|a| a.record.clone()),
        1 => answers.sort_by_key(|a| on_disk(&a.record)),
        2 => answers.sort_by_key(|a| one.first_seen("sealed_answers", &a.record)),
        _ => answers.sort_by_key(|a| a.spent.clone()),
    }
    let place = answers.iter().position(|a| a.record == answer.record)?;
    let tables = &one.snapshots[0].1.tables;
    let in_order = |table: &str, column: usize| -> Vec<String> {
        let mut rows: Vec<&String> = tables[table].iter().collect();
        if column < 99 {
            rows.sort_by_key(|row| row.split('|').nth(column).map(str::to_owned));
        }
        rows.iter().filter_map(|row| one.led_to(row).first().map(|id| (*id).to_owned())).collect()
    };
    // Columns of invitations: 0 id, 9 the address's hash, 10 the link's hash, 12 time of the survey.
    let order = match which % 10 {
        0 => in_order("interactions", 0),
        1 => in_order("invitations", 99),
        2 => in_order("invitations", 12),
        3 => in_order("invitations", 10),
        4 => in_order("invitations", 9),
        _ => in_order("outbox", 3),
    };
    if which >= 100 {
        return order.get(place).cloned();
    }
    let order: Vec<String> = order.into_iter().filter(|id| among.contains(id)).collect();
    // The numbers of conversations and answers differ: scales the position.
    let at = place * order.len() / answers.len().max(1);
    order.get(at).cloned()
}
