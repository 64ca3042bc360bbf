//! Mails about passwords: the link for a forgotten one, and the word that one has changed.

use domain::entities::IDENTITY;
use domain::{Filter, Time};
use runner::{Stop, Work, text};
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
