//! Recordings: decoded, damaged, drawn and cut.

mod damaged;
mod decoded;
mod formats;
mod pieces;
pub mod wav;
