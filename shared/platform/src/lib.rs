//! The one port to the outside: fetch, time, randomness, variables, log.
//!
//! Everything else in a function is pure, so it runs unchanged on Workers, on Spin and in a test.
//! The target chooses the side: `cfg(target_os = "unknown")` is Workers, `cfg(target_os = "wasi")` is Spin.

use futures_util::future::LocalBoxFuture;
use std::rc::Rc;

pub mod fetch;
#[cfg(not(target_family = "wasm"))]
pub mod native;
#[cfg(target_os = "wasi")]
pub mod spin;
#[cfg(target_os = "unknown")]
pub mod workers;

/// The platform as a request holds it.
pub type Host = Rc<dyn Platform>;

/// What a function may ask of the world around it.
pub trait Platform {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> i64;

    /// Fills `bytes` with cryptographically secure randomness.
    fn random(&self, bytes: &mut [u8]);

    /// A variable or secret by its UPPER_CASE name; an empty one counts as absent.
    fn var(&self, name: &str) -> Option<String>;

    /// Writes one structured line. Never personal data, never a secret.
    fn log(&self, line: &str);

    /// The HTTP client.
    fn fetch(&self) -> &fetch::Client;

    /// Resolves after `ms` milliseconds.
    fn sleep_ms(&self, ms: u64) -> LocalBoxFuture<'static, ()>;

    /// Runs `work` once the reply is on its way. It may be cut off: what must happen is a job.
    fn after_response(&self, work: LocalBoxFuture<'static, ()>);
}
