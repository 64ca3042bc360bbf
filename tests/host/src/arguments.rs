//! The command line.

use std::path::PathBuf;
use wasmtime::error::Context;
use wasmtime::{Result, bail};

/// What the host is started with.
pub struct Arguments {
    /// `spin.toml`.
    pub manifest: PathBuf,
    /// The folder of the components, in place of the one that the manifest names.
    pub components: Option<PathBuf>,
    /// Where compiled code is kept between runs.
    pub cache: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
}

impl Arguments {
    /// Reads the process's arguments.
    pub fn read() -> Result<Self> {
        let mut read = Self { manifest: "spin.toml".into(), components: None, cache: None, port: 3000 };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words.next().with_context(|| format!("{word} needs a value"))?;
            match word.as_str() {
                "--manifest" => read.manifest = value.into(),
                "--components" => read.components = Some(value.into()),
                "--cache" => read.cache = Some(value.into()),
                "--port" => read.port = value.parse::<u16>().context("--port needs a number")?,
                _ => bail!("{word} is not known; there are --manifest, --components, --cache and --port"),
            }
        }
        Ok(read)
    }
}
