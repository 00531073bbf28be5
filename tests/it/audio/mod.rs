//! Recordings: decoding, damaged files, peaks and clips.

mod damaged;
mod decoded;
pub mod formats;
mod joined;
mod long;
mod pieces;
pub mod wav;
