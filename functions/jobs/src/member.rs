//! Mails to members about what was done to their membership.

use domain::entities::MEMBERSHIP;
use runner::{Stop, Work, text};

use crate::mail::{Letter, post};

/// Tells somebody that the account they are paid to has changed, in case it was not they who changed it.
pub async fn payout_changed(work: &Work<'_>) -> Result<(), Stop> {
    let body = "The bank account that you are paid to was changed or removed.\n\n\
                If it was not you, change your password and tell whoever pays you at once.\n";
    tell(work, "Your bank account was changed", body).await
}

/// Tells somebody that they have to wait until they are let in again.
pub async fn deactivated(work: &Work<'_>) -> Result<(), Stop> {
    let body = "Your membership was deactivated, and your sessions have ended.\n\n\
                You can log in again once somebody activates it.\n";
    tell(work, "Your membership was deactivated", body).await
}

async fn tell(work: &Work<'_>, subject: &str, body: &str) -> Result<(), Stop> {
    let Some(member) = work.find(&MEMBERSHIP, work.text("membership")).await? else { return work.nothing_to_do().await };
    post(work.host, &Letter { to: text(&member, "email"), subject, body }, work.lease.id()).await?;
    work.nothing_to_do().await
}
