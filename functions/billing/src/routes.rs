//! The whole surface.

use domain::entities::{INVOICE, MILESTONE, PROJECT, QUOTE};
use edge::Access::May;
use edge::{Route, Router};

use crate::{accept, approve, decline, pay, send, update, withdraw};

/// Every route of billing.
pub static ROUTES: &[Route] = &[
    Route::list_custom("/v1/quotes", "quote:read", &QUOTE),
    Route::read("/v1/quotes/{id}", "quote:read", &QUOTE),
    Route::patch("/v1/quotes/{id}", May("quote:update"), |call| Box::pin(update::update(call))).of(&QUOTE),
    Route::post("/v1/quotes/{id}/send", May("quote:send"), |call| Box::pin(send::send(call))).bare().of(&QUOTE),
    Route::post("/v1/quotes/{id}/accept", May("quote:accept"), |call| Box::pin(accept::accept(call))).bare().of(&QUOTE),
    Route::post("/v1/quotes/{id}/decline", May("quote:decline"), |call| Box::pin(decline::decline(call)))
        .takes(decline::INPUT)
        .of(&QUOTE),
    Route::post("/v1/quotes/{id}/withdraw", May("quote:withdraw"), |call| Box::pin(withdraw::withdraw(call))).bare().of(&QUOTE),
    Route::list_custom("/v1/projects", "project:read", &PROJECT),
    Route::read("/v1/projects/{id}", "project:read", &PROJECT),
    Route::update_custom("/v1/projects/{id}", "project:update", &PROJECT),
    Route::archive("/v1/projects/{id}/archive", "project:archive", &PROJECT),
    Route::unarchive("/v1/projects/{id}/unarchive", "project:archive", &PROJECT),
    Route::list_custom("/v1/milestones", "milestone:read", &MILESTONE),
    Route::read("/v1/milestones/{id}", "milestone:read", &MILESTONE),
    Route::update_custom("/v1/milestones/{id}", "milestone:update", &MILESTONE),
    Route::list_custom("/v1/invoices", "invoice:read", &INVOICE),
    Route::read("/v1/invoices/{id}", "invoice:read", &INVOICE),
    Route::update_custom("/v1/invoices/{id}", "invoice:update", &INVOICE),
    Route::post("/v1/invoices/{id}/approve", May("invoice:approve"), |call| Box::pin(approve::approve(call))).bare().of(&INVOICE),
    Route::post("/v1/invoices/{id}/pay", May("invoice:pay"), |call| Box::pin(pay::pay(call))).takes(pay::INPUT).of(&INVOICE),
];

/// The router of billing.
pub fn router() -> Router {
    Router::new(ROUTES)
}
