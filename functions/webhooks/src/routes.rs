//! The whole surface.

use domain::entities::INTEGRATION;
use edge::Access::{May, Public};
use edge::{Route, Router};

use crate::{connect, forms, update, xero};

/// Every route of webhooks.
pub static ROUTES: &[Route] = &[
    Route::list("/v1/integrations", "integration:read", &INTEGRATION),
    Route::post("/v1/integrations", May("integration:create"), |call| Box::pin(connect::connect(call))).of(&INTEGRATION),
    Route::read("/v1/integrations/{id}", "integration:read", &INTEGRATION),
    Route::patch("/v1/integrations/{id}", May("integration:update"), |call| Box::pin(update::update(call))).of(&INTEGRATION),
    Route::remove("/v1/integrations/{id}", "integration:delete", &INTEGRATION),
    Route::post("/v1/integrations/{id}/restore", May("integration:delete"), |call| Box::pin(connect::restore(call)))
        .bare()
        .of(&INTEGRATION),
    Route::post("/v1/hooks/forms/{key}", Public, |call| Box::pin(forms::receive(call))).raw(),
    Route::post("/v1/hooks/xero/{key}", Public, |call| Box::pin(xero::receive(call))).raw(),
];

/// The router of webhooks.
pub fn router() -> Router {
    Router::new(ROUTES)
}
