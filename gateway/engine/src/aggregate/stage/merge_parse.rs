//! `$merge` and `$out` from their documents.

use bson::{Bson, Document};

use super::{
    facet::documents,
    lookup::parse_let,
    merge::{Matched, Merge, Unmatched},
};
use crate::{
    aggregate::update_pipeline_with,
    error::{Error, Result},
    expression::Variables,
    projection::check_path,
};

pub fn parse(operand: &Bson, variables: &Variables) -> Result<Merge> {
    let given = match operand {
        Bson::String(_) => bson::doc! {"into": operand.clone()},
        Bson::Document(given) => given.clone(),
        _ => return Err(Error::type_mismatch("$merge requires a string or object argument")),
    };
    if let Some(unknown) =
        given.keys().find(|name| !matches!(name.as_str(), "into" | "on" | "let" | "whenMatched" | "whenNotMatched"))
    {
        return Err(Error::new(40415, format!("BSON field '$merge.{unknown}' is an unknown field.")));
    }
    let (database, collection) = match given.get("into") {
        Some(into) => parse_into(into)?,
        None => return Err(Error::new(40414, "BSON field '$merge.into' is missing but a required field")),
    };
    let on = parse_on(given.get("on"))?;
    if given.get("let").is_some_and(|bindings| !matches!(bindings, Bson::Document(_) | Bson::Null)) {
        return Err(Error::type_mismatch("BSON field '$merge.let' is the wrong type, expected an object"));
    }
    let has_pipeline = matches!(given.get("whenMatched"), Some(Bson::Array(_)));
    if given.get("let").is_some_and(|bindings| matches!(bindings, Bson::Document(_))) && !has_pipeline {
        return Err(Error::new(51199, "Cannot use 'let' variables with 'whenMatched' mode that is no pipeline"));
    }
    let bindings = parse_let(given.get("let"), variables)?;
    let inner = bindings.iter().fold(variables.with("new", Bson::Null), |all, (name, _)| all.with(name, Bson::Null));
    let matched = match given.get("whenMatched") {
        None => Matched::Merge,
        Some(mode) => parse_matched(mode, &inner)?,
    };
    let unmatched = match given.get("whenNotMatched") {
        None | Some(Bson::Null) => Unmatched::Insert,
        Some(Bson::String(mode)) => match mode.as_str() {
            "insert" => Unmatched::Insert,
            "discard" => Unmatched::Discard,
            "fail" => Unmatched::Fail,
            _ => return Err(Error::bad_value("Enumeration value for field 'whenNotMatched' is not a valid value.")),
        },
        Some(_) => return Err(Error::type_mismatch("BSON field '$merge.whenNotMatched' is the wrong type, expected a string")),
    };
    Ok(Merge { database, collection, on, bindings, matched, unmatched, replaces_all: false })
}

pub fn parse_out(operand: &Bson) -> Result<Merge> {
    let (database, collection) = match operand {
        Bson::String(collection) => (None, collection.clone()),
        Bson::Document(given) => match (given.get("db"), given.get("coll")) {
            (Some(Bson::String(database)), Some(Bson::String(collection))) if given.len() == 2 => {
                (Some(database.clone()), collection.clone())
            }
            _ => return Err(Error::new(16994, "$out needs 'db' and 'coll', both strings")),
        },
        _ => return Err(Error::new(16990, "$out only supports a string or object argument")),
    };
    if collection.is_empty() {
        return Err(Error::new(73, "Invalid collection name in $out"));
    }
    Ok(Merge {
        database,
        collection,
        on: vec!["_id".to_owned()],
        bindings: Vec::new(),
        matched: Matched::Replace,
        unmatched: Unmatched::Insert,
        replaces_all: true,
    })
}

fn parse_into(into: &Bson) -> Result<(Option<String>, String)> {
    let (database, collection) = match into {
        Bson::String(collection) => (None, collection.clone()),
        Bson::Document(given) => {
            if let Some(unknown) = given.keys().find(|name| !matches!(name.as_str(), "db" | "coll")) {
                return Err(Error::new(40415, format!("BSON field 'into.{unknown}' is an unknown field.")));
            }
            (text(given, "db")?, text(given, "coll")?.unwrap_or_default())
        }
        _ => return Err(Error::new(51178, "$merge 'into' field must be either a string or an object")),
    };
    if matches!(database.as_deref(), Some("admin" | "config" | "local")) {
        return Err(Error::new(31320, "Cannot $merge into a special database"));
    }
    if collection.is_empty() || collection.starts_with('.') || collection.contains(['$', '\0']) || database.as_deref() == Some("")
    {
        return Err(Error::new(73, "Invalid namespace in $merge 'into'"));
    }
    if collection.starts_with("system.") {
        return Err(Error::new(31319, "Cannot $merge into a special collection"));
    }
    Ok((database, collection))
}

fn text(given: &Document, name: &str) -> Result<Option<String>> {
    match given.get(name) {
        None | Some(Bson::Null) => Ok(None),
        Some(Bson::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Error::type_mismatch(format!("BSON field 'into.{name}' is the wrong type, expected a string"))),
    }
}

fn parse_on(on: Option<&Bson>) -> Result<Vec<String>> {
    let names = match on {
        None => vec!["_id".to_owned()],
        Some(Bson::String(name)) => vec![name.clone()],
        Some(Bson::Array(items)) if items.is_empty() => {
            return Err(Error::new(51187, "If explicitly specifying $merge 'on', must include at least one field"));
        }
        Some(Bson::Array(items)) => {
            let name = |item: &Bson| {
                item.as_str().map(str::to_owned).ok_or_else(|| Error::new(51134, "$merge 'on' array elements must be strings"))
            };
            items.iter().map(name).collect::<Result<_>>()?
        }
        Some(_) => return Err(Error::new(51186, "$merge 'on' field must be either a string or an array of strings")),
    };
    for (position, name) in names.iter().enumerate() {
        check_path(name)?;
        if names.iter().take(position).any(|earlier| earlier == name) {
            return Err(Error::new(31465, format!("Found a duplicate field '{name}'")));
        }
    }
    Ok(names)
}

fn parse_matched(mode: &Bson, variables: &Variables) -> Result<Matched> {
    match mode {
        Bson::String(mode) => Ok(match mode.as_str() {
            "merge" => Matched::Merge,
            "replace" => Matched::Replace,
            "keepExisting" => Matched::Keep,
            "fail" => Matched::Fail,
            _ => return Err(Error::bad_value("Enumeration value for field 'whenMatched' is not a valid value.")),
        }),
        Bson::Array(stages) => {
            let stages = documents(stages, 14)?;
            Ok(Matched::Pipeline(update_pipeline_with(&stages, variables)?))
        }
        _ => Err(Error::new(51191, "$merge 'whenMatched' field must be either a string or an array")),
    }
}
