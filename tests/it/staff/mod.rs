//! Accounts, sessions, rights.

mod guarded;
mod sign_in;
