//! Afterword.
pub mod app;
pub mod audio;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod database;
pub mod effects;
pub mod ids;
pub mod interactions;
pub mod jobs;
pub mod masking;
pub mod ratings;
pub mod staff;
pub mod vault;
pub mod web;
