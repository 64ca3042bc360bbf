//! The whole surface.

use edge::Access::{Member, Public};
use edge::{Content, Route, Router};

use crate::{
    accept, change_password, credentials, enrol, login, logout, me, otp, outside, refresh, reset, sessions, signup, step_up,
    switch,
};

/// Every route of auth.
pub static ROUTES: &[Route] = &[
    Route::post("/v1/auth/signup", Public, |call| Box::pin(signup::signup(call))),
    Route::post("/v1/auth/login", Public, |call| Box::pin(login::login(call))),
    Route::post("/v1/auth/refresh", Public, |call| Box::pin(refresh::refresh(call))),
    Route::post("/v1/auth/logout", Member, |call| Box::pin(logout::logout(call))).bare(),
    Route::post("/v1/auth/switch", Member, |call| Box::pin(switch::switch(call))),
    Route::post("/v1/auth/accept-invite", Public, |call| Box::pin(accept::accept(call))),
    Route::post("/v1/auth/password", Member, |call| Box::pin(change_password::change(call))),
    Route::post("/v1/auth/password/forgot", Public, |call| Box::pin(reset::forgot(call))),
    Route::post("/v1/auth/password/reset", Public, |call| Box::pin(reset::reset(call))),
    Route::post("/v1/auth/totp", Member, |call| Box::pin(enrol::enrol(call))),
    Route::post("/v1/auth/totp/confirm", Member, |call| Box::pin(enrol::confirm(call))),
    Route::post("/v1/auth/totp/recovery-codes", Member, |call| Box::pin(enrol::renew_codes(call))),
    Route { content: Content::Json, ..Route::delete("/v1/auth/totp", Member, |call| Box::pin(enrol::disable(call))) },
    Route::post("/v1/auth/otp", Public, |call| Box::pin(otp::ask(call))),
    Route::post("/v1/auth/otp/verify", Public, |call| Box::pin(otp::verify(call))),
    Route::post("/v1/auth/second-factor", Public, |call| Box::pin(login::second_factor(call))),
    Route::post("/v1/auth/oidc", Public, |call| Box::pin(outside::login(call))),
    Route::post("/v1/auth/proofs", Member, |call| Box::pin(step_up::prove(call))),
    Route::post("/v1/auth/proofs/code", Member, |call| Box::pin(step_up::ask(call))).bare(),
    Route::get("/v1/me/credentials", Member, |call| Box::pin(credentials::list(call))).bare(),
    Route::post("/v1/me/credentials", Member, |call| Box::pin(credentials::link(call))),
    Route::delete("/v1/me/credentials/{id}", Member, |call| Box::pin(credentials::unlink(call))),
    Route::get("/v1/me", Member, |call| Box::pin(me::me(call))).bare(),
    Route::get("/v1/me/permissions", Member, |call| Box::pin(me::permissions(call))).bare(),
    Route::get("/v1/sessions", Member, |call| Box::pin(sessions::list(call))).bare(),
    Route::delete("/v1/sessions/{id}", Member, |call| Box::pin(sessions::revoke(call))),
    Route::post("/v1/sessions/revoke-others", Member, |call| Box::pin(sessions::revoke_others(call))).bare(),
];

/// The router of auth.
pub fn router() -> Router {
    Router::new(ROUTES)
}
