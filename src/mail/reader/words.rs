//! What servers write, and what it means. The order matters: the first that fits is taken, so what is told of the sending
//! host or the content comes before what a mailbox might be.

use super::Reason;

/// Patterns in lower case; `*` stands for anything within the same stretch of [`REACH`] characters.
const TABLE: &[(Reason, &[&str])] = &[
    (Reason::VirusDetected, &["virus", "malware", "infected with"]),
    (Reason::FailedStarttls, &["starttls", "tls required", "requires tls", "tls not available", "tls handshake"]),
    (
        Reason::AuthFailure,
        &[
            "dmarc", "spf * fail", "fails spf", "spf check", "spf=", "not designate", "dkim", "sender policy framework",
            "authentication checks", "unauthenticated email", "unauthenticated mail", "not authenticated * domain",
        ],
    ),
    (
        Reason::RequirePtr,
        &[
            "reverse dns", "ptr record", "no ptr", "rdns", "reverse lookup", "reverse hostname", "reverse address",
            "cannot find your hostname", "find your reverse", "fcrdns",
        ],
    ),
    (Reason::BadReputation, &["reputation"]),
    (
        Reason::Suppressed,
        &["suppression list", "suppressed recipient", "previously bounced", "unsubscribed address", "bounced address"],
    ),
    (
        Reason::Blocked,
        &[
            "blocked using", "blacklist", "black list", "blocklist", "block list", "block-list", "dnsbl", " rbl", "rbl ",
            "spamhaus", "spamcop", "sorbs", "barracudacentral", "invaluement", "banned send", "banned ip", "client host * blocked",
            "ip * blocked", "ip * banned", "ip address * rejected", "ip * listed", "ip is listed", "ip * blocklisted",
            "your host * rejected", "host * blocked", "server * blocked", "connection * blocked", "connection * rejected",
            "connections from your", "connection refused by", "not accepting mail from your", "not allowed to connect",
            "smtp server of your isp", "through your isp", "dynamic ip", "dynamic address", "dialup", "dial-up", "residential ip",
            "my name was rejected", "invalid domain name", "helo command rejected", "ehlo command rejected", "helo * reject",
            "helo * invalid", "helo * denied", "bad helo", "invalid helo", "invalid ehlo", "refused to talk to me",
            "temporarily deferred due to", "access denied * ip", "your network",
        ],
    ),
    (
        Reason::SpamDetected,
        &[
            "spam", "unsolicited", "content rejected, ube", " ube,", "bulk mail", "bulk email", "junk mail", "phishing", "ofr_506",
            "ofr_416", "ofr506", "looks like bulk", "considered unwanted", "high probability of", "content filter",
        ],
    ),
    (Reason::Blocked, &["blocked by"]),
    (
        Reason::MailboxFull,
        &[
            "mailbox full", "mailbox is full", "mailbox * full", "mail box full", "inbox is full", "inbox full", "over quota",
            "overquota", "over the quota", "over its quota", "quota exceeded", "exceeded * quota", "exceeds * quota", "quota * exceeded",
            "quota * full", "out of storage", "storage space", "storage quota", "storage allocation", "disk quota", "user is over",
            "mailbox size limit", "mailbox * exceeded", "exceeded storage", "too much mail", "maildir over", "mailfolder is full",
            "account is full", "recipient storage full", "postfach voll", "postfach ist voll", "boîte pleine", "boite pleine",
            "buzón lleno", "容量", "收件人邮箱已满",
        ],
    ),
    (
        Reason::TooBig,
        &[
            "too large", "too big", "size exceeds", "exceeds * size", "message size", "exceeds maximum", "larger than the",
            "length exceeds", "size limit",
        ],
    ),
    (
        Reason::TooManyConnections,
        &["too many connections", "too many concurrent", "too many simultaneous", "too many sessions", "connection limit", "maximum connections"],
    ),
    (
        Reason::Speeding,
        &[
            "rate limit", "ratelimit", "rate-limit", "rate that", "too fast", "too frequent", "too many messages", "too many mails",
            "too many emails", "throttl", "unusual rate", "sending rate", "exceeded the rate", "message rate", "slow down",
        ],
    ),
    (Reason::ExceedLimit, &["too many recipients", "recipient limit", "recipients limit", "exceeded * limit"]),
    (
        Reason::NoRelaying,
        &[
            "relaying denied", "relay denied", "relay access denied", "relay not permitted", "relaying not", "not permitted to relay",
            "unable to relay", "cannot relay", "not relay", "no relaying", "relay * prohibited", "relaying * prohibited", "open relay",
            "insecure mail relay", "not a gateway", "rcpthosts",
        ],
    ),
    (
        Reason::Rejected,
        &[
            "sender address rejected", "sender * rejected", "sender * denied", "sender * refused", "sender * blocked", "domain of sender",
            "sender domain", "sender verify", "sender verification", "mail from * denied", "invalid sender", "bad sender", "sender is not",
            "from address * rejected", "mailfrom", "not accept * from", "verify sender", "sender * not exist", "unknown sender",
        ],
    ),
    (
        Reason::NotAccept,
        &[
            "null mx", "nullmx", "does not accept mail", "doesn't accept mail", "does not accept e", "doesn't receive email",
            "does not receive mail", "no mail accepted", "does not accept any",
        ],
    ),
    (
        Reason::HasMoved,
        &["has moved", "mailbox moved", "user * moved", "has been replaced by", "new address is", "address * changed to", "please use * instead"],
    ),
    (
        Reason::HostUnknown,
        &[
            "host unknown", "unknown host", "host not found", "domain not found", "domain name not found", "domain * couldn't be found",
            "domain * could not be found", "no such domain", "no such host", "unknown domain", "domain is not reachable", "nxdomain",
            "non-existent domain", "nonexistent domain", "non-existent host", "couldn't find any host", "host or domain name not found",
            "domain must exist", "recipient domain * not exist", "domain does not exist", "domain doesn't exist",
            "no mx record", "invalid domain", "unresolvable domain", "illegal host", "bad destination system",
        ],
    ),
    (
        Reason::UserUnknown,
        &[
            "user unknown", "unknown user", "unknown recipient", "recipient unknown", "unknown mailbox", "mailbox unknown",
            "unknown address", "address unknown", "unknown local", "unknown or illegal", "unknown account", "addressee unknown",
            "no such user", "no such recipient", "no such mailbox", "no such person", "no such address", "no such account",
            "no such local", "no such email", "no such name", "no mailbox", "no account", "no user", "no recipient", "no valid recipients",
            "user not found", "user * not found", "mailbox not found", "recipient not found", "recipnotfound", "recipientnotfound",
            "recipient * not found", "address * not found", "account not found", "not found in * directory", "address not found",
            "user * doesn't exist", "user * not exist", "mailbox * not exist", "mailbox * doesn't exist", "recipient * not exist",
            "account * not exist", "account that you tried to reach does", "address * not exist", "address * doesn't exist",
            "address couldn't be found", "address * couldn't be found", "address * wasn't found", "doesn't have a", "does not have a",
            "does not have an account", "invalid recipient", "invalid user", "invalid mailbox", "invalid address",
            "invalid local part", "invalid email", "recipient * invalid", "not a valid", "not a known user", "not known", "not our customer",
            "mailbox unavailable", "mailbox not available", "mailbox is unavailable", "mailbox is inactive", "mailbox invalid",
            "recipient address rejected: access denied", "recipient address rejected: undeliverable", "recipient address rejected: user",
            "recipient address rejected: unknown", "undeliverable address", "unrouteable address", "unroutable address",
            "bad destination mailbox", "no longer valid", "no longer on server", "no longer work", "no longer exist", "no longer available",
            "not listed in", "delivery to * not authorized here", "unable to find recipient", "not exist here", "not local user",
            "account * deleted", "account has been closed", "account * terminated", "account disabled or discontinued",
            "disabled or discontinued", "recipient rejected: user", "utilisateur inconnu", "adresse inconnue", "destinataire inconnu",
            "benutzer unbekannt", "empfänger unbekannt", "unbekannter empfänger", "usuario desconocido", "no existe", "n'existe pas",
            "宛先が", "用户不存在", "收件人不存在", "user is unknown", "this user doesn", "this user does not",
        ],
    ),
    (
        Reason::Suspend,
        &[
            "suspended", "account disabled", "mailbox disabled", "account is disabled", "mailbox is disabled", "user disabled",
            "account * disabled", "mailbox * disabled", "inactive", "deactivated", "currently blocked", "account is locked",
            "mailbox locked", "mailbox is locked", "temporarily closed", "is not active", "not activated", "account expired",
        ],
    ),
    (
        Reason::PolicyViolation,
        &["policy", "policies", "network not allowed", "not permitted", "prohibited", "not allowed", "administratively", "forbidden"],
    ),
    (
        Reason::Filtered,
        &["filtered", "filter", "user refuse", "user * refused", "recipient refused", "not accepting messages", "restricted", "not authorized to send"],
    ),
    (
        Reason::SecurityError,
        &["authentication required", "authentication failed", "not authorized", "not authorised", "access denied", "security", "must authenticate", "auth first"],
    ),
    (
        Reason::SystemFull,
        &["disk full", "no space left", "insufficient system", "insufficient disk", "system storage", "system full", "not enough disk"],
    ),
    (
        Reason::Expired,
        &[
            "expired", "timed out", "time out", "timeout", "retry time", "retry timeout", "in the queue too long", "in queue too long",
            "queue too long", "could not be delivered for", "cannot be delivered for", "cannot send message for", "delivery time",
            "undelivered after", "been unable to deliver * hours", "days old", "too old",
        ],
    ),
    (
        Reason::NetworkError,
        &[
            "mail loop", "loop detected", "hop count", "too many hops", "maximum allowed times", "forwarded more than", "connection refused",
            "connection reset", "connection lost", "lost connection", "connection dropped", "connection was dropped", "network is unreachable",
            "network unreachable", "no route to host", "host is unreachable", "host unreachable", "dns query failed", "dns error", "dns server",
            "name service error", "name server", "name or service", "could not connect", "couldn't connect", "unable to connect", "bad connection",
            "loops back", "unreachable", "establish an smtp connection", "did not accept our requests to connect",
        ],
    ),
    (
        Reason::MailerError,
        &["command failed", "unknown mailer error", "mailer error", "procmail", "exit status", "pipe to", "local delivery failed", "x-unix"],
    ),
    (
        Reason::SystemError,
        &[
            "system error", "internal error", "local error", "server error", "configuration error", "configuration problem", "misconfigur",
            "service unavailable", "service not available", "service is unavailable", "resources temporarily", "i/o error", "server failed",
            "temporary failure", "temporary local", "local problem", "cannot open", "can't create", "database", "system not accepting",
        ],
    ),
    (Reason::NotCompliantRfc, &["rfc 5322", "rfc 2822", "rfc 822", "rfc5322", "rfc2822", "not compliant", "missing header", "duplicate header", "message-id header", "bare lf"]),
    (Reason::ContentError, &["content", "attachment", "message format", "body type", "header", "charset", "data format", "mime"]),
    (Reason::SyntaxError, &["syntax", "unrecognized command", "command not", "bad sequence", "protocol error"]),
];

/// How far `*` reaches, in bytes.
const REACH: usize = 90;

/// The reason that these words tell, if any.
pub(super) fn reason(said: &str) -> Option<Reason> {
    let text = normal(said);
    TABLE.iter().find(|(_, patterns)| patterns.iter().any(|pattern| fits(&text, pattern))).map(|(reason, _)| *reason)
}

/// Lower case, in one line, and without addresses: "spam@example.net" tells nothing.
fn normal(said: &str) -> String {
    let words = said.split_whitespace().filter(|word| !word.contains('@'));
    words.collect::<Vec<_>>().join(" ").replace('’', "'").to_lowercase()
}

fn fits(text: &str, pattern: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return text.contains(pattern) };
    let (first, rest) = (first.trim(), rest.trim());
    text.match_indices(first).any(|(at, _)| {
        let behind = &text.as_bytes()[at + first.len()..];
        let near = String::from_utf8_lossy(&behind[..behind.len().min(REACH)]);
        near.contains(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_what_they_mean() {
        for (said, meant) in [
            ("<spam@example.net>: User unknown", Some(Reason::UserUnknown)),
            ("The email account that you tried to reach does not exist", Some(Reason::UserUnknown)),
            ("Client host [192.0.2.1] blocked using zen.spamhaus.org", Some(Reason::Blocked)),
            ("The user you are trying to contact is over quota", Some(Reason::MailboxFull)),
            ("Host or domain name not found. Name service error", Some(Reason::HostUnknown)),
            ("Sender address rejected: Domain not found", Some(Reason::Rejected)),
            ("Das Postfach ist voll", Some(Reason::MailboxFull)),
            ("250 2.0.0 Ok", None),
            ("", None),
        ] {
            assert_eq!(reason(said), meant, "{said}");
        }
        assert!(fits("no such a user here", "no * user") && !fits("user no", "no * user"));
    }
}
