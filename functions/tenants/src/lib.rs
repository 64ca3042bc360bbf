//! The tenant: its names, plan, features, limits and looks, for those who run it; and its status, for the operator.

mod branding;
mod domain_name;
mod features;
mod operator;
mod recount;
mod retry;
mod routes;
mod settings;
mod tenant;
mod usage;

use platform::Host;
use runner::Lane;

pub use domain_name::challenge;
pub use routes::{ROUTES, router};

static LANE: Lane = Lane { name: "tenants", kinds: &[(store::RECOUNT_KIND, |work| Box::pin(recount::work(work)))] };

async fn work_off(host: Host) {
    runner::scheduled(host, &LANE).await;
}

edge::entry!(router, scheduled = work_off);
