//! An operation as it may leave: values sealed, and conditions on them turned into conditions on what they are found by.

use domain::json::{object, of};
use domain::{Entity, Error, Field};
use serde_json::Value;

use super::{Body, Nonces, Rings, blind_field, place};
use crate::keyring::{Keyring, MARK};

/// What an operation is about.
pub(super) struct Of<'a> {
    pub rings: &'a Rings,
    pub tenant: &'a str,
    pub entity: &'a Entity,
    pub id: Option<String>,
}

impl Of<'_> {
    /// Seals what the operation writes, and blinds what it looks for.
    pub fn seal_body(&self, body: &mut Body, nonces: &mut Nonces) -> Result<(), Error> {
        if let Some(Value::Object(document)) = body.get_mut("document") {
            self.seal_fields(document, nonces)?;
        }
        if let Some(Value::Object(update)) = body.get_mut("update") {
            self.seal_update(update, nonces)?;
        }
        if let Some(Value::Object(filter)) = body.get_mut("filter") {
            self.blind_filter(filter)?;
        }
        for stage in body.get_mut("pipeline").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(Value::Object(filter)) = stage.get_mut("$match") {
                self.blind_filter(filter)?;
            }
        }
        Ok(())
    }

    /// What goes, or becomes another, leaves no companions behind.
    fn seal_update(&self, update: &mut Body, nonces: &mut Nonces) -> Result<(), Error> {
        let mut gone: Vec<String> = Vec::new();
        for operator in ["$set", "$setOnInsert"] {
            if let Some(Value::Object(fields)) = update.get_mut(operator) {
                gone.extend(self.seal_fields(fields, nonces)?);
            }
        }
        if let Some(Value::Object(unset)) = update.get("$unset") {
            let companions = |field: &Field| if unset.contains_key(field.name) { companions(field) } else { Vec::new() };
            gone.extend(self.entity.encrypted_fields().flat_map(companions));
        }
        if !gone.is_empty()
            && let Value::Object(unset) = update.entry("$unset").or_insert_with(|| object(vec![]))
        {
            unset.extend(gone.into_iter().map(|name| (name, "".into())));
        }
        Ok(())
    }

    /// Seals the fields that are there; gives the companions that have nothing to say any more.
    pub fn seal_fields(&self, fields: &mut Body, nonces: &mut Nonces) -> Result<Vec<String>, Error> {
        let mut gone = Vec::new();
        for field in self.entity.encrypted_fields() {
            let Some(value) = fields.get(field.name).map(plain) else { continue };
            if value.is_null() {
                gone.extend(companions(field));
                continue;
            }
            let ring = self.rings.require(self.tenant)?;
            let id = self.id.as_deref();
            let id =
                id.ok_or_else(|| Error::internal(format!("{}.{} is written without an id", self.entity.name, field.name)))?;
            let sealed = ring.seal(&place(self.entity, field, id), &value, nonces.next()).ok_or_else(gone_wrong)?;
            fields.insert(field.name.to_owned(), sealed.into());
            let name = blind_field(self.entity, field.name);
            let text = value.as_str().unwrap_or_default();
            if field.blind {
                let blind = ring.blind(&name, text).into_iter().next();
                fields.insert(field.blind_name(), blind.into());
            }
            if field.searchable {
                fields.insert(field.words_name(), ring.words(&name, text).into());
            }
        }
        Ok(gone)
    }

    /// Conditions on values become conditions on what they are found by.
    fn blind_filter(&self, filter: &mut Body) -> Result<(), Error> {
        for several in ["$and", "$or"] {
            for part in filter.get_mut(several).and_then(Value::as_array_mut).into_iter().flatten() {
                part.as_object_mut().map_or(Ok(()), |part| self.blind_filter(part))?;
            }
        }
        for field in self.entity.encrypted_fields() {
            // A sealed value is compared as it is stored.
            let is_sealed = filter.get(field.name).and_then(Value::as_str).is_some_and(|text| text.starts_with(MARK));
            if field.blind
                && !is_sealed
                && let Some(condition) = filter.remove(field.name)
            {
                let ring = self.rings.require(self.tenant)?;
                let condition = blinded(&ring, &blind_field(self.entity, field.name), condition);
                filter.insert(field.blind_name(), condition);
            }
            // A search asks for words in the clear.
            if field.searchable
                && let Some(condition) = filter.get_mut(&field.words_name())
            {
                let ring = self.rings.require(self.tenant)?;
                let name = blind_field(self.entity, field.name);
                let (word, is_whole) = match condition.get("$regex").and_then(Value::as_str) {
                    Some(start) => (start.trim_start_matches('^').to_owned(), false),
                    None => (condition.as_str().unwrap_or_default().to_owned(), true),
                };
                *condition = one_of(ring.word(&name, &word, is_whole));
            }
        }
        Ok(())
    }
}

fn blinded(ring: &Keyring, name: &str, condition: Value) -> Value {
    let blind = |value: &Value| value.as_str().map_or_else(Vec::new, |text| ring.blind(name, text));
    match condition {
        Value::String(text) => one_of(ring.blind(name, &text)),
        Value::Object(operators) => {
            let operator = |(operator, value): (String, Value)| match (operator.as_str(), &value) {
                ("$in", Value::Array(values)) => (operator, values.iter().flat_map(blind).collect()),
                ("$ne", Value::String(_)) => ("$nin".to_owned(), blind(&value).into()),
                _ => (operator, value),
            };
            Value::Object(operators.into_iter().map(operator).collect())
        }
        other => other,
    }
}

fn one_of(mut digests: Vec<String>) -> Value {
    match digests.len() {
        1 => digests.pop().into(),
        _ => of("$in", digests),
    }
}

/// Dates of Extended JSON become the text they come back as.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(object) => match object.get("$date") {
            Some(date) => date.clone(),
            None => Value::Object(object.iter().map(|(name, value)| (name.clone(), plain(value))).collect()),
        },
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

fn companions(field: &Field) -> Vec<String> {
    let names = [(field.blind, field.blind_name()), (field.searchable, field.words_name())];
    names.into_iter().filter(|(is_there, _)| *is_there).map(|(_, name)| name).collect()
}

fn gone_wrong() -> Error {
    Error::internal("a value could not be sealed")
}
