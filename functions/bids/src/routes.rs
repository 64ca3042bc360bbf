//! The whole surface.

use domain::entities::BID;
use edge::Access::May;
use edge::{Route, Router};

use crate::{award, create, remove, submit, update, withdraw};

/// Every route of bids.
pub static ROUTES: &[Route] = &[
    Route::list_custom("/v1/bids", "bid:read", &BID),
    Route::post("/v1/bids", May("bid:create"), |call| Box::pin(create::create(call))).of(&BID),
    Route::read("/v1/bids/{id}", "bid:read", &BID),
    Route::patch("/v1/bids/{id}", May("bid:update"), |call| Box::pin(update::update(call))).of(&BID),
    Route::delete("/v1/bids/{id}", May("bid:delete"), |call| Box::pin(remove::remove(call))).of(&BID),
    Route::post("/v1/bids/{id}/restore", May("bid:delete"), |call| Box::pin(remove::restore(call))).bare().of(&BID),
    Route::post("/v1/bids/{id}/submit", May("bid:submit"), |call| Box::pin(submit::submit(call))).bare().of(&BID),
    Route::post("/v1/bids/{id}/withdraw", May("bid:withdraw"), |call| Box::pin(withdraw::withdraw(call))).bare().of(&BID),
    Route::post("/v1/bids/{id}/award", May("bid:award"), |call| Box::pin(award::award(call))).bare().of(&BID),
];

/// The router of bids.
pub fn router() -> Router {
    Router::new(ROUTES)
}
