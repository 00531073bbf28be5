//! Demo of a made-up company: filled by the same functions as in the service, with a clock that runs through its last
//! quarter. Its customers receive their mail and respond by its link.

mod aftermath;
mod company;
mod customers;
mod deliveries;
mod directions;
mod history;
mod survey;

pub use history::{DemoError, fill, is_fresh};

/// Password of every account of the demo.
pub const PASSWORD: &str = "afterword-demo";

/// The five steps shown to a new user: action and URL.
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
