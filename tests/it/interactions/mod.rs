//! Intake and recordings, from outside.

mod deliveries;
pub mod files;
mod full_disk;
mod intake;
mod killed;
mod listening;
mod recordings;
mod renditions;
