//! Bounds of the cost of reading a mail, whatever its content: in rows and in bytes matched against the patterns.

use super::fields::MAX_VALUE_BYTES;
use super::parts::MAX_PROSE_BYTES;
use super::words::LOOKED_AT;
use super::*;
use proptest::prelude::*;

/// Returns the reports of a mail, and the number of bytes matched against the patterns.
fn read_counted(bytes: &[u8]) -> (Vec<Report>, usize) {
    LOOKED_AT.set(0);
    let reports = read(bytes);
    (reports, LOOKED_AT.get())
}

/// Returns a delivery report with this human-readable and this machine-readable part.
fn report(notice: &str, machines: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\nSubject: Undeliverable\nMIME-Version: 1.0\nContent-Type: multipart/report; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\n{notice}\n\n--b\nContent-Type: message/delivery-status\n\n{machines}\n--b--\n"
    )
}

/// Returns the piece repeated up to this many bytes.
fn filled(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len())
}

#[test]
fn a_mail_costs_no_more_than_its_first_rows_however_it_is_filled() {
    let long = filled("nobody knows why. ", MAX_PROSE_BYTES);
    let addresses: String = (0..MAX_PROSE_BYTES / 12).map(|n| format!("a{n}@b.example\n")).collect();
    let named = addresses.replace('\n', ", ");
    let groups: String = addresses.lines().map(|address| format!("Final-Recipient: rfc822; {address}\n")).collect();
    let cases = [
        ("groups", report(&long, &filled("Action: x\n\n", MAX_MAIL_BYTES - 2 * MAX_PROSE_BYTES)), MAX_RECIPIENTS),
        ("recipients", report(&addresses, ""), 0),
        ("recipients of both", report(&addresses, &groups), MAX_RECIPIENTS),
        ("a header", format!("X-Failed-Recipients: {named}\n{}", report(&long, "")), 0),
        (
            "a field",
            report(
                &long,
                &format!("Action: failed\nDiagnostic-Code: smtp; 550\n{}", filled(" x\n", MAX_MAIL_BYTES / 2)),
            ),
            1,
        ),
    ];
    for (case, mail, rows) in cases {
        let (reports, looked_at) = read_counted(mail.as_bytes());
        let found: usize = reports.iter().map(|report| report.rows.len()).sum();
        assert_eq!((reports.len(), found), (1, rows), "{case}");
        assert!(looked_at <= 4 * MAX_PROSE_BYTES, "{case}: {looked_at} bytes");
    }
}

/// One change to a mail: place (in thousandths), length, and content.
#[derive(Debug, Clone)]
enum Change {
    Drop,
    Repeat(usize),
    Swap(u8),
    Put(&'static str),
}

fn changes() -> impl Strategy<Value = Vec<(usize, usize, Change)>> {
    let pieces = [
        "\n\n",
        "--b\n",
        "--b--",
        "\r",
        ":",
        ";",
        " \n ",
        "Final-Recipient: rfc822; x@y.example\n",
        "Action: failed\n\n",
        "Status: 5.1.1\n",
        "From x\n\nFrom y\n",
        "<a@b.example>: ",
        "550 5.1.1 ",
        "é",
        "İ",
        "\u{0}",
        "Content-Type: message/rfc822\n\n",
        "Content-Transfer-Encoding: base64\n",
    ];
    let change = prop_oneof![
        Just(Change::Drop),
        (2..60_usize).prop_map(Change::Repeat),
        any::<u8>().prop_map(Change::Swap),
        proptest::sample::select(pieces.to_vec()).prop_map(Change::Put),
    ];
    proptest::collection::vec((0..1000_usize, 0..120_usize, change), 0..12)
}

fn changed(mail: &str, changes: &[(usize, usize, Change)]) -> Vec<u8> {
    let mut mail = mail.as_bytes().to_vec();
    for (place, length, change) in changes {
        let from = mail.len() * place / 1000;
        let to = (from + length).min(mail.len());
        let part = mail[from..to].to_vec();
        let new = match change {
            Change::Drop => Vec::new(),
            Change::Repeat(times) => part.repeat(*times),
            Change::Swap(byte) => part.iter().map(|one| one ^ byte).collect(),
            Change::Put(piece) => piece.as_bytes().to_vec(),
        };
        mail.splice(from..to, new);
    }
    mail
}

proptest! {
    #[test]
    fn a_report_that_somebody_has_tampered_with_stays_within_bounds(changes in changes()) {
        let notice = "Sorry.\n\n<jerry@b.example>: host mx.b.example said:\n550 5.1.1 no such user here\n\n--- Below this line is a copy of it.\n";
        let machines = "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; jerry@b.example\nAction: failed\nStatus: 5.0.0\n\
                        Diagnostic-Code: smtp; 550 5.1.1 user\n unknown\n\nOriginal-Recipient: rfc822; x@y.example\nAction: delayed\nStatus: 4.2.2\n";
        let mail = changed(&report(notice, machines), &changes);
        let (reports, looked_at) = read_counted(&mail);
        for report in &reports {
            prop_assert!(report.rows.len() <= MAX_RECIPIENTS && report.tags.len() <= MAX_SECRETS && report.tokens.len() <= MAX_SECRETS);
            for row in &report.rows {
                prop_assert!(row.said.len() <= MAX_VALUE_BYTES && row.address.as_ref().is_none_or(|address| address.len() < 1000));
                prop_assert!(row.status.as_ref().is_none_or(|status| status.len() < 9));
                let _ = (row.verdict(), row.reason.words());
            }
        }
        // Decoding may turn a byte into three characters' worth; it is matched as the reply, around it, and as a whole.
        prop_assert!(looked_at <= 12 * mail.len() + 4096, "{looked_at} bytes of {}", mail.len());
    }
}
