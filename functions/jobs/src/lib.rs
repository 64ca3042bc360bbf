//! Jobs: what must happen after a commit, worked under a lease until it has happened once.

mod erase;
mod fields;
mod form;
mod invite;
mod keys;
mod login_code;
mod mail;
mod member;
mod notice;
mod notify;
mod password;
mod routes;
mod submission;
mod teams;
mod verification;

use platform::Host;
use runner::Lane;

pub use routes::{ROUTES, router};

static LANE: Lane = Lane {
    name: "jobs",
    kinds: &[
        ("notify", |work| Box::pin(notify::work(work))),
        ("mail", |work| Box::pin(mail::work(work))),
        ("invite", |work| Box::pin(invite::work(work))),
        ("invite-expiry", |work| Box::pin(invite::expire(work))),
        ("login-code", |work| Box::pin(login_code::work(work))),
        ("password-reset", |work| Box::pin(password::reset(work))),
        ("password-changed", |work| Box::pin(password::changed(work))),
        ("login-changed", |work| Box::pin(password::login_changed(work))),
        ("member-deactivated", |work| Box::pin(member::deactivated(work))),
        ("payout-changed", |work| Box::pin(member::payout_changed(work))),
        ("verification-expiry", |work| Box::pin(verification::expire(work))),
        ("teams", |work| Box::pin(teams::work(work))),
        ("keys", |work| Box::pin(keys::work(work))),
        ("erase", |work| Box::pin(erase::work(work))),
        ("form", |work| Box::pin(form::work(work))),
        ("fields", |work| Box::pin(fields::work(work))),
    ],
};

async fn work_off(host: Host) {
    runner::scheduled(host, &LANE).await;
}

edge::entry!(router, scheduled = work_off);
