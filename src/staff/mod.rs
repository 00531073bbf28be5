//! Staff: accounts and sessions, one-time links, API keys, and the directory of teams and agents.
//!
//! Accounts sign in ([`Staff`]); agents ([`Directory`]) handle interactions and are rated, and are known from the data
//! of sources. An account of the role agent refers to its agent.

pub mod api;
mod directory;
pub mod pages;

mod account;
mod limits;
mod notices;
mod passwords;
mod sessions;
mod setup;
mod store;

pub use account::SessionSummary;
pub use directory::{
    AgentIdentity, AgentMention, AgentMerge, AgentRef, AgentSummary, Directory, Team, TeamRef, agent_by_source,
    is_address_known, merged_agents, team_by_name, upsert_teams,
};
pub use notices::Notice;
pub use sessions::{SESSION_LASTS, SignIn, SignInTry};
pub use setup::{Account, KeySummary, NewAccount, NewSecret};

use crate::clock::SharedClock;
use crate::database::{Db, DbError};
use crate::mail::Mail;
use std::time::Duration;

/// Service of accounts, sessions, keys.
#[derive(Clone, Debug)]
pub struct Staff {
    db: Db,
    clock: std::sync::Arc<ClockBox>,
    mail: Mail,
}

/// Accounts of the demo: address, name, description.
pub const DEMO_ACCOUNTS: &[(&str, &str, &str)] = &[
    ("sarah@northwind.example", "Sarah Meyer", "Supervisor"),
    ("nora@northwind.example", "Nora Quinn", "New agent"),
    ("alice@northwind.example", "Alice Morgan", "Agent"),
    ("henry@northwind.example", "Henry Osei", "HR"),
    ("ada@northwind.example", "Ada Lind", "Administrator"),
];

/// A clock with a `Debug` output, so that services can derive it.
struct ClockBox(SharedClock);

impl std::fmt::Debug for ClockBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// Reason why an action on accounts is rejected.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// The address is invalid.
    #[error("\"{0}\" is not an e-mail address")]
    BadEmail(String),
    /// The address is in use.
    #[error("there is an account with this address already")]
    EmailTaken,
    /// The name is missing or too long.
    #[error("a name has 1 to 120 characters")]
    BadName,
    /// A source or its id is missing or too long.
    #[error("a source and an id in it have 1 to 320 characters")]
    BadId,
    /// The password is too short or too long.
    #[error("a password has 10 to 200 characters")]
    BadPassword,
    /// The password is easily guessed; the reason.
    #[error("choose another password: {0}; a sentence of your own is good")]
    WeakPassword(String),
    /// The current password is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The account is disabled.
    #[error("this account is disabled: enable it first")]
    Disabled,
    /// A team of this name exists.
    #[error("there is a team of this name already")]
    TeamExists,
    /// Both are the same agent.
    #[error("this is the same agent already")]
    SameAgent,
    /// The identity under which the agent is listed can't be split off.
    #[error("the agent is listed under this identity: split off the others instead")]
    FirstIdentity,
    /// There is no such team, agent, account or key.
    #[error("there is no such {0}")]
    NotThere(&'static str),
    /// The one-time link was used, has expired, or is invalid.
    #[error("this link has been used or is too old: ask your administrator for a new one")]
    DeadLink,
    /// A key for some sources reaches further.
    #[error("a key for some sources may only send: give it the scope ingest alone")]
    BoundKey,
    /// The last administrator can't be disabled.
    #[error("this is the last administrator who can sign in")]
    LastAdmin,
    /// Wrong address or password, without saying which.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// Too many attempts; the next one is allowed after this time.
    #[error("too many tries; wait a minute, then try again")]
    TooManyTries(Duration),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Staff {
    /// Returns the service over this database. Registers its kinds of mail, which link to pages under `public_url`.
    pub fn new(db: Db, clock: SharedClock, mail: Mail, public_url: String) -> Self {
        let staff = Self { db, clock: std::sync::Arc::new(ClockBox(clock)), mail };
        let composer = notices::Composer::new(staff.db.clone(), public_url, staff.clock.0.zone());
        staff.mail.register(notices::MAIL, std::sync::Arc::new(composer));
        staff
    }

    fn now(&self) -> crate::clock::Timestamp {
        self.clock.0.now()
    }
}

/// Trims and validates a name.
pub fn checked_name(name: &str) -> Result<String, StaffError> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > 120 { Err(StaffError::BadName) } else { Ok(name) }
}

/// Trims, lower-cases and validates an address: one `@`, a domain with a dot (or `localhost`).
pub fn checked_email(email: &str) -> Result<String, StaffError> {
    let email = email.trim().to_lowercase();
    let domain_ok = email.rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.') || domain == "localhost");
    if email_address::EmailAddress::is_valid(&email) && domain_ok {
        Ok(email)
    } else {
        Err(StaffError::BadEmail(email))
    }
}
