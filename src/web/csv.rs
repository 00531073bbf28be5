//! CSV files for spreadsheets.

use poem::Response;
use poem::http::header;

/// Tells spreadsheets that the file is UTF-8; without it they show `JÃ¼rgen`.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns a CSV file as a download, with a byte order mark.
pub fn attachment(name: &str, file: &[u8]) -> Response {
    Response::builder()
        .content_type("text/csv; charset=utf-8")
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
        .header(header::CACHE_CONTROL, "no-store")
        .body([BYTE_ORDER_MARK, file].concat())
}

/// Returns the text with an apostrophe in front where a spreadsheet would take it for a formula (OWASP, "CSV
/// injection").
pub fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        for bad in ["=HYPERLINK(\"x\")", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(harmless(bad), format!("'{bad}"));
        }
        assert_eq!(harmless("Sydney = Carton"), "Sydney = Carton");
    }
}
