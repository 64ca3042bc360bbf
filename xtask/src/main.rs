//! The only tool a person needs.

fn main() {}
