//! Faults on request: the next calls of a service fail as real ones do.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Which part of the stand-in a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Xero's tokens.
    Identity,
    /// Xero's API.
    Xero,
    /// The mail API.
    Mail,
    /// The keys of OpenID providers.
    Oidc,
    /// The resolver.
    Dns,
    /// The tests' own surface; never faulty.
    Control,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// 429 with `Retry-After`; nothing happens.
    TooMany {
        /// Seconds to wait.
        retry_after_s: u64,
    },
    /// 500; nothing happens.
    Broken,
    /// The connection ends; nothing happens.
    DropBefore,
    /// The call takes effect, then the connection ends.
    DropAfter,
}

/// Faults that wait for their calls.
#[derive(Default)]
pub(crate) struct Faults(VecDeque<(Service, Fault)>);

impl Faults {
    pub(crate) fn add(&mut self, service: Service, calls: usize, fault: Fault) {
        self.0.extend(std::iter::repeat_n((service, fault), calls));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn take(&mut self, service: Service) -> Option<Fault> {
        let at = self.0.iter().position(|(wanted, _)| *wanted == service)?;
        self.0.remove(at).map(|(_, fault)| fault)
    }
}
