//! Afterword has the last word after every support call or chat: a short anonymous survey, tied to the recording, which is
//! transcribed on the machine itself; a library of exemplary calls from which new agents learn; fair ratings for HR.
//!
//! # The map
//!
//! Who depends on whom, from the outside in; nothing points back (a test keeps it so).
//!
//! **The edge.** [`cli`] turns arguments into one of the commands. [`app`] is the composition root: it builds the features
//! from the configuration and joins their pages, endpoints and jobs. [`demo`] fills a throw-away company through the same
//! doors that everybody uses.
//!
//! **The features**, each a folder with the same layers: `api` (endpoints and wire types, poem-openapi) and `pages` (forms
//! and views, askama) call the functions of `mod`, which holds types and rules and is the only door for other features;
//! SQL stands in `store` alone, private to its feature.
//!
//! - [`audit`]: who looked at what and changed what; append-only.
//! - [`webhooks`]: what has happened, told to other systems: signed, tried again, never to private addresses.
//! - [`mail`]: the outbox. Bodies are composed when they are sent, so no survey link ever stands in the database.
//! - [`staff`]: accounts, sessions, API keys; the directory of teams and agents.
//! - [`interactions`]: calls and chats as they come in, and recordings.
//! - [`transcription`]: recordings into words: speech detection, the Whisper engine, models.
//! - [`surveys`]: who is asked and why not, the page, answers. Its `mix` is the heart of the promise in docs/anonymity.md.
//! - [`training`]: clips of exemplary interactions, and who has studied them.
//! - [`measures`]: who spoke how much, where it was quiet, who had to wait, from transcripts and messages.
//! - [`search`]: what was said or written, found by its words; the same on both databases.
//! - [`ratings`]: releases of answers in batches, and the sums over them that agents and HR see.
//! - [`privacy`]: erasing what somebody asks for, removing what was kept long enough, and the page that tells customers.
//! - [`feedback`]: who has read what customers wrote, what may be quoted, and what agents are commended for.
//! - [`followups`]: what somebody has to see to: low linked ratings, customers who ask to be contacted; alerts.
//! - [`desk`]: the staff pages that bring several features together; it has no rules of its own.
//!
//! **What a change brings along**: [`effects`] saves jobs, audit lines and events for webhooks in the change's own transaction.
//!
//! **The platform**, which names no feature: [`web`] (the server and its limits, who is asking and what they may, errors, pages,
//! forms), [`jobs`] (the durable queue), [`database`] (SQLite and PostgreSQL behind one body of code), [`vault`] (the key that is
//! not in the database), [`audio`] (recordings read in a stream), [`files`] (files that only the service may read), [`masking`]
//! (personal data out of text), [`config`], [`clock`], [`ids`].
//!
//! # One request walked through
//!
//! `PUT /api/v1/interactions/phone/4711` arrives at [`web::middleware`], which caps its body and will log its route, never
//! its path. The endpoint's first parameter, [`web::Allowed`], finds the API key and its scope. `interactions::api` turns the
//! body into an [`interactions::Intake`]; `Interactions::upsert` checks it, seals the customer's address, and hands it to
//! the group commit, which writes many at once: one statement a table, the job that will decide about a survey among them.
//! When the transaction is on disk, the answer goes out. Minutes later the job runs: `surveys` decides, and in one
//! transaction writes the invitation, the mail's line in the outbox and the mark of the quiet period.

pub mod app;
pub mod audio;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod database;
pub mod demo;
pub mod desk;
pub mod effects;
pub mod feedback;
pub mod files;
pub mod followups;
pub mod ids;
pub mod interactions;
pub mod jobs;
pub mod mail;
pub mod masking;
pub mod measures;
pub mod privacy;
pub mod ratings;
pub mod search;
pub mod staff;
pub mod surveys;
pub mod training;
pub mod transcription;
pub mod vault;
pub mod web;
pub mod webhooks;
