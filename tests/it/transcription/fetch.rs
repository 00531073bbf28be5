//! Fetching a model from a server that disconnects, sends wrong bytes, or is down.

use afterword::transcription::models::{Entry, FetchEvent, FetchOptions, FetchSource, ModelError, catalogue, fetch};
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The server's response to one request.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    /// Sends some of the requested bytes, then disconnects.
    Part(usize),
    /// Sends all requested bytes.
    Rest,
    /// Sends everything, like a server without support for ranges.
    FromTheBeginning,
    NotFound,
}

/// Starts a server of `bytes`; returns its URL, and the requested ranges.
pub(super) fn serve(bytes: Vec<u8>, answers: Vec<Answer>) -> (String, Arc<Mutex<Vec<Option<String>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/model.bin", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let ranges = Arc::clone(&asked);
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let lines: Vec<String> =
                BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let range = lines.iter().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("range: bytes=")
                    .and_then(|r| r.strip_suffix('-').map(str::to_owned))
            });
            let from = match (answer, &range) {
                (Answer::FromTheBeginning, _) | (_, None) => 0,
                (_, Some(from)) => from.parse().unwrap(),
            };
            ranges.lock().unwrap().push(range);
            let rest = &bytes[from..];
            let head = match (answer, from) {
                (Answer::NotFound, _) => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n".to_owned(),
                (_, 0) => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", rest.len()),
                (_, from) => format!(
                    "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{}/{}\r\n",
                    rest.len(),
                    bytes.len() - 1,
                    bytes.len()
                ),
            };
            let sent = match answer {
                Answer::Part(most) => &rest[..most.min(rest.len())],
                Answer::NotFound => &[],
                Answer::Rest | Answer::FromTheBeginning => rest,
            };
            // The client may have disconnected.
            let _ = stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes());
            let _ = stream.write_all(sent);
        }
    });
    (url, asked)
}

pub(super) fn model() -> Vec<u8> {
    (0..300_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

pub(super) fn entry(url: &str, bytes: &[u8]) -> Entry {
    let mut entry = catalogue()[1].clone();
    entry.file = "model.bin".to_owned();
    entry.sources = vec![FetchSource::File { url: url.to_owned() }];
    entry.size = bytes.len() as u64;
    entry.sha256 = hex::encode(Sha256::digest(bytes));
    entry
}

pub(super) fn names(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Returns the failure of the only source.
fn only_failure(error: &ModelError) -> &ModelError {
    match error {
        ModelError::NotFetched { failures, .. } if failures.len() == 1 => &failures[0],
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_broken_connection_is_taken_up_where_it_broke() {
    let folder = tempfile::tempdir().unwrap();
    let (url, asked) = serve(model(), vec![Answer::Part(100_000), Answer::Part(50_000), Answer::Rest]);
    let mut told = Vec::new();
    let mut tell = |event: FetchEvent<'_>| {
        if let FetchEvent::Bytes(done, all) = event {
            told.push((done, all));
        }
    };
    let entry = entry(&url, &model());
    let fetched = fetch(&entry, folder.path(), &FetchOptions::default(), &mut tell).await.unwrap();
    assert_eq!(fetched.source.as_ref(), entry.sources.first());
    assert_eq!(std::fs::read(&fetched.path).unwrap(), model());
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked, [None, Some("100000".to_owned()), Some("150000".to_owned())]);
    assert_eq!(told.last(), Some(&(300_000, 300_000)));
    assert!(told.is_sorted());
    assert_eq!(names(folder.path()), ["model.bin"]);
    // It is installed: no request is made (the server has stopped).
    let again = fetch(&entry, folder.path(), &FetchOptions::default(), &mut |_| {}).await.unwrap();
    assert_eq!((again.path, again.source), (fetched.path, None));
}

#[tokio::test]
async fn a_part_from_an_earlier_time_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.bin.part"), &model()[..222_222]).unwrap();
    let (url, asked) = serve(model(), vec![Answer::Rest]);
    let path = fetch(&entry(&url, &model()), folder.path(), &FetchOptions::default(), &mut |_| {}).await.unwrap();
    assert_eq!(std::fs::read(path.path).unwrap(), model());
    assert_eq!(*asked.lock().unwrap(), [Some("222222".to_owned())]);
}

#[tokio::test]
async fn a_server_without_ranges_sends_everything_again() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.bin.part"), b"half of something else").unwrap();
    let (url, _) = serve(model(), vec![Answer::FromTheBeginning]);
    let path = fetch(&entry(&url, &model()), folder.path(), &FetchOptions::default(), &mut |_| {}).await.unwrap();
    assert_eq!(std::fs::read(path.path).unwrap(), model());
}

#[tokio::test]
async fn other_bytes_than_the_catalogue_says_are_refused_and_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = model();
    other[200_000] ^= 1;
    let (url, _) = serve(other, vec![Answer::Rest]);
    let error = fetch(&entry(&url, &model()), folder.path(), &FetchOptions::default(), &mut |_| {}).await.unwrap_err();
    assert!(matches!(only_failure(&error), ModelError::WrongContent { .. }), "{error}");
    assert_eq!(names(folder.path()), [""; 0]);
    let longer = [model(), vec![0; 10]].concat();
    let (url, _) = serve(longer, vec![Answer::Rest]);
    let error = fetch(&entry(&url, &model()), folder.path(), &FetchOptions::default(), &mut |_| {}).await.unwrap_err();
    assert!(matches!(only_failure(&error), ModelError::WrongContent { .. }), "{error}");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[tokio::test]
async fn a_network_that_is_away_is_said_so_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}/model.bin");
    let error = fetch(&entry(&url, &model()), folder.path(), &FetchOptions::default(), &mut |_| {}).await.unwrap_err();
    assert!(matches!(only_failure(&error), ModelError::Network { .. }), "{error}");
    let text = error.to_string();
    for part in ["127.0.0.1 could not be reached", &url, "copy the file", folder.path().to_str().unwrap()] {
        assert!(text.contains(part), "{text}");
    }
    let (url, _) = serve(model(), vec![Answer::NotFound]);
    let error = fetch(&entry(&url, &model()), folder.path(), &FetchOptions::default(), &mut |_| {}).await.unwrap_err();
    assert!(matches!(only_failure(&error), ModelError::Refused { status: 404, .. }), "{error}");
}
