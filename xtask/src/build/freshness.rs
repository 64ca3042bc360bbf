//! Whether an output was made from the inputs that are there now.

use anyhow::{Context, Result};
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

/// The fingerprint of some inputs, and the file that keeps the one of the last build.
pub struct Stamp {
    fingerprint: String,
    file: PathBuf,
}

impl Stamp {
    /// The stamp of these inputs, kept in `file`.
    pub fn of(inputs: &[&Path], file: &Path) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        for input in inputs {
            fs::read(input).with_context(|| format!("reading {}", input.display()))?.hash(&mut hasher);
        }
        Ok(Self { fingerprint: format!("{:016x}", hasher.finish()), file: file.to_owned() })
    }

    /// Whether the last build had the same inputs.
    pub fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|kept| kept == self.fingerprint)
    }

    /// Notes that the output is made.
    pub fn set(&self) -> Result<()> {
        fs::write(&self.file, &self.fingerprint).context("noting what was built")
    }
}
