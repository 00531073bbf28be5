//! What everything stands on.

mod configuration;
mod jobs;
mod key;
mod kill;
mod metrics;
mod permissions;
mod rows;
mod statements;
