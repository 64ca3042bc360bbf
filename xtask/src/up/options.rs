//! What `up` was asked for, and where it keeps its data.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;
use xtask::runtime::Kind;

/// The command line.
pub struct Options {
    /// Which runtime.
    pub runtime: Kind,
    /// The API's port on 127.0.0.1.
    pub port: u16,
    /// Where data is kept across runs.
    pub data: Option<PathBuf>,
    /// A MongoDB in place of the embedded engine.
    pub mongodb: Option<String>,
}

impl Options {
    /// Reads `--runtime`, `--port`, `--data` and `--mongodb`.
    pub fn read(words: &[String]) -> Result<Self> {
        let mut options = Self { runtime: Kind::Workerd, port: 8787, data: None, mongodb: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words.next().with_context(|| format!("{word} needs a value"))?;
            match (word.as_str(), value.as_str()) {
                ("--runtime", "workerd") => options.runtime = Kind::Workerd,
                ("--runtime", "wasi") => options.runtime = Kind::Wasi,
                ("--port", port) => options.port = port.parse().context("--port needs a number")?,
                ("--data", folder) => options.data = Some(folder.into()),
                ("--mongodb", uri) => options.mongodb = Some(uri.to_owned()),
                _ => bail!("{word} {value} is not understood; see `cargo xtask help`"),
            }
        }
        Ok(options)
    }
}

/// The folder of a run: kept when it was asked for, else removed at the end.
pub struct Place {
    /// Database, secrets and logs.
    pub folder: PathBuf,
    temporary: bool,
}

impl Place {
    /// The folder that the options name, or a new one.
    pub fn of(options: &Options) -> Result<Self> {
        let temporary = options.data.is_none();
        let other = || std::env::temp_dir().join(format!("edgewise-{}", std::process::id()));
        let folder = options.data.clone().unwrap_or_else(other);
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let folder = folder.canonicalize().with_context(|| format!("finding {}", folder.display()))?;
        Ok(Self { folder, temporary })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.temporary {
            // What is left over is in the system's folder for temporary files.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
