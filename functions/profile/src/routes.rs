//! The whole surface.

use domain::entities::{MEMBERSHIP, VERIFICATION};
use edge::Access::{May, Member};
use edge::{Content, Route, Router};

use crate::{payout, preferences, profile, verify};

/// Every route of profiles and verifications.
pub static ROUTES: &[Route] = &[
    Route::get("/v1/profile", Member, |call| Box::pin(profile::own(call))).bare(),
    Route::patch("/v1/profile", Member, |call| Box::pin(profile::change_own(call))),
    Route::get("/v1/profile/preferences", Member, |call| Box::pin(preferences::get(call))).bare(),
    Route::patch("/v1/profile/preferences", Member, |call| Box::pin(preferences::change(call))),
    Route::get("/v1/profile/payout", Member, |call| Box::pin(payout::own(call))).bare(),
    Route::post("/v1/profile/payout", Member, |call| Box::pin(payout::set(call))),
    Route { content: Content::Json, ..Route::delete("/v1/profile/payout", Member, |call| Box::pin(payout::remove(call))) },
    Route::patch("/v1/profiles/{id}", May("membership:update"), |call| Box::pin(profile::change(call))),
    Route::get("/v1/profiles/{id}/payout", May("membership:payout"), |call| Box::pin(payout::of_member(call))).bare(),
    Route::list("/v1/verifications", "verification:read", &VERIFICATION),
    Route::post("/v1/verifications", May("verification:create"), |call| Box::pin(verify::create(call))).of(&VERIFICATION),
    Route::read("/v1/verifications/{id}", "verification:read", &VERIFICATION),
    Route::post("/v1/verifications/{id}/verify", May("verification:decide"), |call| Box::pin(verify::verify(call)))
        .takes(verify::VERIFY),
    Route::post("/v1/verifications/{id}/reject", May("verification:decide"), |call| Box::pin(verify::reject(call)))
        .takes(verify::REJECT),
];

/// The router of profiles and verifications.
pub fn router() -> Router {
    Router::new(ROUTES)
}

/// Every member reaches their own membership here, whatever else their role lets them see of memberships.
pub fn oneself(call: &edge::Call) -> Result<domain::Filter, edge::Halt> {
    Ok(call.scope()?.live().and(domain::Filter::is("_id", call.viewer()?.member.as_str())))
}

/// The own membership.
pub async fn own_membership(call: &edge::Call) -> Result<domain::Doc, edge::Halt> {
    let mut reading = call.store.reading(call.scope()?);
    let step = reading.one(&MEMBERSHIP, &oneself(call)?, domain::Error::not_found());
    Ok(reading.run().await?.doc(step))
}
