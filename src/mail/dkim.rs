//! Signatures of mail (DKIM, RFC 6376; Ed25519 by RFC 8463), by which recipients' servers verify the sender's domain.
//!
//! The signature covers the bytes that are sent, `Content-Type` included; both canonicalisations are `relaxed`, which
//! tolerates changes of white space in transit.

mod canonical;
mod key;

use crate::clock::Timestamp;
use crate::config::Dkim;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use canonical::Headers;
use key::Key;
use sha2::{Digest, Sha256};

/// Header fields that are signed where present. Those named twice cannot be added in transit either. RFC 8058 demands
/// that both List-Unsubscribe headers are signed.
const SIGNED: [&str; 14] = [
    "from",
    "from",
    "to",
    "to",
    "subject",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "auto-submitted",
    "list-unsubscribe",
    "list-unsubscribe-post",
];
/// Maximum number of characters of a signature on a line.
const LINE: usize = 72;

/// A TXT record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DkimRecord {
    /// Name: `SELECTOR._domainkey.DOMAIN`, without a trailing dot.
    pub name: String,
    /// Value, unsplit.
    pub text: String,
}

/// Maximum number of bytes of one string of a TXT record (RFC 1035).
const MAX_TXT_STRING_BYTES: usize = 255;

impl DkimRecord {
    /// Returns the value in the syntax of a zone file: quoted strings of at most 255 bytes.
    pub fn zone_text(&self) -> String {
        let strings = self.text.as_bytes().chunks(MAX_TXT_STRING_BYTES);
        let strings: Vec<_> = strings.map(|part| format!("\"{}\"", String::from_utf8_lossy(part))).collect();
        strings.join(" ")
    }
}

/// Signs mail.
pub(super) struct Signer {
    selector: String,
    domain: String,
    key: Key,
}

impl Signer {
    /// Returns the signer for the section. Errors: the reason in words.
    pub fn new(dkim: &Dkim) -> Result<Self, String> {
        let key = Key::read(&dkim.key_file)?;
        Ok(Self { selector: dkim.selector.clone(), domain: dkim.domain.clone(), key })
    }

    /// Returns the record to be published in DNS.
    pub fn record(&self) -> DkimRecord {
        let name = format!("{}._domainkey.{}", self.selector, self.domain);
        let text = format!("v=DKIM1; k={}; p={}", self.key.kind(), BASE64.encode(self.key.public()));
        DkimRecord { name, text }
    }

    /// Returns the header to prepend to a mail, with its line ending.
    pub fn header(&self, mail: &[u8], now: Timestamp) -> Result<String, String> {
        let broken = || "the mail has no end of its headers".to_owned();
        let end = mail.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(broken)?;
        let (headers, body) = (&mail[..end + 2], &mail[end + 4..]);
        let headers = Headers::read(std::str::from_utf8(headers).map_err(|_| broken())?);
        let body_hash = BASE64.encode(Sha256::digest(canonical::body(body)));
        let names: Vec<_> = SIGNED.into_iter().filter(|name| headers.has(name)).collect();
        let unsigned = format!(
            "DKIM-Signature: v=1; a={}-sha256; c=relaxed/relaxed; d={};\r\n\ts={}; t={};\r\n\th={};\r\n\tbh={body_hash};\r\n\tb=",
            self.key.kind(),
            self.domain,
            self.selector,
            now.0.div_euclid(1000),
            names.join(":\r\n\t "),
        );
        let mut signed = headers.signed(&names);
        signed.push_str(&canonical::header(&unsigned));
        let signature = BASE64.encode(self.key.sign(signed.as_bytes())?);
        let mut header = unsigned;
        for (n, part) in signature.as_bytes().chunks(LINE).enumerate() {
            header.push_str(if n == 0 { "" } else { "\r\n\t" });
            header.push_str(std::str::from_utf8(part).unwrap_or_default());
        }
        header.push_str("\r\n");
        Ok(header)
    }
}
