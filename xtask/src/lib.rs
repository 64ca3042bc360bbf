//! What builds and runs the functions, for the command line and for the tests.

pub mod build;
pub mod manifest;
pub mod process;
pub mod runtime;
pub mod skip;
pub mod tools;
pub mod workspace;
