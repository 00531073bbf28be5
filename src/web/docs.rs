//! `/docs`: Swagger UI as bundled by poem-openapi, with a Content-Security-Policy that allows only the scripts of that
//! page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use poem::http::{HeaderValue, header};
use poem::{Endpoint, Request, Response};
use sha2::{Digest, Sha256};

/// The page and its policy.
pub struct Docs {
    page: Bytes,
    policy: HeaderValue,
}

impl Docs {
    /// Takes Swagger UI's page. Its inline scripts are allowed by their hashes; it sets styles itself, and calls the
    /// API.
    pub fn new(page: String) -> Self {
        let scripts: String =
            inline_scripts(&page).iter().map(|script| format!(" 'sha256-{}'", hash(script))).collect();
        let policy = format!(
            "default-src 'none'; script-src{scripts}; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; \
             connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
        );
        // A hash is plain ASCII; without a policy nothing at all would be allowed.
        let policy = HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
        Self { page: page.into(), policy }
    }
}

impl Endpoint for Docs {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        let answer =
            Response::builder().content_type("text/html; charset=utf-8").header(header::CACHE_CONTROL, "no-cache");
        Ok(answer.header(header::CONTENT_SECURITY_POLICY, self.policy.clone()).body(self.page.clone()))
    }
}

/// Returns the texts between `<script …>` and `</script>`, in order.
fn inline_scripts(page: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = page;
    while let Some((_, behind)) = rest.split_once("<script") {
        let Some((script, after)) = behind.split_once('>').and_then(|(_, text)| text.split_once("</script>")) else {
            break;
        };
        scripts.push(script);
        rest = after;
    }
    scripts
}

/// Returns the SHA-256 of a script as computed by browsers: over its text with LF line endings.
fn hash(script: &str) -> String {
    BASE64.encode(Sha256::digest(script.replace("\r\n", "\n").replace('\r', "\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_of_the_page_is_allowed_by_its_hash_and_no_other() {
        let page = "<style>a{}</style><script charset=\"UTF-8\">alert(1)</script>\r\n<body><script>\r\nlet a;</script>";
        assert_eq!(inline_scripts(page), ["alert(1)", "\r\nlet a;"]);
        let policy = Docs::new(page.to_owned()).policy;
        let policy = policy.to_str().unwrap();
        // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
        assert!(
            policy.contains("script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=' 'sha256-"),
            "{policy}"
        );
        assert!(policy.contains(&hash("\nlet a;")) && !policy.contains("script-src 'unsafe"), "{policy}");
    }
}
