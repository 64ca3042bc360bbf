//! The whole surface.

use domain::entities::{EVENT, NOTIFICATION};
use edge::Access::May;
use edge::{Route, Router};

use crate::{list, preferences, read};

/// Every route of notifications and events.
pub static ROUTES: &[Route] = &[
    Route::get("/v1/notifications", May("notification:read"), |call| Box::pin(list::list(call))).of(&NOTIFICATION),
    Route::read("/v1/notifications/{id}", "notification:read", &NOTIFICATION),
    Route::post("/v1/notifications/{id}/read", May("notification:read"), |call| Box::pin(read::read(call)))
        .bare()
        .of(&NOTIFICATION),
    Route::post("/v1/notifications/read-all", May("notification:read"), |call| Box::pin(read::read_all(call)))
        .bare()
        .of(&NOTIFICATION),
    Route::get("/v1/notifications/preferences", May("notification:read"), |call| Box::pin(preferences::get(call))).bare(),
    Route::patch("/v1/notifications/preferences", May("notification:read"), |call| Box::pin(preferences::change(call))),
    Route::list("/v1/events", "event:read", &EVENT),
    Route::read("/v1/events/{id}", "event:read", &EVENT),
];

/// The router of notifications and events.
pub fn router() -> Router {
    Router::new(ROUTES)
}
