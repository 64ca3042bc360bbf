//! Marking notifications as read: one, or all there are. The first time counts; a repeat changes nothing.

use domain::entities::NOTIFICATION;
use domain::json;
use domain::{Doc, Error, Filter};
use edge::{Call, Outcome, Reply};
use store::{Command, Scope};

/// Marks one.
pub async fn read(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let own = scope.reach(&NOTIFICATION, "read").and(Filter::is("_id", call.id(&NOTIFICATION)?));
    let mut command = call.store.command(scope);
    mark(&mut command, scope, own.clone());
    let notification = command.require(&NOTIFICATION, own, Error::not_found());
    command.answer_step(200, &NOTIFICATION, notification);
    Ok(Reply::answer(command.commit().await?))
}

/// Marks all.
pub async fn read_all(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let mut command = call.store.command(scope);
    mark(&mut command, scope, scope.reach(&NOTIFICATION, "read"));
    command.answer_body(200, json!({ "unread": 0 }));
    Ok(Reply::answer(command.commit().await?))
}

fn mark(command: &mut Command<'_>, scope: &Scope, notifications: Filter) {
    let read: Doc = [("is_read".to_owned(), true.into()), ("read_at".to_owned(), scope.now().into())].into_iter().collect();
    command.update_many(&NOTIFICATION, &notifications.and(Filter::is("is_read", false)), &read);
}
