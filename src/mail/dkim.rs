//! Signatures of mail (DKIM, RFC 6376; Ed25519 by RFC 8463), so that recipients' servers can see whose it is.
//!
//! What is signed is what leaves, byte by byte, `Content-Type` included; both canonicalisations are `relaxed`, which
//! survives the white space that servers on the way rearrange.

mod canonical;
mod key;

use crate::clock::Timestamp;
use crate::config::Dkim;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use canonical::Headers;
use key::Key;
use sha2::{Digest, Sha256};

/// What is signed where it is there. Those named twice can't be added by somebody on the way either. RFC 8058 wants both
/// List-Unsubscribe headers signed.
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
/// Characters of a signature in a line.
const LINE: usize = 72;

/// A TXT record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DkimRecord {
    /// Its name: `SELECTOR._domainkey.DOMAIN`, no dot behind it.
    pub name: String,
    /// Its text, whole.
    pub text: String,
}

/// Maximum number of bytes of one string of a TXT record (RFC 1035).
const MAX_TXT_STRING_BYTES: usize = 255;

impl DkimRecord {
    /// The text as a zone file takes it: in strings of 255 bytes at most, each in quotes.
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
    /// From the section; why not, in words.
    pub fn new(dkim: &Dkim) -> Result<Self, String> {
        let key = Key::read(&dkim.key_file)?;
        Ok(Self { selector: dkim.selector.clone(), domain: dkim.domain.clone(), key })
    }

    /// What is to be published in DNS.
    pub fn record(&self) -> DkimRecord {
        let name = format!("{}._domainkey.{}", self.selector, self.domain);
        let text = format!("v=DKIM1; k={}; p={}", self.key.kind(), BASE64.encode(self.key.public()));
        DkimRecord { name, text }
    }

    /// The header to put before a mail, with its line end.
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
