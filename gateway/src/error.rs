//! Why a gateway does not start.

use std::fmt;

/// Why a gateway does not start; never tells a secret.
#[derive(Debug)]
pub enum Error {
    /// The address cannot be listened on.
    Listen(std::io::Error),
    /// The database cannot be opened.
    Database(String),
    /// The certificate or its key cannot be used.
    Tls(String),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen(error) => write!(formatter, "cannot listen: {error}"),
            Self::Database(reason) => write!(formatter, "cannot open the database: {reason}"),
            Self::Tls(reason) => write!(formatter, "cannot use the certificate: {reason}"),
        }
    }
}

impl std::error::Error for Error {}
