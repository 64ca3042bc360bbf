//! Invitations: a mail with the link by which somebody takes their place in a tenant.

use domain::doc::with;
use domain::entities::{MEMBERSHIP, TENANT};
use domain::json::of;
use domain::validate::change;
use domain::{Doc, Error, Filter, Time};
use runner::{Stop, Work, done, text};
use store::{Command, invite_expiry, invite_token};

use crate::mail::{Letter, post};

/// Takes back an invitation that nobody has accepted in time: the place it took is free again.
pub async fn expire(work: &Work<'_>) -> Result<(), Stop> {
    let member = work.find(&MEMBERSHIP, work.text("membership")).await?.unwrap_or_default();
    let expires = Time::parse(text(&member, "invited_at")).map(invite_expiry);
    let Some(expires) = expires.filter(|_| text(&member, "status") == "invited") else { return work.nothing_to_do().await };
    if expires > work.scope.now() {
        return Err(Stop::Early(expires));
    }
    let mut command = work.finishing();
    command.move_places(Some(&member), None);
    let gone = change(&member, with(&member, of("deleted_at", work.scope.now())));
    let raced = Error::conflict("concurrent-update", "the invitation was changed at the same moment");
    command.apply(&MEMBERSHIP, &member, &gone, "membership.expired", raced);
    command.end_membership(text(&member, "_id"));
    done(command).await
}

/// Mails the invitation of a membership that nobody has accepted yet.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let mut reading = work.store.reading(&work.scope);
    let member = reading.maybe(&MEMBERSHIP, &work.one(work.text("membership")));
    let tenant = reading.maybe(&TENANT, &work.one(work.lease.tenant()));
    let mut found = reading.run().await?;
    let (member, tenant) = (found.maybe(member).unwrap_or_default(), found.maybe(tenant).unwrap_or_default());
    let expires = Time::parse(text(&member, "invited_at")).map(invite_expiry);
    let Some(expires) = expires.filter(|expires| text(&member, "status") == "invited" && *expires > work.scope.now()) else {
        return work.nothing_to_do().await;
    };
    let token = invite_token(&work.config.vault, text(&member, "_id"), work.lease.tenant(), text(&member, "email"), expires);
    let name = if text(&tenant, "name").is_empty() { "Edgewise" } else { text(&tenant, "name") };
    let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
    let body = format!(
        "You are invited to join {name}.\n\nTo accept, open this link within seven days:\n\n{}/accept-invite?token={token}\n",
        work.config.app_url
    );
    let letter = Letter { to: text(&member, "email"), subject: &format!("You are invited to join {name}"), body: &body };
    match post(work.host, &letter, work.lease.id()).await {
        Ok(_) => {
            let mut command = work.finishing();
            if member.contains_key("mail_failed_at") {
                let mut after = member.clone();
                after.remove("mail_failed_at");
                note(&mut command, &member, after, "membership.mailed");
            }
            done(command).await
        }
        Err(failure) if failure.retry && !work.lease.is_last_attempt() => Err(failure.into()),
        Err(failure) => {
            let mut command = work.store.laying_aside(&work.lease, failure.code);
            let after = with(&member, of("mail_failed_at", work.scope.now()));
            note(&mut command, &member, after, "membership.mail_failed");
            done(command).await?;
            Err(Stop::Ended { reason: failure.code.to_owned() })
        }
    }
}

/// Says on the membership what became of the mail, as long as it matters.
fn note(command: &mut Command<'_>, before: &Doc, after: Doc, kind: &str) {
    let accepted = Error::conflict("concurrent-update", "the invitation was accepted at the same moment");
    let change = change(before, after);
    command.apply_when(&MEMBERSHIP, before, &change, kind, Filter::is("status", "invited"), accepted);
}
