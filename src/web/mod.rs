//! What every page and endpoint shares: who is asking and what they may, errors, forms, pages, ranges, assets.

pub mod access;
pub mod assets;
pub mod csv;
pub mod form;
pub mod middleware;
pub mod original;
pub mod outage;
pub mod page;
pub mod paging;
pub mod principal;
pub mod problem;
pub mod ranges;
pub mod rights;
pub mod said;
pub mod sound;

pub use access::{Allowed, Authenticate, SiteInfo, Viewer};
pub use form::{Posted, PostedFile};
pub use page::{PageError, Shell, html, redirect};
pub use paging::{Cursor, Page};
pub use principal::{Principal, Role, Scope, Who};
pub use problem::{ApiError, Problem};
pub use said::When;
