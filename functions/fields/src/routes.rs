//! The whole surface.

use domain::entities::FIELD_DEFINITION;
use edge::Access::May;
use edge::{Route, Router};

use crate::{create, order, purge, remove, schema, update};

/// Every route of custom fields.
pub static ROUTES: &[Route] = &[
    Route::list("/v1/fields", "field_definition:read", &FIELD_DEFINITION),
    Route::post("/v1/fields", May("field_definition:create"), |call| Box::pin(create::create(call))).of(&FIELD_DEFINITION),
    Route::get("/v1/fields/schema", May("field_definition:read"), |call| Box::pin(schema::schema(call))),
    Route::put("/v1/fields/order", May("field_definition:update"), |call| Box::pin(order::order(call))).takes(order::INPUT),
    Route::read("/v1/fields/{id}", "field_definition:read", &FIELD_DEFINITION),
    Route::patch("/v1/fields/{id}", May("field_definition:update"), |call| Box::pin(update::update(call))).of(&FIELD_DEFINITION),
    Route::delete("/v1/fields/{id}", May("field_definition:delete"), |call| Box::pin(remove::remove(call))).of(&FIELD_DEFINITION),
    Route::post("/v1/fields/{id}/purge", May("field_definition:delete"), |call| Box::pin(purge::purge(call)))
        .of(&FIELD_DEFINITION)
        .bare(),
    Route::post("/v1/fields/{id}/restore", May("field_definition:delete"), |call| Box::pin(remove::restore(call)))
        .bare()
        .of(&FIELD_DEFINITION),
];

/// The router of custom fields.
pub fn router() -> Router {
    Router::new(ROUTES)
}
