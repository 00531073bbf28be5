//! What one may be allowed to do. A right is a type, named in the handler's first parameter; the table of who has which
//! stands here alone.

use super::principal::{Principal, Role, Scope};

/// A right: who has it is decided by role or scope; which things it reaches is decided where they are loaded.
pub trait Right: Send + Sync + 'static {
    /// Its name, for the audit log, the docs and the test of role × endpoint.
    const NAME: &'static str;
    /// Roles that have it.
    const ROLES: &'static [Role];
    /// Scopes of API keys that have it.
    const SCOPES: &'static [Scope];

    /// Has this one the right?
    fn has(principal: &Principal) -> bool {
        match principal.role() {
            Some(role) => Self::ROLES.contains(&role),
            None => Self::SCOPES.iter().any(|scope| principal.has_scope(*scope)),
        }
    }
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident: $roles:expr, $scopes:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Right for $name {
            const NAME: &'static str = stringify!($name);
            const ROLES: &'static [Role] = $roles;
            const SCOPES: &'static [Scope] = $scopes;
        }
    )*};
}

rights! {
    /// Anybody who is signed in, with any key.
    SignedIn: &Role::ALL, &[Scope::Ingest, Scope::Read, Scope::Admin];
    /// Send interactions and recordings in.
    Ingest: &[Role::Admin], &[Scope::Ingest, Scope::Admin];
    /// See interactions, recordings and transcripts, each within one's view.
    SeeInteractions: &[Role::Admin, Role::Supervisor, Role::Agent], &[Scope::Read, Scope::Admin];
    /// See and export what is masked in transcripts and chats: administrators, and supervisors for their teams. Audited.
    SeeOriginals: &[Role::Admin, Role::Supervisor], &[Scope::Admin];
    /// See a linked answer beside its recording: supervisors of the team, nobody else (anonymity.md).
    SeeResponses: &[Role::Supervisor], &[];
    /// See to follow-ups, open what customers left to be called back: supervisors of the team, nobody else.
    FollowUp: &[Role::Supervisor], &[];
    /// See whether feedback is read: supervisors their teams' words, administrators how many wait.
    SeeFeedback: &[Role::Admin, Role::Supervisor], &[];
    /// Correct transcripts, have them made once more, stop that.
    EditTranscripts: &[Role::Admin, Role::Supervisor], &[Scope::Admin];
    /// Put clips into the training library.
    Curate: &[Role::Supervisor], &[];
    /// Use the training library.
    Learn: &[Role::Admin, Role::Supervisor, Role::Agent], &[Scope::Read, Scope::Admin];
    /// See ratings in totals: HR all, supervisors their teams, agents their own.
    SeeRatings: &[Role::Admin, Role::Supervisor, Role::Agent, Role::Hr], &[Scope::Read, Scope::Admin];
    /// Leave conversations out of the ratings, and let them in again. Audited.
    LeaveOut: &[Role::Admin, Role::Hr], &[Scope::Admin];
    /// See what is asked: surveys and their versions, in words.
    SeeSurveys: &[Role::Admin, Role::Supervisor, Role::Hr], &[Scope::Read, Scope::Admin];
    /// Write, publish and archive surveys, and say who is asked which.
    ManageSurveys: &[Role::Admin], &[Scope::Admin];
    /// Set up teams, agents, staff, keys, mail.
    Administer: &[Role::Admin], &[Scope::Admin];
}
