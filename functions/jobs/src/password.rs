//! Mails about ways in: the link for a forgotten password, and the word that a password or a login elsewhere has changed.

use domain::entities::IDENTITY;
use domain::{Filter, Time};
use runner::{Stop, Work, text};
use serde_json::Value;
use store::{open_address, reset_token};

use crate::mail::{Letter, post};

/// Mails the link to an address that somebody logs in with; to others nothing.
pub async fn reset(work: &Work<'_>) -> Result<(), Stop> {
    let expires = Time::parse(work.text("expires")).filter(|expires| *expires > work.scope.now());
    let address = open_address(&work.config.vault, work.text("email"));
    let (Some(expires), Some(address)) = (expires, address) else { return work.nothing_to_do().await };
    let whose = work.scope.live().and(Filter::is("email", address.as_str()));
    let Some(identity) = work.store.find(&work.scope, &IDENTITY, whose).await? else { return work.nothing_to_do().await };
    let token = reset_token(&work.config.vault, text(&identity, "_id"), text(&identity, "password_hash"), expires);
    let body = format!(
        "Somebody, probably you, asked for a new password.\n\nTo choose one, open this link within an hour:\n\n\
         {}/reset-password?token={token}\n\nIf it was not you, there is nothing to do: your password stays.\n",
        work.config.app_url
    );
    let letter = Letter { to: &address, subject: "Choose a new password", body: &body };
    post(work.host, &letter, work.lease.id()).await?;
    work.nothing_to_do().await
}

/// Tells somebody that their password has changed, in case it was not they who changed it.
pub async fn changed(work: &Work<'_>) -> Result<(), Stop> {
    let Some(identity) = work.find(&IDENTITY, work.text("identity")).await? else { return work.nothing_to_do().await };
    let body = format!(
        "Your password was changed, and all your other sessions have ended.\n\n\
         If it was not you, choose a new password at once:\n\n{}/forgot-password\n",
        work.config.app_url
    );
    let letter = Letter { to: text(&identity, "email"), subject: "Your password was changed", body: &body };
    post(work.host, &letter, work.lease.id()).await?;
    work.nothing_to_do().await
}

/// Tells somebody that a login elsewhere opens their account from now on, or does not any more, in case it was not their doing.
pub async fn login_changed(work: &Work<'_>) -> Result<(), Stop> {
    let Some(identity) = work.find(&IDENTITY, work.text("identity")).await? else { return work.nothing_to_do().await };
    let subject = match work.lease.payload().get("linked").and_then(Value::as_bool) {
        Some(true) => "A login was linked to your account",
        _ => "A login was taken from your account",
    };
    let body = format!(
        "{subject}: that of another provider, such as Google.\n\n\
         If it was not you, choose a new password at once, and take away from your logins what is not yours:\n\n\
         {}/forgot-password\n",
        work.config.app_url
    );
    let letter = Letter { to: text(&identity, "email"), subject, body: &body };
    post(work.host, &letter, work.lease.id()).await?;
    work.nothing_to_do().await
}
