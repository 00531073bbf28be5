//! Access: the acting person or program, roles, scopes, rights, and the interactions that each may see.

pub mod principal;
pub mod rights;

pub use principal::{Principal, PrincipalKind, Role, Scope, Visible};
