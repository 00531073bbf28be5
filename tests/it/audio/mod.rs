//! Recordings: decoded, damaged, drawn and cut.

mod damaged;
mod decoded;
pub mod formats;
mod long;
mod pieces;
pub mod wav;
