//! Privacy: what is known of one person is shown, or erased wherever it is kept, by the tables of the entities alone.

mod create;
mod diffs;
mod erase;
mod export;
mod identity;
mod leave;
mod lock;
mod proof;
mod rectify;
mod restrict;
mod routes;
mod walk;

use platform::Host;
use runner::Lane;

pub use routes::{ROUTES, router};

static LANE: Lane = Lane {
    name: "privacy",
    kinds: &[(erase::KIND, |work| Box::pin(erase::work(work))), ("privacy.leave", |work| Box::pin(leave::work(work)))],
};

async fn work_off(host: Host) {
    runner::scheduled(host, &LANE).await;
}

edge::entry!(router, scheduled = work_off);
