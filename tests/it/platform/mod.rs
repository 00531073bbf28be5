//! Tests of the platform.

mod configuration;
mod first_start;
mod jobs;
mod key;
mod kill;
mod metrics;
mod permissions;
mod rows;
mod statements;
