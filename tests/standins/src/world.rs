//! The state behind the listener.

use crate::clock::Clock;
use crate::config::Config;
use crate::dns::Zone;
use crate::fault::{Faults, Service};
use crate::mail::Mailbox;
use crate::oidc::Providers;
use crate::xero::Xero;
use serde::Serialize;
use std::collections::VecDeque;

/// Older calls are forgotten.
const CALL_LIMIT: usize = 20_000;

/// One call that was made, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallRecord {
    /// Whom it was for.
    pub service: Service,
    /// `GET`, `PUT`, …
    pub method: String,
    /// With ids, without the query.
    pub path: String,
    /// 0 when the connection was dropped.
    pub status: u16,
    /// `xero-tenant-id`.
    pub tenant_id: Option<String>,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// Whether an earlier answer was given again.
    pub replayed: bool,
}

/// Everything that changes.
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) calls: VecDeque<CallRecord>,
    pub(crate) xero: Xero,
    pub(crate) mailbox: Mailbox,
    pub(crate) oidc: Providers,
    pub(crate) zone: Zone,
}

impl World {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            xero: Xero::new(&config),
            config,
            clock: Clock::default(),
            faults: Faults::default(),
            calls: VecDeque::new(),
            mailbox: Mailbox::default(),
            oidc: Providers::default(),
            zone: Zone::default(),
        }
    }

    /// Forgets everything but the configuration.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.config.clone());
    }

    pub(crate) fn record(&mut self, call: CallRecord) {
        if self.calls.len() == CALL_LIMIT {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }
}

/// Ids that no two records share, of this run or an earlier one.
pub(crate) struct Ids {
    seed: u64,
    next: u64,
}

impl Ids {
    pub(crate) fn new() -> Self {
        let seed = Clock::default().now_ms().unsigned_abs();
        Self { seed, next: 0 }
    }

    pub(crate) fn guid(&mut self) -> String {
        self.next += 1;
        let (high, low) = (self.seed >> 16, self.seed & 0xffff);
        format!("{high:08x}-{low:04x}-4000-8000-{:012x}", self.next)
    }
}
