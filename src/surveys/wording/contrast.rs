//! Contrast of colours, as defined by WCAG 2.2.

/// Background of the page in light mode.
pub const PAPER: &str = "#faf8f4";
/// Background of the page in dark mode.
pub const SLATE: &str = "#14171d";
/// Minimum contrast of text (WCAG 2.2, 1.4.3).
const MIN_CONTRAST: f64 = 4.5;

/// Returns red, green, blue of `#rrggbb`.
fn parse(colour: &str) -> Option<[u8; 3]> {
    let hex = colour.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let part = |from: usize| u8::from_str_radix(&hex[from..from + 2], 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}

/// Returns the relative luminance (WCAG 2.2).
fn luminance(colour: [u8; 3]) -> f64 {
    let [r, g, b] = colour.map(|part| {
        let c = f64::from(part) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// Returns the contrast ratio of two colours, 1 to 21; `None` if one is no colour.
pub fn ratio(one: &str, other: &str) -> Option<f64> {
    let (a, b) = (luminance(parse(one)?), luminance(parse(other)?));
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}

/// Returns the reason that a colour can't be used on this background; `None` if it can.
pub fn objection(colour: &str, ground: &str) -> Option<String> {
    match ratio(colour, ground) {
        None => Some(format!("{colour} is no colour such as #0f6a68")),
        Some(ratio) if ratio < MIN_CONTRAST => Some(format!(
            "{colour} is hard to read on {ground}: its contrast is {ratio:.1} to 1, and text needs {MIN_CONTRAST} to 1"
        )),
        Some(_) => None,
    }
}

/// Returns white or the dark text colour, whichever has more contrast on this colour.
pub fn ink_on(colour: &str) -> &'static str {
    let (white, ink) = ("#ffffff", "#0d1117");
    if ratio(white, colour) >= ratio(ink, colour) { white } else { ink }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_the_standard() {
        let two = |a, b| ratio(a, b).map(|r| (r * 100.0).round() / 100.0);
        assert_eq!(
            (two("#000000", "#ffffff"), two("#777777", "#ffffff"), two("#ffffff", "#ffffff")),
            (Some(21.0), Some(4.48), Some(1.0))
        );
        assert!(objection("#0f6a68", PAPER).is_none() && objection("#6cc5ba", SLATE).is_none());
        assert!(
            objection("#eeee00", PAPER).is_some()
                && objection("teal", PAPER).is_some()
                && objection("#ééé", PAPER).is_some()
        );
        assert_eq!((ink_on("#0f6a68"), ink_on("#6cc5ba")), ("#ffffff", "#0d1117"));
    }
}
