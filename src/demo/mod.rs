//! A throw-away company to look at: filled through the same doors that everybody uses, with a clock that runs through its
//! last quarter. Customers really get their mail and really answer by its link.

mod aftermath;
mod company;
mod customers;
mod history;
mod survey;

pub use history::{DemoError, fill, is_fresh};

/// The password of everybody in the demo.
pub const PASSWORD: &str = "afterword-demo";

/// The five steps that a newcomer is shown: what to do, and where.
pub const STEPS: [(&str, &str); 5] = [
    ("Read the customers' mail, open the newest and answer its survey", "/demo/mail"),
    (
        "Sign in as Sarah, the supervisor, and hear Alice's call about the lost parcel while its transcript follows",
        "/interactions",
    ),
    ("Pick the best half minute of that call and flag it as exemplary", "/interactions"),
    ("Sign in as Nora, who is new, and study the clip", "/learn"),
    ("Sign in as Henry from HR and see what the ratings say, and how surely", "/ratings"),
];
