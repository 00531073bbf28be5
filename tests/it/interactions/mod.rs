//! Intake and recordings, from outside.

mod intake;
mod recordings;
