//! The whole surface.

use domain::entities::PERSON;
use edge::Access::May;
use edge::{Route, Router};

use crate::write;

/// Every route of people.
pub static ROUTES: &[Route] = &[
    Route::list_custom("/v1/people", "person:read", &PERSON),
    Route::post("/v1/people", May("person:create"), |call| Box::pin(write::create(call))).of(&PERSON),
    Route::read("/v1/people/{id}", "person:read", &PERSON),
    Route::patch("/v1/people/{id}", May("person:update"), |call| Box::pin(write::update(call))).of(&PERSON),
    Route::remove("/v1/people/{id}", "person:delete", &PERSON),
    Route::archive("/v1/people/{id}/archive", "person:archive", &PERSON),
    Route::unarchive("/v1/people/{id}/unarchive", "person:archive", &PERSON),
    Route::restore("/v1/people/{id}/restore", "person:delete", &PERSON),
];

/// The router of people.
pub fn router() -> Router {
    Router::new(ROUTES)
}
