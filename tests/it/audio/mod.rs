//! Recordings: decoded, damaged, drawn and cut.

mod damaged;
mod decoded;
mod pieces;
pub mod wav;
