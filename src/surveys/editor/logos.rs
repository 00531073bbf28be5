//! Logos: raster images, recognised by their content, never by the browser's declared type. No SVG: it can hold
//! scripts.

use super::{EditError, store};
use crate::database::DbError;
use crate::surveys::Surveys;
use crate::vault::plain_hash;

/// Maximum size of a logo, in bytes: every customer loads it, often on a phone.
pub const MAX_LOGO_BYTES: usize = 64 * 1024;
/// Maximum width and height of a logo, in pixels.
const MAX_LOGO_PIXELS: u32 = 2000;

/// A logo, as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// `image/png`, `image/jpeg` or `image/webp`.
    pub media_type: String,
    /// Content of the file.
    pub bytes: Vec<u8>,
}

/// Reasons that a picture can't be a logo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    /// No file was chosen.
    #[error("choose a picture first")]
    Empty,
    /// Too many bytes.
    #[error("the picture has more than {} KB: make it smaller, 400 pixels are wide enough", MAX_LOGO_BYTES / 1024)]
    TooLarge,
    /// The file is not a PNG, JPEG or `image/webp` picture.
    #[error("this is no picture that can be shown: send a PNG, a JPEG or a WebP file")]
    NotAPicture,
    /// Width or height above the limit.
    #[error("the picture is larger than {MAX_LOGO_PIXELS} by {MAX_LOGO_PIXELS} pixels")]
    TooManyPixels,
}

/// Returns the media type by the first bytes, and the picture's size if they contain it.
fn look_at(bytes: &[u8]) -> Option<(&'static str, Option<(u32, u32)>)> {
    let be = |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes);
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.get(12..16) == Some(b"IHDR") {
        return Some(("image/png", be(16).zip(be(20))));
    }
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) && bytes.ends_with(&[0xff, 0xd9]) {
        return Some(("image/jpeg", jpeg_size(bytes)));
    }
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    let is_frame = matches!(bytes.get(12..16), Some(b"VP8 " | b"VP8L" | b"VP8X"));
    (is_webp && is_frame).then_some(("image/webp", None))
}

/// Returns the size in the first frame header (ITU-T T.81, B.2.2).
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let be = |at: usize| bytes.get(at..at + 2).map(|two| u32::from(two[0]) << 8 | u32::from(two[1]));
    let mut at = 2;
    while bytes.get(at) == Some(&0xff) {
        let marker = *bytes.get(at + 1)?;
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            return be(at + 7).zip(be(at + 5));
        }
        at += 2 + usize::try_from(be(at + 2)?).ok()?;
    }
    None
}

/// Returns the media type of a picture that can be a logo.
fn check(bytes: &[u8]) -> Result<&'static str, LogoError> {
    if bytes.is_empty() {
        return Err(LogoError::Empty);
    }
    if bytes.len() > MAX_LOGO_BYTES {
        return Err(LogoError::TooLarge);
    }
    let (media_type, size) = look_at(bytes).ok_or(LogoError::NotAPicture)?;
    match size {
        Some((0, _) | (_, 0)) => Err(LogoError::NotAPicture),
        Some((width, height)) if width > MAX_LOGO_PIXELS || height > MAX_LOGO_PIXELS => Err(LogoError::TooManyPixels),
        _ => Ok(media_type),
    }
}

impl Surveys {
    /// Stores a picture; returns the name under which it is served (SHA-256, hex).
    pub async fn add_logo(&self, bytes: &[u8]) -> Result<String, EditError> {
        let media_type = check(bytes)?;
        let name = plain_hash(bytes);
        let mut tx = self.inner.db.begin().await?;
        store::add_logo(tx.conn(), &name, media_type, bytes, self.now()).await?;
        tx.commit().await?;
        Ok(name)
    }

    /// Returns the picture with this name.
    pub async fn logo(&self, name: &str) -> Result<Option<Logo>, DbError> {
        let found = store::logo(self.inner.db.read().await?.conn(), name).await?;
        Ok(found.map(|(media_type, bytes)| Logo { media_type, bytes }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes().into_iter().chain(height.to_be_bytes()));
        bytes
    }

    #[test]
    fn pictures_are_known_by_their_content() {
        let jpeg =
            [&[0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 11, 8, 0, 9, 0, 16][..], &[0; 6], &[0xff, 0xd9]]
                .concat();
        assert_eq!(
            (check(&png(40, 20)), check(&jpeg), jpeg_size(&jpeg)),
            (Ok("image/png"), Ok("image/jpeg"), Some((16, 9)))
        );
        assert_eq!(check(b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0"), Ok("image/webp"));
        for (wrong, why) in [
            (Vec::new(), LogoError::Empty),
            (
                b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec(),
                LogoError::NotAPicture,
            ),
            (b"GIF89a".to_vec(), LogoError::NotAPicture),
            (b"\x89PNG\r\n\x1a\n<script>".to_vec(), LogoError::NotAPicture),
            (b"RIFF\0\0\0\0WAVEfmt ".to_vec(), LogoError::NotAPicture),
            (vec![0xff, 0xd8, 0xff], LogoError::NotAPicture),
            (png(0, 5), LogoError::NotAPicture),
            (png(2001, 5), LogoError::TooManyPixels),
            ([png(40, 20), vec![0; MAX_LOGO_BYTES]].concat(), LogoError::TooLarge),
        ] {
            assert_eq!(check(&wrong), Err(why), "{wrong:?}");
        }
    }
}
