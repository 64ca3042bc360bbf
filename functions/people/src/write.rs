//! Making and changing people. Two of a tenant never have one e-mail address; whoever tries is told whose it is.

use domain::entities::PERSON;
use domain::{Error, Filter, doc};
use edge::{Call, Halt, Outcome, custom};
use serde_json::Value;

/// Makes a person.
pub async fn create(call: &Call) -> Outcome {
    let draft = custom::draft(call).await?;
    let email = draft.doc.get("email").cloned();
    unless_taken(call, email, draft.insert().answer().await).await
}

/// Changes a person by a merge patch.
pub async fn update(call: &Call) -> Outcome {
    let changing = match custom::change(call).await? {
        Ok(changing) => changing,
        Err(unchanged) => return Ok(unchanged),
    };
    let email = changing.after.get("email").cloned();
    unless_taken(call, email, changing.answer().await).await
}

/// Names the person who has the address already, if they are visible to whoever asks.
async fn unless_taken(call: &Call, email: Option<Value>, outcome: Outcome) -> Outcome {
    let (Err(Halt::Refused(error)), Some(email)) = (&outcome, email) else { return outcome };
    if error.code != "duplicate" {
        return outcome;
    }
    let scope = call.scope()?;
    let same = scope.reach(&PERSON, "read").and(Filter::is("email", email));
    let existing = call.store.find(scope, &PERSON, same).await?;
    let id = existing.as_ref().and_then(|person| doc::text(person, "_id"));
    let taken = Error::conflict("person-exists", "There is a person with this e-mail address already.");
    Err(Error { more: id.map(|id| Box::new(("existing", id.to_owned()))), ..taken }.into())
}
