//! Validation of local paths from requests: the target after signing in.

use url::Url;

/// Returns the path (with its query), normalised as by URL parsers, where `text` is a path of this site; `None` where
/// it may lead elsewhere.
///
/// Browsers drop tabs and line feeds, and treat a backslash as a slash; so a text that looks like a path may name a
/// host. The text is resolved like in a browser (the WHATWG URL standard), and must stay on the host that it was
/// resolved against. Control characters and backslashes are rejected in any case, in the path also where they are
/// percent-encoded, as is a second slash at the beginning.
pub fn local_path(text: &str) -> Option<String> {
    let base = Url::parse("http://site.invalid").ok()?;
    if !text.starts_with('/') || has_odd(text) {
        return None;
    }
    let resolved = base.join(text).ok()?;
    if resolved.origin() != base.origin() || !resolved.username().is_empty() || resolved.password().is_some() {
        return None;
    }
    let decoded = percent_encoding::percent_decode_str(resolved.path()).decode_utf8().ok()?;
    if decoded.starts_with("//") || has_odd(&decoded) {
        return None;
    }
    let query = resolved.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{}{query}", resolved.path()))
}

fn has_odd(text: &str) -> bool {
    text.contains('\\') || text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_site_stay_as_they_are() {
        for path in ["/", "/ratings", "/interactions?team=1&q=a%0Ab%5C", "/search?q=%2F%2Fevil", "/library/7?t=1:2"] {
            assert_eq!(local_path(path).as_deref(), Some(path));
        }
        assert_eq!(local_path("/a/../b#part").as_deref(), Some("/b"));
        assert_eq!(local_path("/ü").as_deref(), Some("/%C3%BC"));
    }

    #[test]
    fn what_may_lead_elsewhere_is_none() {
        for text in [
            "",
            "ratings",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            "/\u{0}/evil.example",
            "/\u{7f}",
            "/\u{85}/evil.example",
            "/%09/evil.example",
            "/%0a/evil.example",
            "/%5Cevil.example",
            "/%2Fevil.example",
            "/./%2fevil.example",
            "/.//evil.example",
            "/a/..//evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            " //evil.example",
        ] {
            assert_eq!(local_path(text), None, "{text:?}");
        }
    }
}
