//! External requirements of the tests: a mail server, a PostgreSQL, a browser, the shared material. Where one of them
//! is missing the test is reported as skipped, or fails if the environment demands all of them (as in the CI).

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
