//! Xero: what is billed here is billed there, and what is paid there is paid here.

mod bill;
mod connection;
mod contact;
mod fetch;
mod invoice;
mod outcome;
mod quote;
mod routes;

use platform::Host;
use runner::Lane;

pub use routes::{ROUTES, router};

static LANE: Lane = Lane {
    name: "xero",
    kinds: &[
        ("xero.quote", |work| Box::pin(quote::work(work))),
        ("xero.invoice", |work| Box::pin(invoice::work(work))),
        ("xero.fetch", |work| Box::pin(fetch::work(work))),
    ],
};

async fn work_off(host: Host) {
    runner::scheduled(host, &LANE).await;
}

edge::entry!(router, scheduled = work_off);
