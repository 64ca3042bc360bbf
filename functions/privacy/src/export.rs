//! Showing what is known of a person: read when it is asked for, page by page, and kept nowhere a second time.

use domain::doc::text;
use domain::entities::{self, PRIVACY_REQUEST};
use domain::json;
use domain::{Doc, Entity, Error, Filter, custom, id, validate};
use edge::{Call, Halt, Outcome, Reply};
use serde_json::Value;

use crate::walk::{Place, subject, walk};

/// A page of the records about a person and of those that name them, as the caller may see them.
pub async fn export(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let from = place(call.query())?;
    let one = scope.reach(&PRIVACY_REQUEST, "export").and(Filter::is("_id", call.id(&PRIVACY_REQUEST)?));
    let request = call.store.find(scope, &PRIVACY_REQUEST, one).await?.ok_or_else(Error::not_found)?;
    if text(&request, "type") != Some("export") {
        return Err(Error::conflict("not-an-export", "This request is not one for an export.").into());
    }
    let (subject, viewer, now) = (subject(&request), call.viewer()?, call.now());
    // What is sealed is no less sealed here.
    let which = |entity: &Entity| match subject.is_named_in(entity) {
        Filter::Nothing => Filter::Nothing,
        named => named.and(entity.access.narrow.map_or(Filter::All, |narrow| narrow(viewer, now))),
    };
    let (batch, next) = walk(&call.store, scope, &from, which).await?;
    let mut data = Vec::new();
    for (entity, docs) in batch {
        for mut doc in docs {
            if !subject.owns(entity, &doc) {
                withhold(entity, &mut doc);
            }
            let record = Value::Object(validate::render(entity, doc, Some(viewer)));
            data.push(json!({ "entity": entity.name, "record": record }));
        }
    }
    let next = next.map(|next| [next.entity.as_str(), ".", &next.after].concat());
    Ok(Reply::json(200, &json!({ "data": data, "has_more": next.is_some(), "next": next })))
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
