//! The whole surface.

use domain::entities::PRIVACY_REQUEST;
use edge::Access::{May, Public};
use edge::{Route, Router};

use crate::{LANE, create, export, restrict};

/// Every route of privacy.
pub static ROUTES: &[Route] = &[
    Route::list("/v1/privacy/requests", "privacy_request:read", &PRIVACY_REQUEST),
    Route::post("/v1/privacy/requests", May("privacy_request:create"), |call| Box::pin(create::create(call)))
        .of(&PRIVACY_REQUEST),
    Route::read("/v1/privacy/requests/{id}", "privacy_request:read", &PRIVACY_REQUEST),
    Route::get("/v1/privacy/requests/{id}/export", May("privacy_request:export"), |call| Box::pin(export::export(call))),
    Route::post("/v1/privacy/requests/{id}/lift", May("privacy_request:lift"), |call| Box::pin(restrict::lift(call)))
        .bare()
        .of(&PRIVACY_REQUEST),
    Route::post("/v1/privacy/run", Public, |call| Box::pin(runner::run(call, &LANE))).with_query(),
];

/// The router of privacy.
pub fn router() -> Router {
    Router::new(ROUTES)
}
