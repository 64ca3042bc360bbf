//! Mail: one notice to one recipient, sent once.

use domain::entities::{MEMBERSHIP, NOTIFICATION};
use domain::json::{doc, object};
use domain::privacy::RESTRICTED_AT;
use domain::{Doc, Filter};
use integrations::Failure;
use integrations::mail::{Account, Mail, sent};
use platform::Host;
use runner::{Stop, Work, done, send, text};
use serde_json::Value;
use store::Command;

/// Sends the mail of a notification, and records on it what became of the mail.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let Some(notification) = work.find(&NOTIFICATION, work.text("notification")).await? else {
        return work.nothing_to_do().await;
    };
    let member = work.scope.live().and(Filter::is("_id", text(&notification, "recipient")));
    let member = member.and(Filter::is("status", "active")).and(Filter::is(RESTRICTED_AT, Value::Null));
    let member = work.store.find(&work.scope, &MEMBERSHIP, member).await?;
    let Some(member) = member else { return work.nothing_to_do().await };
    let link = match text(&notification, "link") {
        "" => String::new(),
        link => format!("\n\n{}{link}", work.config.app_url),
    };
    let body = format!("{}{link}\n", text(&notification, "message"));
    let letter = Letter { to: text(&member, "email"), subject: text(&notification, "title"), body: &body };
    match post(work.host, &letter, work.lease.id()).await {
        Ok(Some(provider_id)) => {
            let mut command = work.finishing();
            delivered(&mut command, work, &notification, "sent", Some(provider_id));
            done(command).await
        }
        Ok(None) => work.nothing_to_do().await,
        Err(failure) if failure.retry && !work.lease.is_last_attempt() => Err(failure.into()),
        Err(failure) => {
            let mut command = work.store.laying_aside(&work.lease, failure.code);
            delivered(&mut command, work, &notification, "failed", None);
            done(command).await?;
            Err(Stop::Ended { reason: failure.code.to_owned() })
        }
    }
}

/// What is mailed.
pub struct Letter<'a> {
    /// To whom.
    pub to: &'a str,
    /// One line.
    pub subject: &'a str,
    /// Plain text.
    pub body: &'a str,
}

/// Hands a letter to the provider and gives its id there; nothing where no provider is configured. One key sends one mail.
pub async fn post(host: &Host, letter: &Letter<'_>, key: &str) -> Result<Option<String>, Failure> {
    let Some(url) = host.var("MAIL_API_URL") else {
        host.log(&object(vec![("job", key.into()), ("mail", "not sent: MAIL_API_URL is not set".into())]).to_string());
        return Ok(None);
    };
    let (api_key, from) = (host.var("MAIL_API_KEY").unwrap_or_default(), host.var("MAIL_FROM").unwrap_or_default());
    let account = Account { url: url.trim_end_matches('/'), key: &api_key };
    let recipients = [letter.to];
    let mail = Mail { from: &from, to: &recipients, subject: letter.subject, text: letter.body, html: None, reply_to: None };
    send(host, account.send(&mail, key)?).await?.read(sent).map(Some)
}

fn delivered(command: &mut Command<'_>, work: &Work<'_>, notification: &Doc, status: &str, provider_id: Option<String>) {
    let mut deliveries = notification.get("deliveries").cloned().unwrap_or_default();
    let mail = deliveries
        .as_array_mut()
        .into_iter()
        .flatten()
        .find(|delivery| delivery.get("channel").and_then(Value::as_str) == Some("email"));
    if let Some(Value::Object(mail)) = mail {
        mail.insert("status".to_owned(), status.into());
        mail.insert("at".to_owned(), work.scope.now().into());
        mail.extend(provider_id.map(|id| ("provider_id".to_owned(), id.into())));
    }
    command.update_many(&NOTIFICATION, &work.one(text(notification, "_id")), &doc(vec![("deliveries", deliveries)]));
}
