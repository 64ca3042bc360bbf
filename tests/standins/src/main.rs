//! Starts the stand-ins and prints where they are; `--address 127.0.0.1:8799` fixes the port.

use standins::{Config, start};
use std::io::Write;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.next()) {
            ("--address", Some(address)) => config.address = address.parse()?,
            _ => return Err("usage: standins [--address 127.0.0.1:8799]".into()),
        }
    }
    let running = start(config).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", running.base_url())?;
    out.flush()?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}
