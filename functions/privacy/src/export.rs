//! Showing what is known of a person: read when it is asked for, page by page, and kept nowhere a second time.

use domain::doc::text;
use domain::entities::{self, MEMBERSHIP, PRIVACY_REQUEST, masked_payout};
use domain::json;
use domain::policy::{Mask, Reach};
use domain::{Doc, Entity, Error, Filter, Time, Viewer, access, custom, id, validate};
use edge::{Call, Halt, Outcome, Reply};
use serde_json::Value;

use crate::walk::{Place, subject, walk};

/// A page of the records about a person, whatever else the caller may read, and of those that name them and the caller may read.
pub async fn export(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let from = place(call.query())?;
    let one = scope.reach(&PRIVACY_REQUEST, "export").and(Filter::is("_id", call.id(&PRIVACY_REQUEST)?));
    let request = call.store.find(scope, &PRIVACY_REQUEST, one).await?.ok_or_else(Error::not_found)?;
    if text(&request, "type") != Some("export") {
        return Err(Error::conflict("not-an-export", "This request is not one for an export.").into());
    }
    let (subject, viewer, now) = (subject(&request), call.viewer()?, call.now());
    let which = |entity: &Entity| {
        let named = subject.is_named_in(entity).and(access::permitted(entity, "read", viewer));
        subject.is_subject_of(entity).or(named).and(open(entity, viewer, now))
    };
    let (batch, next) = walk(&call.store, scope, &from, which).await?;
    let mut data = Vec::new();
    for (entity, docs) in batch {
        for mut doc in docs {
            match subject.owns(entity, &doc) {
                true => outline(entity, &mut doc, viewer),
                false => withhold(entity, &mut doc),
            }
            data.push(json!({ "entity": entity.name, "record": shown(entity, doc, viewer) }));
        }
    }
    let next = next.map(|next| [next.entity.as_str(), ".", &next.after].concat());
    let body = json!({ "data": data, "has_more": next.is_some(), "next": next, "withheld": withheld(viewer) });
    Ok(Reply::json(200, &body))
}

/// What is sealed is no less sealed here; what else is kept from callers' own lists, such as notices that were only mailed, is told.
fn open(entity: &Entity, viewer: &Viewer, now: Time) -> Filter {
    match entity.name {
        "notification" => Filter::All,
        "event" => Filter::is("sealed_until", Value::Null).or(Filter::by("sealed_until", now)),
        _ => entity.access.narrow.map_or(Filter::All, |narrow| narrow(viewer, now)),
    }
}

/// That somebody did something is about them; what became of the record by it is for those who may read such records.
fn outline(entity: &Entity, doc: &mut Doc, viewer: &Viewer) {
    let of = doc.get("record").and_then(|record| record.get("type")).and_then(Value::as_str).unwrap_or_default();
    if entity.name == "event" && viewer.policy.reach(&[of, ":read"].concat()) != Some(Reach::All) {
        doc.remove("changes");
        doc.remove("comment");
    }
}

/// A record as anybody is shown it; where somebody is paid, as whoever does not pay them is told it.
fn shown(entity: &Entity, mut doc: Doc, viewer: &Viewer) -> Value {
    let account = if entity.name == MEMBERSHIP.name { doc.remove("payout") } else { None };
    let mut shown = validate::render(entity, doc, Some(viewer));
    if let Some(Value::Object(account)) = account {
        shown.insert("payout".to_owned(), masked_payout(&account).into());
    }
    shown.into()
}

/// The fields that a mask hides from the caller: without them the export is not all that is known.
fn withheld(viewer: &Viewer) -> Value {
    let hidden = viewer.policy.masks().filter(|(.., mask)| *mask == Mask::Hidden);
    hidden.map(|(entity, field, _)| Value::from([entity, ".", field].concat())).collect()
}

/// What is personal in a record that is about somebody else is theirs.
fn withhold(entity: &Entity, doc: &mut Doc) {
    custom::remove_personal(doc);
    for field in entity.fields.iter().filter(|field| field.personal) {
        doc.remove(field.name);
    }
}

fn place(query: &str) -> Result<Place, Halt> {
    let mut place = Place::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if name != "cursor" {
            return Err(Error::parameter(name, "Expected `cursor` at the most.").into());
        }
        place = cursor(value).ok_or_else(|| Error::parameter("cursor", "Expected the `next` of the page before."))?;
    }
    Ok(place)
}

fn cursor(text: &str) -> Option<Place> {
    let (name, after) = text.split_once('.')?;
    let entity = entities::by_name(name)?;
    (after.is_empty() || id::is(entity.prefix, after)).then(|| Place { entity: name.to_owned(), after: after.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_names_an_entity_and_one_of_its_records() {
        let lead = id::derived("lead", &["a"]);
        let place = |after: &str| Place { entity: "lead".to_owned(), after: after.to_owned() };
        assert_eq!(cursor(&["lead.", &lead].concat()), Some(place(&lead)));
        assert_eq!(cursor("lead."), Some(place("")));
        for bad in ["", "lead", "nonsense.", "lead.per_1", &["person.", &lead].concat()] {
            assert_eq!(cursor(bad), None, "{bad}");
        }
    }
}
