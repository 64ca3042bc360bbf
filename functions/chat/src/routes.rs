//! The whole surface.

use domain::entities::CONVERSATION;
use edge::Access::May;
use edge::{Route, Router};

use crate::{archive, messages, read, send, stream};

/// Every route of chat.
pub static ROUTES: &[Route] = &[
    Route::list("/v1/conversations", "conversation:read", &CONVERSATION),
    Route::read("/v1/conversations/{id}", "conversation:read", &CONVERSATION),
    Route::post("/v1/conversations/{id}/archive", May("conversation:archive"), |call| Box::pin(archive::archive(call)))
        .bare()
        .of(&CONVERSATION),
    Route::post("/v1/conversations/{id}/unarchive", May("conversation:archive"), |call| Box::pin(archive::unarchive(call)))
        .bare()
        .of(&CONVERSATION),
    Route::get("/v1/conversations/{id}/messages", May("conversation:read"), |call| Box::pin(messages::list(call)))
        .of(&CONVERSATION),
    Route::post("/v1/conversations/{id}/messages", May("conversation:write"), |call| Box::pin(send::send(call)))
        .of(&CONVERSATION),
    Route::get("/v1/conversations/{id}/stream", May("conversation:read"), |call| Box::pin(stream::stream(call)))
        .of(&CONVERSATION),
    Route::post("/v1/conversations/{id}/read", May("conversation:read"), |call| Box::pin(read::read(call)))
        .takes(read::INPUT)
        .of(&CONVERSATION),
    Route::get("/v1/conversations/{id}/reads", May("conversation:read"), |call| Box::pin(read::reads(call))).bare(),
];

/// The router of chat.
pub fn router() -> Router {
    Router::new(ROUTES)
}
