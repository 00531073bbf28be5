//! How much of the speech in real telephone calls is found, and how much else is taken for speech, against what people marked.

use crate::audio::wav::demo;
use crate::support::shared;
use afterword::transcription::speech;
use std::path::Path;
use tokio_util::sync::CancellationToken;

type Spans = Vec<(u64, u64)>;

/// Milliseconds: marked as speech, found of that, found beside it, and the whole channel.
#[derive(Default)]
struct Count {
    marked: usize,
    found: usize,
    extra: usize,
    whole: usize,
}

impl Count {
    fn add(&mut self, marked: &Spans, found: &Spans, whole_ms: u64) {
        let mask = |spans: &Spans| {
            let mut mask = vec![false; whole_ms as usize];
            for (start, end) in spans {
                mask[(*start).min(whole_ms) as usize..(*end).min(whole_ms) as usize].fill(true);
            }
            mask
        };
        for (marked, found) in mask(marked).into_iter().zip(mask(found)) {
            self.marked += usize::from(marked);
            self.found += usize::from(marked && found);
            self.extra += usize::from(found && !marked);
        }
        self.whole += whole_ms as usize;
    }
}

/// Start, end, speaker and text of each line.
fn lines(table: &Path, ms: impl Fn(&str) -> u64) -> Vec<(u64, u64, String, String)> {
    let table = std::fs::read_to_string(table).unwrap();
    let fields = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    fields.map(|f| (ms(f[0]), ms(f[1]), f[2].to_owned(), f[3].to_owned())).collect()
}

#[test]
fn speech_of_real_calls_is_found_and_little_else() {
    let Some(folder) = shared::path("samples/audio") else { return };
    let mut count = Count::default();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("harper-valley") || !name.ends_with(".wav") {
            continue;
        }
        let whole_ms = afterword::audio::probe(&path).unwrap().duration_ms;
        let found = speech(&path, &CancellationToken::new()).unwrap();
        let lines = lines(&path.with_extension("tsv"), |ms| ms.parse().unwrap());
        for (side, found) in ["agent", "caller"].iter().zip(&found) {
            // What is marked as noise only (breath, a laugh) is none.
            let marked = lines.iter().filter(|line| line.2 == *side && line.3.trim() != "[noise]");
            count.add(&marked.map(|line| (line.0, line.1)).collect(), found, whole_ms);
        }
    }
    let percent = |part: usize, of: usize| 100.0 * part as f64 / of as f64;
    let (found, extra) = (percent(count.found, count.marked), percent(count.extra, count.whole));
    let among = percent(count.extra, count.found + count.extra);
    eprintln!(
        "found {found:.1} % of the marked speech; {extra:.1} % of the time beside it, {among:.1} % of what was found"
    );
    assert!(count.marked > 100_000, "all four calls");
    assert!(found >= 97.0, "{found}");
    assert!(extra <= 4.0 && among <= 13.0, "{extra} {among}");
}

#[test]
fn the_demo_calls_are_found_too() {
    for call in ["call-bad", "call-good"] {
        let found = speech(&demo(&format!("{call}.flac")), &CancellationToken::new()).unwrap();
        let lines = lines(&demo(&format!("{call}.tsv")), |s| (s.parse::<f64>().unwrap() * 1000.0) as u64);
        let whole_ms = afterword::audio::probe(&demo(&format!("{call}.flac"))).unwrap().duration_ms;
        let mut count = Count::default();
        for (side, found) in ["agent", "customer"].iter().zip(&found) {
            let marked = lines.iter().filter(|line| line.2 == *side);
            count.add(&marked.map(|line| (line.0, line.1)).collect(), found, whole_ms);
        }
        eprintln!("{call}: {} of {} ms, {} beside", count.found, count.marked, count.extra);
        // The marks hold pauses between sentences, too.
        assert!(count.found * 100 >= count.marked * 85 && count.extra * 100 <= count.whole);
    }
}
