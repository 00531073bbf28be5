//! Accounts, sessions, rights.

mod account;
mod agents;
mod guarded;
mod limits;
mod links;
mod sign_in;
mod supervisors;
