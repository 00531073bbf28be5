//! Rights. A right is a type, named in the handler's first parameter; this table defines the roles and scopes that have
//! it.

use super::principal::{Principal, Role, Scope};

/// A right: granted by role or scope; the objects that it reaches are decided where they are loaded.
pub trait Right: Send + Sync + 'static {
    /// Name, for the audit log, the docs and the test of role × endpoint.
    const NAME: &'static str;
    /// Roles that have it.
    const ROLES: &'static [Role];
    /// Scopes of API keys that have it.
    const SCOPES: &'static [Scope];

    /// Whether the principal has the right.
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
    /// Any signed-in user, and any key.
    SignedIn: &Role::ALL, &[Scope::Ingest, Scope::Read, Scope::Admin];
    /// Send interactions and recordings.
    Ingest: &[Role::Admin], &[Scope::Ingest, Scope::Admin];
    /// See interactions, recordings and transcripts, limited to the visible ones.
    SeeInteractions: &[Role::Admin, Role::Supervisor, Role::Agent], &[Scope::Read, Scope::Admin];
    /// See and export unmasked transcripts and chats: administrators, and supervisors for their teams. Audited.
    SeeOriginals: &[Role::Admin, Role::Supervisor], &[Scope::Admin];
    /// See a linked response next to its recording: only supervisors of the team (anonymity.md).
    SeeResponses: &[Role::Supervisor], &[];
    /// Work on follow-ups and open callback contacts: only supervisors of the team.
    FollowUp: &[Role::Supervisor], &[];
    /// See whether feedback is read: supervisors the comments of their teams, administrators the number of unread ones.
    SeeFeedback: &[Role::Admin, Role::Supervisor], &[];
    /// Correct transcripts, restart and stop transcriptions.
    EditTranscripts: &[Role::Admin, Role::Supervisor], &[Scope::Admin];
    /// Add clips to the training library.
    Curate: &[Role::Supervisor], &[];
    /// Use the training library.
    Learn: &[Role::Admin, Role::Supervisor, Role::Agent], &[Scope::Read, Scope::Admin];
    /// See rating results: HR all, supervisors their teams', agents their own.
    SeeRatings: &[Role::Admin, Role::Supervisor, Role::Agent, Role::Hr], &[Scope::Read, Scope::Admin];
    /// Exclude conversations from the ratings, and include them again. Audited.
    LeaveOut: &[Role::Admin, Role::Hr], &[Scope::Admin];
    /// See surveys and their versions.
    SeeSurveys: &[Role::Admin, Role::Supervisor, Role::Hr], &[Scope::Read, Scope::Admin];
    /// Write, publish and archive surveys, and set the rules that select them.
    ManageSurveys: &[Role::Admin], &[Scope::Admin];
    /// Administer teams, agents, staff, keys, mail.
    Administer: &[Role::Admin], &[Scope::Admin];
}
