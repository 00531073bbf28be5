//! The reader compared with another tool on the set of real bounces.

use crate::support::shared;
use afterword::mail::reader::{self, RecipientReport, Verdict};
use std::collections::BTreeMap;

/// Expected values for one recipient: status, reply, reason, hard, feedback.
type Expected = [String; 5];

fn as_expected(row: &RecipientReport) -> Expected {
    let reply = row.reply.map(|reply| reply.to_string()).unwrap_or_default();
    let feedback = row.feedback.clone().unwrap_or_default();
    [row.status.clone().unwrap_or_default(), reply, row.reason.code().into(), row.hard.to_string(), feedback]
}

#[test]
fn real_bounces_are_read_as_others_read_them() {
    let Some(folder) = shared::path("samples/bounces") else { return };
    let table = std::fs::read_to_string(folder.join("expected.tsv")).unwrap();
    let mut expected: BTreeMap<String, Vec<Expected>> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let row = [2, 3, 4, 5, 6].map(|at| cells.get(at).copied().unwrap_or_default().to_owned());
        expected.entry(cells[0].to_owned()).or_default().push(row);
    }
    let (mut agree, mut differ, mut wrongly) = (0, Vec::new(), Vec::new());
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "eml"));
    files.sort();
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let rows: Vec<RecipientReport> =
            reader::read(&std::fs::read(&path).unwrap()).into_iter().flat_map(|one| one.rows).collect();
        let Some(wanted) = expected.get(&name) else {
            println!("{name}: {:?}", rows.iter().map(as_expected).collect::<Vec<_>>());
            wrongly.extend(
                rows.iter().any(|row| !matches!(row.verdict(), Verdict::Soft | Verdict::Nothing)).then_some(name),
            );
            continue;
        };
        let found: Vec<Expected> = rows.iter().map(as_expected).collect();
        let same = found == *wanted;
        println!("{} {name}: {found:?}", if same { "same     " } else { "DIFFERENT" });
        agree += usize::from(same) * wanted.len();
        if !same {
            differ.push(format!("{name}\n  expected {wanted:?}\n  read     {found:?}"));
        }
    }
    println!("{agree} of {} rows agree", expected.values().map(Vec::len).sum::<usize>());
    assert!(wrongly.is_empty(), "these have no row and would suppress somebody: {wrongly:?}");
    assert!(differ.is_empty(), "\n{}", differ.join("\n"));
}
