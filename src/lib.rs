//! Afterword.
pub mod clock;
pub mod config;
pub mod database;
pub mod ids;
pub mod vault;
