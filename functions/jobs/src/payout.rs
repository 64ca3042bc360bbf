//! Mails about payouts: the word that an account has changed.

use domain::entities::MEMBERSHIP;
use runner::{Stop, Work, text};

use crate::mail::{Letter, post};

/// Tells somebody that the account they are paid to has changed, in case it was not they who changed it.
pub async fn changed(work: &Work<'_>) -> Result<(), Stop> {
    let Some(member) = work.find(&MEMBERSHIP, work.text("membership")).await? else { return work.nothing_to_do().await };
    let body = "The bank account that you are paid to was changed or removed.\n\n\
                If it was not you, change your password and tell whoever pays you at once.\n";
    let letter = Letter { to: text(&member, "email"), subject: "Your bank account was changed", body };
    post(work.host, &letter, work.lease.id()).await?;
    work.nothing_to_do().await
}
