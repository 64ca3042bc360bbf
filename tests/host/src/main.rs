//! A small wasi-http host that runs the functions as Spin would: `host --manifest spin.toml --components DIR`.
//!
//! For development and tests. It knows what the functions use and no more: HTTP in and out (plain HTTP out),
//! variables, the clock and randomness. What Spin refuses, it refuses.

mod arguments;
mod guest;
mod manifest;
mod outbound;
mod serve;
mod variables;

use arguments::Arguments;
use manifest::Manifest;
use serve::Server;
use std::io::Write;
use std::process::ExitCode;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            guest::log(&format!("{error:?}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> wasmtime::Result<()> {
    let arguments = Arguments::read()?;
    let manifest = Manifest::read(&arguments.manifest)?;
    let server = Server::load(&manifest, &arguments)?;
    let listener = TcpListener::bind(("127.0.0.1", arguments.port)).await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening on http://{}", listener.local_addr()?)?;
    stdout.flush()?;
    server.listen(listener).await
}
