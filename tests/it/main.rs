//! Integration tests in one binary: `support` is their common part, then one module per feature.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod anonymity;
mod app;
mod architecture;
mod audio;
mod audit;
mod contacts;
mod desk;
mod feedback;
mod followups;
mod interactions;
mod journey;
mod licences;
mod mail;
mod measures;
mod openapi;
mod operations;
mod outages;
mod platform;
mod privacy;
mod ratings;
mod search;
mod staff;
mod support;
mod surveys;
mod training;
mod transcription;
mod webhooks;
