//! Running the jobs of a lane under leases: a function has a lane, the kinds of job in it, and what works each of them.

mod run;
mod send;
mod work;

use futures_util::future::LocalBoxFuture;

pub use run::{run, scheduled};
pub use send::{Response, send};
pub use work::{Stop, Work, done, facts, text};

/// What works a job.
pub type Worker = for<'a> fn(&'a Work<'a>) -> LocalBoxFuture<'a, Result<(), Stop>>;

/// The jobs that a function works off.
pub struct Lane {
    /// Its name, as [`domain::lane`] has it.
    pub name: &'static str,
    /// The kinds of job in it.
    pub kinds: &'static [(&'static str, Worker)],
}
