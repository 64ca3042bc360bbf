//! The whole surface.

use domain::entities::TENANT;
use edge::Access::{May, Member, Public};
use edge::{Content, Route, Router};

use crate::{LANE, branding, domain_name, features, operator, retry, settings, tenant, usage};

/// Every route of tenants.
pub static ROUTES: &[Route] = &[
    Route::get("/v1/tenant", May("tenant:read"), |call| Box::pin(tenant::get(call))).bare(),
    Route::patch("/v1/tenant", May("tenant:update"), |call| Box::pin(tenant::update(call))).of(&TENANT),
    Route::get("/v1/tenant/features", Member, |call| Box::pin(features::list(call))).bare(),
    Route::get("/v1/tenant/usage", May("tenant:read"), |call| Box::pin(usage::get(call))).bare(),
    Route::post("/v1/tenant/usage/recount", May("tenant:update"), |call| Box::pin(usage::recount(call))).bare(),
    Route::get("/v1/tenant/domain", May("tenant:read"), |call| Box::pin(domain_name::get(call))).bare(),
    Route::post("/v1/tenant/domain/verify", May("tenant:update"), |call| Box::pin(domain_name::verify(call))).bare(),
    Route::get("/v1/tenant/branding", Public, |call| Box::pin(branding::get(call))),
    Route::post("/v1/operator/keys/rewrap", Public, |call| Box::pin(operator::rewrap(call))).bare(),
    Route::get("/v1/settings", May("setting:read"), |call| Box::pin(settings::list(call))).bare(),
    Route::patch("/v1/settings", May("setting:update"), |call| Box::pin(settings::update(call))),
    Route::get("/v1/operator/tenants/{id}", Public, |call| Box::pin(operator::get(call))).bare(),
    Route::post("/v1/tenants/run", Public, |call| Box::pin(runner::run(call, &LANE))).with_query(),
    Route::post("/v1/operator/tenants/{id}/keys", Public, |call| Box::pin(operator::make_keys(call))).bare(),
    Route {
        content: Content::Json,
        ..Route::patch("/v1/operator/tenants/{id}", Public, |call| Box::pin(operator::update(call))).takes(operator::INPUT)
    },
    Route {
        content: Content::Json,
        ..Route::post("/v1/operator/tenants/{id}/jobs/retry", Public, |call| Box::pin(retry::retry(call))).takes(retry::WHICH)
    },
];

/// The router of tenants.
pub fn router() -> Router {
    Router::new(ROUTES)
}
