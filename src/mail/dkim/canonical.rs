//! `relaxed` canonicalisation (RFC 6376, 3.4).

/// Headers of a mail, from top to bottom: name in lower case, and canonical line.
pub(super) struct Headers(Vec<(String, String)>);

impl Headers {
    /// Parses the text of all headers, each with its line ending.
    pub fn read(text: &str) -> Self {
        let mut all: Vec<String> = Vec::new();
        for line in text.split_inclusive("\r\n") {
            match all.last_mut() {
                Some(last) if line.starts_with([' ', '\t']) => last.push_str(line),
                _ => all.push(line.to_owned()),
            }
        }
        let named = |line: String| {
            let name = line.split(':').next().unwrap_or_default().trim_end().to_lowercase();
            (name, header(&line))
        };
        Self(all.into_iter().map(named).collect())
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }

    /// Returns the headers of these names, each with its line ending; a repeated name selects the next one above, and
    /// nothing where there is none.
    pub fn signed(&self, names: &[&str]) -> String {
        let mut text = String::new();
        for (place, name) in names.iter().enumerate() {
            let before = names[..place].iter().filter(|earlier| *earlier == name).count();
            if let Some((_, line)) = self.0.iter().rev().filter(|(found, _)| found == name).nth(before) {
                text.push_str(line);
                text.push_str("\r\n");
            }
        }
        text
    }
}

/// Returns one header in canonical form, without its line ending.
pub(super) fn header(line: &str) -> String {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    let words: Vec<_> = value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
    format!("{}:{}", name.trim_end().to_lowercase(), words.join(" "))
}

/// Returns the body in canonical form.
pub(super) fn body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 2);
    let mut end = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (begin, mut space) = (out.len(), false);
        for byte in line {
            if matches!(byte, b' ' | b'\t') {
                space = true;
                continue;
            }
            if std::mem::take(&mut space) {
                out.push(b' ');
            }
            out.push(*byte);
        }
        let empty = out.len() == begin;
        out.extend_from_slice(b"\r\n");
        if !empty {
            end = out.len();
        }
    }
    // Empty lines at the end are ignored.
    out.truncate(end);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        // RFC 6376, 3.4.5.
        let headers = Headers::read("A: X\r\nB : Y\t\r\n\tZ  \r\n");
        assert_eq!(headers.signed(&["a", "b"]), "a:X\r\nb:Y Z\r\n");
        assert_eq!(body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
        assert_eq!(body(b""), b"");
        assert_eq!(body(b"\r\n\r\n"), b"");
        assert_eq!(body(b"a\r\n \t\r\nb"), b"a\r\n\r\nb\r\n");
    }

    #[test]
    fn a_name_that_comes_again_takes_the_one_above_and_then_nothing() {
        let headers = Headers::read("X: 1\r\nY: 2\r\nX: 3\r\n");
        assert_eq!(headers.signed(&["x", "x", "x", "y"]), "x:3\r\nx:1\r\ny:2\r\n");
        assert!(headers.has("y") && !headers.has("z"));
    }
}
