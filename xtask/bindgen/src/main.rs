//! Makes a Workers module of a function's wasm: `bindgen <input.wasm> <output folder>`.
//!
//! A crate of its own, so that nobody waits for it who only checks or tests. The library's version must equal
//! `wasm-bindgen`'s in Cargo.lock; both are pinned in the workspace.

use std::env::args_os;
use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let mut arguments = args_os().skip(1);
    let (Some(input), Some(folder)) = (arguments.next(), arguments.next()) else {
        return fail("usage: bindgen <input.wasm> <output folder>");
    };
    let mut bindgen = Bindgen::new();
    let made = bindgen
        .input_path(input)
        .out_name("core")
        .typescript(false)
        .reset_state_function(true)
        .module(true)
        .and_then(|bindgen| bindgen.generate(folder));
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}")),
    }
}

#[expect(clippy::print_stderr, reason = "it is a command")]
fn fail(cause: &str) -> ExitCode {
    eprintln!("bindgen: {cause}");
    ExitCode::FAILURE
}
