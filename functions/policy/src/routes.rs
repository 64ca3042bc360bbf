//! The whole surface.

use domain::entities::{LOGIN, MEMBERSHIP, ROLE, TEAM};
use edge::Access::May;
use edge::{Route, Router};

use crate::{activation, explain, invite, keys, member, remove, roles, seed, sessions, teams};

/// Every route of members, roles and policies.
pub static ROUTES: &[Route] = &[
    Route::list_custom("/v1/members", "membership:read", &MEMBERSHIP),
    Route::post("/v1/members", May("membership:invite"), |call| Box::pin(invite::invite(call))).of(&MEMBERSHIP),
    Route::read("/v1/members/{id}", "membership:read", &MEMBERSHIP),
    Route::patch("/v1/members/{id}", May("membership:update"), |call| Box::pin(member::change(call))).takes(member::INPUT),
    Route::delete("/v1/members/{id}", May("membership:remove"), |call| Box::pin(remove::remove(call))),
    Route::post("/v1/members/{id}/activate", May("membership:activate"), |call| Box::pin(activation::activate(call))).bare(),
    Route::post("/v1/members/{id}/deactivate", May("membership:activate"), |call| Box::pin(activation::deactivate(call))).bare(),
    Route::get("/v1/members/{id}/sessions", May("login:read"), |call| Box::pin(sessions::list(call))).of(&LOGIN),
    Route::delete("/v1/members/{id}/sessions", May("login:revoke"), |call| Box::pin(sessions::revoke(call))),
    Route::list("/v1/roles", "role:read", &ROLE),
    Route::post("/v1/roles", May("role:create"), |call| Box::pin(roles::create(call))).of(&ROLE),
    Route::post("/v1/roles/seed", May("role:create"), |call| Box::pin(seed::seed(call))).takes(seed::INPUT),
    Route::read("/v1/roles/{id}", "role:read", &ROLE),
    Route::patch("/v1/roles/{id}", May("role:update"), |call| Box::pin(roles::update(call))).of(&ROLE),
    Route::delete("/v1/roles/{id}", May("role:delete"), |call| Box::pin(roles::remove(call))).of(&ROLE),
    Route::list_custom("/v1/teams", "team:read", &TEAM),
    Route::post("/v1/teams", May("team:create"), |call| Box::pin(teams::create(call))).of(&TEAM),
    Route::read("/v1/teams/{id}", "team:read", &TEAM),
    Route::update_custom("/v1/teams/{id}", "team:update", &TEAM),
    Route::delete("/v1/teams/{id}", May("team:delete"), |call| Box::pin(teams::remove(call))).of(&TEAM),
    Route::restore("/v1/teams/{id}/restore", "team:delete", &TEAM),
    Route::post("/v1/teams/{id}/members", May("team:update"), |call| Box::pin(teams::change_members(call))).takes(teams::INPUT),
    Route::post("/v1/policy/keys/rotate", May("tenant:rotate_keys"), |call| Box::pin(keys::rotate(call))).bare(),
    Route::post("/v1/policy/keys/destroy", May("tenant:destroy_keys"), |call| Box::pin(keys::destroy(call)))
        .takes(keys::CONFIRMED),
    Route::post("/v1/roles/{id}/restore", May("role:delete"), |call| Box::pin(roles::restore(call))).bare().of(&ROLE),
    Route::post("/v1/policy/explain", May("role:read"), |call| Box::pin(explain::explain(call))).takes(explain::INPUT),
];

/// The router of members, roles and policies.
pub fn router() -> Router {
    Router::new(ROUTES)
}
