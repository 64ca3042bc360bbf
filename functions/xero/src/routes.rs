//! The whole surface.

use edge::Access::Public;
use edge::{Route, Router};

use crate::LANE;

/// Every route of Xero.
pub static ROUTES: &[Route] = &[Route::post("/v1/xero/run", Public, |call| Box::pin(runner::run(call, &LANE))).with_query()];

/// The router of Xero.
pub fn router() -> Router {
    Router::new(ROUTES)
}
