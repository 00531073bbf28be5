//! Shared by all pages and endpoints: authentication, authorisation, errors, forms, pages, ranges, assets.

pub mod access;
pub mod assets;
pub mod body;
pub mod client_address;
pub mod csv;
pub mod docs;
pub mod form;
pub mod format;
pub mod local_path;
pub mod methods;
pub mod middleware;
pub mod outage;
pub mod page;
pub mod paging;
pub mod problem;
pub mod ranges;
pub mod server;
pub mod sound;
pub mod survey_counts;
pub mod unmasked;

pub use access::{Allowed, Authenticate, SiteInfo, Viewer};
pub use body::JsonBody;
pub use client_address::{ClientAddress, TrustedProxies};
pub use form::{EmptyForm, Posted, PostedFile};
pub use format::When;
pub use methods::{get, post};
pub use page::{PageError, Shell, html, redirect};
pub use paging::{page_size, request_cursor};
pub use problem::{ApiError, Problem};
pub use survey_counts::SurveyCounts;
