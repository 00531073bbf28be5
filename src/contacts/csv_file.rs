//! Reads contacts from CSV, as spreadsheets and other systems write it.

use super::{ContactError, NewContact};
use csv::{ReaderBuilder, StringRecord, Trim};

/// Names of the columns; the first is that of the documentation.
const PHONE: [&str; 6] = ["phone", "telephone", "phone number", "tel", "mobile", "number"];
const EMAIL: [&str; 5] = ["email", "e-mail", "email address", "mail", "address"];
const NAME: [&str; 3] = ["name", "full name", "customer"];
const LOCALE: [&str; 3] = ["locale", "language", "lang"];

/// A contact and the number of its line, from 1.
pub(super) type Line = (usize, NewContact);

/// Returns the contacts of a file; lines without a telephone number and an address are left out. Fields are separated by
/// comma, semicolon or tab, as in the first line, which names the columns in any order.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Line>, ContactError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ContactError::NotUtf8)?;
    // The reader counts a line end of two characters as part of the next line.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let head = text.lines().next().unwrap_or_default();
    let count = |separator: u8| head.bytes().filter(|byte| *byte == separator).count();
    let separator = [b',', b';', b'\t'].into_iter().rev().max_by_key(|separator| count(*separator)).unwrap_or(b',');
    let mut reader =
        ReaderBuilder::new().delimiter(separator).flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let head = reader.headers().map_err(broken)?.clone();
    let column = |names: &[&str]| head.iter().position(|cell| names.contains(&cell.to_lowercase().as_str()));
    let (Some(phone), Some(email)) = (column(&PHONE), column(&EMAIL)) else { return Err(ContactError::NoColumns) };
    let (name, locale) = (column(&NAME), column(&LOCALE));
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
        let contact = NewContact {
            phone: cell(&record, Some(phone)).unwrap_or_default(),
            email: cell(&record, Some(email)).unwrap_or_default(),
            name: cell(&record, name),
            locale: cell(&record, locale),
        };
        if !(contact.phone.is_empty() && contact.email.is_empty()) {
            lines.push((line, contact));
        }
    }
    Ok(lines)
}

fn cell(record: &StringRecord, column: Option<usize>) -> Option<String> {
    record.get(column?).map(str::to_owned).filter(|text| !text.is_empty())
}

fn broken(error: csv::Error) -> ContactError {
    ContactError::NotCsv(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phones(text: &str) -> Vec<(usize, String, String)> {
        read(text.as_bytes()).unwrap().into_iter().map(|(line, one)| (line, one.phone, one.email)).collect()
    }

    #[test]
    fn files_of_spreadsheets_are_read() {
        let wanted = vec![(2, "+44 1".into(), "a@b.example".into()), (4, "2".into(), String::new())];
        assert_eq!(phones("\u{feff}Phone,Email\r\n+44 1,a@b.example\r\n,\r\n2,\r\n"), wanted);
        assert_eq!(phones("name;E-Mail;Tel\nJo;a@b.example; +44 1\n;;\n;;2"), wanted);
        assert_eq!(phones("email\tphone\na@b.example\t+44 1\n\t\n\t2\n"), wanted);
        let full = read(b"phone,email,name,locale\n1234,a@b.example,\"O'Hara, Jo\",de\n").unwrap();
        assert_eq!((full[0].1.name.as_deref(), full[0].1.locale.as_deref()), (Some("O'Hara, Jo"), Some("de")));
    }

    #[test]
    fn other_files_are_refused() {
        assert!(matches!(read(b"a,b\n1,2\n"), Err(ContactError::NoColumns)));
        assert!(matches!(read(b""), Err(ContactError::NoColumns)));
        assert!(matches!(read(b"phone,email\n1,\xff\n"), Err(ContactError::NotUtf8)));
    }
}
