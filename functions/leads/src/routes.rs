//! The whole surface.

use domain::entities::LEAD;
use edge::Access::May;
use edge::{Route, Router};

use crate::{assign, create, publish, remove, update};

/// Every route of leads.
pub static ROUTES: &[Route] = &[
    Route::list_custom("/v1/leads", "lead:read", &LEAD),
    Route::post("/v1/leads", May("lead:create"), |call| Box::pin(create::create(call))).of(&LEAD),
    Route::read("/v1/leads/{id}", "lead:read", &LEAD),
    Route::patch("/v1/leads/{id}", May("lead:update"), |call| Box::pin(update::update(call))).of(&LEAD),
    Route::delete("/v1/leads/{id}", May("lead:delete"), |call| Box::pin(remove::remove(call))).of(&LEAD),
    Route::post("/v1/leads/{id}/restore", May("lead:delete"), |call| Box::pin(remove::restore(call))).bare().of(&LEAD),
    Route::archive("/v1/leads/{id}/archive", "lead:archive", &LEAD),
    Route::unarchive("/v1/leads/{id}/unarchive", "lead:archive", &LEAD),
    Route::post("/v1/leads/{id}/publish", May("lead:publish"), |call| Box::pin(publish::publish(call)))
        .takes(publish::INPUT)
        .of(&LEAD),
    Route::post("/v1/leads/{id}/assign", May("lead:assign"), |call| Box::pin(assign::assign(call)))
        .takes(assign::INPUT)
        .of(&LEAD),
];

/// The router of leads.
pub fn router() -> Router {
    Router::new(ROUTES)
}
