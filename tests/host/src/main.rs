//! A small wasi-http host that runs the functions as Spin would.

fn main() {}
