//! Mailbox of the demo: captured mail is in a folder, one `.eml` file each, and is shown as in a mail program.

use super::words::When;
use crate::clock::Timestamp;
use mail_parser::{Address, Message, MessageParser};
use std::path::{Path, PathBuf};

/// Maximum number of mails that are shown.
const MAX_MAILS: usize = 200;
/// Maximum size of a mail that is shown, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// Number of characters of the snippet in the list.
const SNIPPET: usize = 120;

/// A folder of captured mail.
#[derive(Debug, Clone)]
pub struct Mailbox {
    folder: PathBuf,
}

/// A mail of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Name of the file without its extension.
    pub id: String,
    /// Name of the sender.
    pub from: String,
    /// Recipient of the mail.
    pub to: String,
    /// Subject of the mail.
    pub subject: String,
    /// First words of the text.
    pub snippet: String,
    /// Time of the mail.
    pub when: When,
    at: i64,
}

/// An opened mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Values of the list.
    pub head: Captured,
    /// Sender with the address.
    pub sender: String,
    /// Headers with effects in mail programs, as name and value.
    pub headers: Vec<(String, String)>,
    /// Plain text of the mail.
    pub text: String,
    /// HTML of the mail, if it has any.
    pub html: Option<String>,
}

/// A piece of plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextPiece<'a> {
    /// Text of the piece.
    pub text: &'a str,
    /// Whether it is a link.
    pub link: bool,
}

impl Opened {
    /// Returns the plain text with its URLs separated, as mail programs make links of them.
    pub fn pieces(&self) -> Vec<TextPiece<'_>> {
        let mut pieces = Vec::new();
        let mut rest = self.text.as_str();
        while let Some(at) = ["http://", "https://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
            let (before, from) = rest.split_at(at);
            let end =
                from.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ')')).unwrap_or(from.len());
            let (link, after) = from.split_at(end);
            pieces.extend([TextPiece { text: before, link: false }, TextPiece { text: link, link: true }]);
            rest = after;
        }
        pieces.push(TextPiece { text: rest, link: false });
        pieces
    }
}

impl Mailbox {
    /// Creates a mailbox over this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Returns the mails, newest first. A missing folder is empty.
    pub async fn list(&self) -> std::io::Result<Vec<Captured>> {
        let folder = self.folder.clone();
        off_the_runtime(move || {
            let mut mails: Vec<Captured> = files(&folder)?.iter().filter_map(|path| head(path)).collect();
            mails.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
            mails.truncate(MAX_MAILS);
            Ok(mails)
        })
        .await
    }

    /// Returns one mail. The name is compared with existing ones and never used as a path.
    pub async fn open(&self, id: &str) -> std::io::Result<Option<Opened>> {
        let (folder, id) = (self.folder.clone(), id.to_owned());
        off_the_runtime(move || Ok(files(&folder)?.iter().find(|path| stem(path) == id).and_then(|path| opened(path))))
            .await
    }
}

async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let is_mail = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "eml");
    Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_mail).collect())
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let size = std::fs::metadata(path).ok()?.len();
    if size > MAX_FILE_BYTES { None } else { std::fs::read(path).ok() }
}

fn head(path: &Path) -> Option<Captured> {
    Some(head_of(&MessageParser::default().parse(&read(path)?)?, stem(path)))
}

fn opened(path: &Path) -> Option<Opened> {
    let bytes = read(path)?;
    let mail = MessageParser::default().parse(&bytes)?;
    Some(opened_of(&mail, stem(path)))
}

fn head_of(mail: &Message<'_>, id: String) -> Captured {
    let text = mail.body_text(0).unwrap_or_default();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let at = mail.date().map_or(0, |date| date.to_timestamp());
    Captured {
        id,
        from: first(mail.from(), true),
        to: first(mail.to(), false),
        subject: mail.subject().filter(|s| !s.trim().is_empty()).unwrap_or("(no subject)").to_owned(),
        snippet: words.chars().take(SNIPPET).collect(),
        when: Timestamp(at.saturating_mul(1000)).into(),
        at,
    }
}

fn opened_of(mail: &Message<'_>, id: String) -> Opened {
    // Only a body that was written as HTML; mail-parser would convert plain text.
    let html = mail.html_part(0).filter(|part| part.is_text_html()).and_then(|_| mail.body_html(0));
    let acted_on = ["Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"];
    let header = |name: &str| {
        mail.header_raw(name).map(|value| (name.to_owned(), value.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    Opened {
        sender: first(mail.from(), false),
        headers: acted_on.into_iter().filter_map(header).collect(),
        text: mail.body_text(0).unwrap_or_default().replace("\r\n", "\n"),
        html: html.map(|html| html.into_owned()),
        head: head_of(mail, id),
    }
}

/// Returns the first address: its name only, or name and address.
fn first(address: Option<&Address<'_>>, by_name: bool) -> String {
    let Some(first) = address.and_then(|list| list.first()) else { return "(nobody)".to_owned() };
    match (first.name(), first.address()) {
        (Some(name), _) if by_name => name.to_owned(),
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "(nobody)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: =?utf-8?q?Northwind_=E2=98=83?= <care@northwind.example>\r\nTo: Jerry <jerry@example.net>\r\n\
        Subject: How was your call?\r\nDate: Fri, 20 Nov 2026 13:24:00 +0000\r\nMessage-ID: <1@northwind.example>\r\n\
        List-Unsubscribe: <http://127.0.0.1:8080/u/x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHello=20Jerry,\r\nhow was it?\r\n\
        --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello <b>Jerry</b></p>\r\n--b--\r\n";

    #[tokio::test]
    async fn mail_is_listed_and_opened_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("afterword-mailbox-{}", uuid::Uuid::new_v4()));
        assert_eq!(Mailbox::new(folder.clone()).list().await.ok(), Some(Vec::new()));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("one.eml"), MAIL).expect("a file");
        std::fs::write(folder.join("other.txt"), "no mail").expect("a file");
        let mailbox = Mailbox::new(folder.clone());
        let list = mailbox.list().await.expect("it is read");
        assert_eq!(list.len(), 1);
        assert_eq!((list[0].from.as_str(), list[0].snippet.as_str()), ("Northwind ☃", "Hello Jerry, how was it?"));
        assert_eq!(list[0].when.exact, "20 Nov 2026, 13:24 UTC");
        let mail = mailbox.open("one").await.expect("it is read").expect("it is there");
        assert_eq!(mail.html.as_deref().map(str::trim), Some("<p>Hello <b>Jerry</b></p>"));
        assert!(mail.headers.contains(&("List-Unsubscribe".into(), "<http://127.0.0.1:8080/u/x>".into())));
        let text = Opened { text: "See <http://a/s/1?score=5>, or https://b.".into(), ..mail };
        let links: Vec<_> = text.pieces().into_iter().filter(|piece| piece.link).map(|piece| piece.text).collect();
        assert_eq!(links, ["http://a/s/1?score=5", "https://b."]);
        assert_eq!(text.pieces().iter().map(|piece| piece.text).collect::<String>(), text.text);
        for hidden in ["other", "../one", "one.eml", ""] {
            assert_eq!(mailbox.open(hidden).await.ok(), Some(None), "{hidden}");
        }
        std::fs::remove_dir_all(&folder).expect("the folder goes");
    }
}
