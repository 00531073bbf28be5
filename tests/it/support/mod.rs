//! What the tests need from outside the program: a mail server, a PostgreSQL, a browser, the shared material. Where
//! one of them is missing the test is skipped loudly, or fails if the environment says that all must be there (as the
//! CI does).

pub mod axe;
pub mod browser;
pub mod heard;
pub mod imap;
pub mod own_postgres;
pub mod postfix;
pub mod postgres;
pub mod served;
pub mod shared;
pub mod skip;
pub mod small_disk;
pub mod smtp;

mod process;
