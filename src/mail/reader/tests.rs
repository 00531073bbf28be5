use super::*;

/// Returns a delivery report with this group for its recipient.
fn report(group: &str) -> Vec<u8> {
    let text = format!(
        "From: MAILER-DAEMON@mx.example\nTo: <bounces+{tag}@northwind.example>\nSubject: Returned\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n--b\nContent-Type: text/plain\n\n\
         It did not go well.\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{group}\n\
         --b\nContent-Type: text/rfc822-headers\n\nList-Unsubscribe: <https://x.example/u/{token}>\n\n--b--\n",
        tag = "0123456789abcdefABCDEF0123456789",
        token = "a-_".repeat(10) + "bc",
    );
    text.replace('\n', "\r\n").into_bytes()
}

fn only(bytes: &[u8]) -> (Report, RecipientReport) {
    let mut all = read(bytes);
    assert_eq!(all.len(), 1);
    let report = all.remove(0);
    assert_eq!(report.rows.len(), 1, "{report:?}");
    let row = report.rows[0].clone();
    (report, row)
}

#[test]
fn a_report_tells_who_why_and_whose_mail_it_was() {
    let group = "Final-Recipient: rfc822;Jerry@Example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no\n  such user\n";
    let (report, row) = only(&report(group));
    assert_eq!((report.kind, row.verdict()), (Kind::Delivery, Verdict::Hard));
    assert_eq!(row.address.as_deref(), Some("jerry@example.net"));
    assert_eq!((row.status.as_deref(), row.reply, row.reason), (Some("5.1.1"), Some(550), Reason::UserUnknown));
    assert_eq!(row.said, "550 no such user");
    assert_eq!(report.tags, ["0123456789abcdefabcdef0123456789"]);
    assert_eq!(report.tokens, ["a-_".repeat(10) + "bc"]);
}

#[test]
fn what_is_for_now_or_delivered_is_not_for_ever() {
    for (action, status, said, verdict) in [
        ("failed", "4.4.7", "", Verdict::Soft),
        ("failed", "4.1.1", "450 user unknown, try later", Verdict::Soft),
        ("failed", "5.2.2", "552 mailbox full", Verdict::Soft),
        ("failed", "5.7.1", "554 blocked using a list", Verdict::Soft),
        ("delayed", "4.1.1", "450 user unknown", Verdict::Nothing),
        ("delivered", "2.1.5", "250 ok", Verdict::Nothing),
        ("relayed", "5.1.1", "550 user unknown", Verdict::Nothing),
        ("failed", "5.1.2", "", Verdict::Hard),
    ] {
        let group = format!(
            "Final-Recipient: rfc822; a@b.example\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {said}\n"
        );
        assert_eq!(only(&report(&group)).1.verdict(), verdict, "{action} {status} {said}");
    }
}

#[test]
fn people_on_holiday_and_people_who_write_are_left_alone() {
    for text in [
        "From: Jerry <jerry@example.net>\nSubject: Automatic reply: How was it?\n\nI am away. 550 5.1.1 user unknown",
        "From: jerry@example.net\nAuto-Submitted: auto-replied\nReturn-Path: <>\nSubject: Re: it\n\nThis mailbox does not exist any more",
        "From: jerry@example.net\nSubject: How was it?\n\nIt was good. unsubscribe",
        "From: jerry@example.net\nSubject: unsubscribe\n\n",
        "Subject: \n\n",
        "x",
        "",
    ] {
        let rows: Vec<RecipientReport> = read(text.as_bytes()).into_iter().flat_map(|report| report.rows).collect();
        assert!(rows.iter().all(|row| row.verdict() == Verdict::Nothing), "{text}: {rows:?}");
    }
}

#[test]
fn complaints_have_kinds() {
    for (kind, verdict) in [
        ("abuse", Verdict::Complaint),
        ("opt-out", Verdict::OptOut),
        ("auth-failure", Verdict::Nothing),
        ("not-spam", Verdict::Nothing),
    ] {
        let text = format!(
            "From: fbl@isp.example\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
             --b\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nOriginal-Rcpt-To: <jerry@example.net>\n\n--b--\n"
        );
        let (report, row) = only(text.as_bytes());
        assert_eq!((report.kind, row.reason, row.verdict()), (Kind::Feedback, Reason::Feedback, verdict), "{kind}");
        assert_eq!(row.address.as_deref(), Some("jerry@example.net"));
    }
}

#[test]
fn secrets_are_found_whole_or_not_at_all() {
    let hex = "0123456789abcdef0123456789abcdef";
    for not in
        [format!("+{hex}0@x"), format!("+{}@x", &hex[1..]), format!("-{hex}@x"), "+".repeat(40), "é+é".repeat(40)]
    {
        assert!(tags(&not).is_empty(), "{not}");
    }
    assert_eq!(tags(&format!("a+b+{hex}@x, +{hex}@y")), [hex]);
    assert!(tokens(&format!("/u/{}", "x".repeat(33))).is_empty());
}

#[test]
fn a_reply_in_a_field_of_its_own_is_read() {
    let report = "From: MAILER-DAEMON@mx.example.net\nMIME-Version: 1.0\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=BB\n\n--BB\n\nDelivery failed.\n\n--BB\n\
        Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n\
        Final-Recipient: RFC822; jerry@example.net\nAction: failed\nStatus: 5.0.0\n\
        X-Supplementary-Info: <192.0.2.32 #5.0.0 smtp; 550 \"Unknown User\">\n\n--BB--\n";
    let row = read(report.as_bytes()).remove(0).rows.remove(0);
    assert_eq!((row.reason, row.reply, row.verdict()), (Reason::UserUnknown, Some(550), Verdict::Hard));
}

/// Pieces of returned mails, to be combined in any order.
fn pieces() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let piece = prop_oneof![
        Just("Content-Type: multipart/report; boundary=b\n".to_owned()),
        Just("Content-Type: message/delivery-status\n".to_owned()),
        Just("Content-Type: message/rfc822\n".to_owned()),
        Just("Content-Transfer-Encoding: base64\n".to_owned()),
        Just("\n--b\n".to_owned()),
        Just("\n--b--\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("From \n\nFrom \n".to_owned()),
        Just("From: MAILER-DAEMON@x\nReturn-Path: <>\n".to_owned()),
        Just("Final-Recipient: rfc822; a@b.example\n".to_owned()),
        Just("<a@b.example>: 550 5.1.1 é".to_owned()),
        Just("Status: 5.".to_owned()),
        Just("+0123456789abcdef0123456789abcde".to_owned()),
        Just("/u/".to_owned()),
        "\\PC{0,30}",
        "[\\x00-\\xff]{0,20}",
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest::proptest! {
    #[test]
    fn rubbish_is_read_as_something(text in pieces(), bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        for rubbish in [text.as_bytes(), &bytes] {
            for report in read(rubbish) {
                proptest::prop_assert!(report.rows.len() <= MAX_RECIPIENTS && report.tags.len() <= MAX_SECRETS);
                for row in &report.rows {
                    proptest::prop_assert!(row.status.as_ref().is_none_or(|status| status.len() < 9));
                }
            }
        }
    }
}
