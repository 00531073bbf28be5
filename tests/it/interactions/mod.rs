//! Intake and recordings, from outside.

mod intake;
mod listening;
mod recordings;
