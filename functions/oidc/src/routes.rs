//! The whole surface.

use edge::Access::Public;
use edge::{Route, Router};

use crate::exchange;

/// Every route of logins elsewhere.
pub static ROUTES: &[Route] =
    &[Route::post("/v1/oidc/{provider}", Public, |call| Box::pin(exchange::exchange(call))).takes(exchange::INPUT)];

/// The router of logins elsewhere.
pub fn router() -> Router {
    Router::new(ROUTES)
}
