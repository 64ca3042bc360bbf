//! The whole surface.

use domain::entities::API_KEY;
use edge::Access::May;
use edge::{Route, Router};

use crate::{create, revoke, rotate, service_account};

/// Every route of API keys and service accounts.
pub static ROUTES: &[Route] = &[
    Route::list("/v1/api-keys", "api_key:read", &API_KEY),
    Route::post("/v1/api-keys", May("api_key:create"), |call| Box::pin(create::create(call))).of(&API_KEY),
    Route::read("/v1/api-keys/{id}", "api_key:read", &API_KEY),
    Route::delete("/v1/api-keys/{id}", May("api_key:revoke"), |call| Box::pin(revoke::revoke(call))),
    Route::post("/v1/api-keys/{id}/rotate", May("api_key:update"), |call| Box::pin(rotate::rotate(call))).takes(rotate::INPUT),
    Route::post("/v1/service-accounts", May("membership:create"), |call| Box::pin(service_account::create(call)))
        .takes(service_account::INPUT),
];

/// The router of API keys and service accounts.
pub fn router() -> Router {
    Router::new(ROUTES)
}
