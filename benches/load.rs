//! Load figures.
fn main() {}
