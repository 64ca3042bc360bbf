//! Mails with a code: to log in by, or to prove within a session that the mailbox is one's own.

use domain::entities::IDENTITY;
use domain::{Filter, Time};
use runner::{Stop, Work};
use store::{login_code, open_address};

use crate::mail::{Letter, post};

/// Mails the code to an address that somebody logs in with; to others nothing.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let expires = Time::parse(work.text("expires")).filter(|expires| *expires > work.scope.now());
    let address = open_address(&work.config.vault, work.text("email"));
    let (Some(_), Some(address)) = (expires, address) else { return work.nothing_to_do().await };
    let whose = work.scope.live().and(Filter::is("email", address.as_str()));
    if work.store.find(&work.scope, &IDENTITY, whose).await?.is_none() {
        return work.nothing_to_do().await;
    }
    let code = login_code(&work.config.vault, &address, work.text("nonce"));
    let subject = match work.text("purpose") {
        "step-up-challenge" => "Your code to prove who you are",
        _ => "Your code to log in",
    };
    let body = format!(
        "{subject} is {code}. It is good for ten minutes, and once.\n\n\
         If you did not ask for it, there is nothing to do. Tell it to nobody.\n"
    );
    let letter = Letter { to: &address, subject, body: &body };
    post(work.host, &letter, work.lease.id()).await?;
    work.nothing_to_do().await
}
