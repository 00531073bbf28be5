//! Intake and recordings, from outside.

mod deliveries;
pub mod files;
mod forms;
mod full_disk;
mod intake;
mod killed;
mod listening;
mod parts;
mod parts_killed;
mod recordings;
mod renditions;
