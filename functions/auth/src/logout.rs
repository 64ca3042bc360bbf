//! Logging out: the login of the session ends, and with it every refresh token it has had.

use domain::entities::LOGIN;
use domain::{Doc, Error, Filter};
use edge::{Call, Halt, Outcome, Reply};
use serde_json::json;
use store::{EventOf, PlatformScope, Scope};

/// Ends the session's login. It works for members whose permissions have just changed, too.
pub async fn logout(call: &Call) -> Outcome {
    let session = call.session()?;
    let scope = PlatformScope::of_auth().tenant(session.tenant(), call.now());
    revoke(call, &scope, session.login(), "logout").await?;
    Ok(Reply::empty(204))
}

/// Ends a login, unless it has ended already.
pub async fn revoke(call: &Call, scope: &Scope, login: &str, reason: &str) -> Result<(), Halt> {
    let mut command = call.store.command(scope);
    let open = scope.live().and(Filter::is("_id", login)).and(Filter::is("revoked_at", serde_json::Value::Null));
    let fields = [("revoked_at", call.now().into()), ("revoked_reason", reason.into())];
    let set: Doc = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let changes = json!({ "revoked_at": { "before": null, "after": call.now() } });
    command.find_and_set(&LOGIN, &open, &set, Error::conflict("revoked", "The login has ended already."));
    let (kind, comment) = ("login.revoked", Some(reason));
    command.event(EventOf { kind, entity: &LOGIN, id: login, lead: None, changes, comment, holes: &[] });
    match command.run().await {
        Err(Halt::Refused(error)) if error.code == "revoked" => Ok(()),
        outcome => outcome.map(|_| ()),
    }
}
