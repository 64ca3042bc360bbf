//! The whole surface.

use domain::entities::ROLE;
use edge::Access::May;
use edge::{Route, Router};

use crate::{explain, roles};

/// Every route of roles and policies.
pub static ROUTES: &[Route] = &[
    Route::list("/v1/roles", "role:read", &ROLE),
    Route::post("/v1/roles", May("role:create"), |call| Box::pin(roles::create(call))).of(&ROLE),
    Route::read("/v1/roles/{id}", "role:read", &ROLE),
    Route::patch("/v1/roles/{id}", May("role:update"), |call| Box::pin(roles::update(call))).of(&ROLE),
    Route::delete("/v1/roles/{id}", May("role:delete"), |call| Box::pin(roles::remove(call))).of(&ROLE),
    Route::post("/v1/policy/explain", May("role:read"), |call| Box::pin(explain::explain(call))),
];

/// The router of roles and policies.
pub fn router() -> Router {
    Router::new(ROUTES)
}
