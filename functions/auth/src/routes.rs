//! The whole surface.

use edge::Access::{Member, Public};
use edge::{Content, Route, Router};

use crate::{
    accept, change_password, credentials, enrol, login, logout, me, otp, outside, refresh, reset, sessions, signup, step_up,
    switch,
};

/// Every route of auth.
pub static ROUTES: &[Route] = &[
    Route::post("/v1/auth/signup", Public, |call| Box::pin(signup::signup(call))).takes(signup::INPUT),
    Route::post("/v1/auth/login", Public, |call| Box::pin(login::login(call))).takes(login::INPUT),
    Route::post("/v1/auth/refresh", Public, |call| Box::pin(refresh::refresh(call))).takes(refresh::INPUT),
    Route::post("/v1/auth/logout", Member, |call| Box::pin(logout::logout(call))).bare(),
    Route::post("/v1/auth/switch", Member, |call| Box::pin(switch::switch(call))).takes(switch::INPUT),
    Route::post("/v1/auth/accept-invite", Public, |call| Box::pin(accept::accept(call))).takes(accept::INPUT),
    Route::post("/v1/auth/password", Member, |call| Box::pin(change_password::change(call))).takes(change_password::INPUT),
    Route::post("/v1/auth/password/forgot", Public, |call| Box::pin(reset::forgot(call))).takes(reset::ASKED),
    Route::post("/v1/auth/password/reset", Public, |call| Box::pin(reset::reset(call))).takes(reset::CHOSEN),
    Route::post("/v1/auth/totp", Member, |call| Box::pin(enrol::enrol(call))).takes(enrol::WITH_PASSWORD),
    Route::post("/v1/auth/totp/confirm", Member, |call| Box::pin(enrol::confirm(call))).takes(enrol::WITH_CODE),
    Route::post("/v1/auth/totp/recovery-codes", Member, |call| Box::pin(enrol::renew_codes(call))).takes(enrol::WITH_CODE),
    Route {
        content: Content::Json,
        ..Route::delete("/v1/auth/totp", Member, |call| Box::pin(enrol::disable(call))).takes(enrol::WITH_EITHER)
    },
    Route::post("/v1/auth/otp", Public, |call| Box::pin(otp::ask(call))).takes(otp::ASKED),
    Route::post("/v1/auth/otp/verify", Public, |call| Box::pin(otp::verify(call))).takes(otp::ANSWERED),
    Route::post("/v1/auth/second-factor", Public, |call| Box::pin(login::second_factor(call))).takes(login::SECOND),
    Route::post("/v1/auth/oidc", Public, |call| Box::pin(outside::login(call))).takes(outside::INPUT),
    Route::post("/v1/auth/proofs", Member, |call| Box::pin(step_up::prove(call))).takes(step_up::INPUT),
    Route::post("/v1/auth/proofs/code", Member, |call| Box::pin(step_up::ask(call))).bare(),
    Route::get("/v1/me/credentials", Member, |call| Box::pin(credentials::list(call))).bare(),
    Route::post("/v1/me/credentials", Member, |call| Box::pin(credentials::link(call))).takes(credentials::INPUT),
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
