//! Index specifications: checking them and giving them their canonical form.

use bson::{Bson, Document, doc};

use crate::{
    depth,
    error::{Error, Result},
    expression::is_truthy,
    matcher::Matcher,
    number::Number,
    path::Path,
    sort::SortField,
};

const CANNOT_CREATE: i32 = 67;

/// The sort fields of a canonical spec's key.
pub fn fields(spec: &Document) -> Vec<SortField> {
    let Ok(key) = spec.get_document("key") else {
        return Vec::new();
    };
    key.iter()
        .map(|(name, direction)| SortField {
            path: Path::new(name),
            descending: Number::from_bson(direction).is_some_and(Number::is_negative),
        })
        .collect()
}

/// Checks a spec as createIndexes takes it.
pub fn canonical(given: &Document) -> Result<Document> {
    let key = match given.get("key") {
        Some(Bson::Document(key)) => key,
        Some(_) => return Err(Error::type_mismatch("The field 'key' must be an object")),
        None => return Err(Error::parse("The 'key' field is a required property of an index specification")),
    };
    check_key(key)?;
    check_kind(given, key)?;
    let mut spec = doc! {"v": 2, "key": key.clone(), "name": name(given, key)?};
    for (option, value) in given {
        if let Some(value) = check_option(option, value, given, key)? {
            spec.insert(option.clone(), value);
        }
    }
    Ok(spec)
}

fn check_key(key: &Document) -> Result<()> {
    if key.is_empty() {
        return Err(Error::new(CANNOT_CREATE, "Index keys cannot be an empty object"));
    }
    if key.len() > 32 {
        return Err(Error::new(13103, "an index can have at most 32 fields"));
    }
    for (name, direction) in key {
        check_direction(name, direction)?;
        depth::check_path(name)?;
        let parts: Vec<&str> = name.split('.').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Err(Error::new(CANNOT_CREATE, "Index keys cannot contain an empty field"));
        }
        if parts.iter().any(|part| part.starts_with('$') && !matches!(*part, "$ref" | "$id" | "$db" | "$**")) {
            return Err(Error::new(CANNOT_CREATE, "Index key contains an illegal field name: field name starts with '$'"));
        }
    }
    Ok(())
}

/// Whether queries never use an index of this key here: it is kept for its description only.
pub fn is_passive(key: &Document) -> bool {
    let special = |direction: &Bson| matches!(direction, Bson::String(kind) if kind != "hashed");
    key.iter().any(|(name, direction)| special(direction) || name.split('.').any(|part| part == "$**"))
}

/// What goes with no index of a kind, and names that are taken.
fn check_kind(given: &Document, key: &Document) -> Result<()> {
    let unique = given.get("unique").is_some_and(is_truthy);
    let hashed = key.values().any(|direction| *direction == Bson::String("hashed".to_owned()));
    if unique && hashed {
        return Err(Error::new(16764, "Currently hashed indexes cannot guarantee uniqueness. Use a regular index."));
    }
    if unique && (is_passive(key) || super::text::paths(key).is_some()) {
        return Err(Error::new(CANNOT_CREATE, "indexes of this kind cannot be unique here"));
    }
    if key.values().filter(|direction| **direction == Bson::String("hashed".to_owned())).count() > 1 {
        return Err(Error::new(31303, "A maximum of one index field is allowed to be hashed"));
    }
    match given.get("v").map(Number::from_bson) {
        None => {}
        Some(None) => return Err(Error::type_mismatch("The field 'v' must be a number")),
        Some(Some(version)) if matches!(version.to_i64_exact(), Some(1 | 2)) => {}
        Some(Some(_)) => return Err(Error::new(CANNOT_CREATE, "Invalid index specification; the version is not supported")),
    }
    let number = |name: &str| given.get(name).and_then(Number::from_bson).map(Number::to_f64);
    if let (Some(least), Some(most)) = (number("min"), number("max"))
        && least >= most
    {
        return Err(Error::new(72, "invalid bounds: min must be less than max"));
    }
    let on_id = key.len() == 1 && key.contains_key("_id");
    let ascending = key.get("_id").and_then(Number::from_bson).is_some_and(|direction| !direction.is_negative());
    if on_id && !ascending {
        return Err(Error::bad_value("The field 'key' for an _id index must be {_id: 1}"));
    }
    if !on_id && given.get_str("name").is_ok_and(|name| name == "_id_") {
        return Err(Error::bad_value("The index name '_id_' is reserved for the _id index"));
    }
    Ok(())
}

fn check_direction(name: &str, direction: &Bson) -> Result<()> {
    if let Bson::String(plugin) = direction {
        return match plugin.as_str() {
            "text" | "hashed" | "2d" | "2dsphere" => Ok(()),
            "wildcard" => Err(Error::new(7246202, "The index type 'wildcard' is not valid")),
            _ => Err(Error::new(CANNOT_CREATE, format!("Unknown index plugin '{plugin}'"))),
        };
    }
    let Some(number) = Number::from_bson(direction) else {
        return Err(Error::new(CANNOT_CREATE, format!("Values in the index key pattern must be numbers or strings: {name}")));
    };
    if number.is_zero() || number.is_nan() {
        return Err(Error::new(CANNOT_CREATE, "Values in the index key pattern cannot be 0"));
    }
    Ok(())
}

fn name(given: &Document, key: &Document) -> Result<String> {
    match given.get("name") {
        Some(Bson::String(name)) if name == "*" => Err(Error::bad_value("The index name '*' is not valid")),
        Some(Bson::String(name)) if name.is_empty() => Err(Error::new(CANNOT_CREATE, "index name cannot be empty")),
        Some(Bson::String(name)) if name.contains('\0') => Err(Error::new(CANNOT_CREATE, "index name cannot contain NUL bytes")),
        Some(Bson::String(name)) => Ok(name.clone()),
        Some(_) => Err(Error::type_mismatch("The field 'name' must be a string")),
        None => Ok(default_name(key)),
    }
}

fn default_name(key: &Document) -> String {
    let parts: Vec<String> = key
        .iter()
        .map(|(name, direction)| {
            let whole = Number::from_bson(direction).and_then(Number::to_i64_exact);
            format!("{name}_{}", whole.map_or_else(|| direction.to_string(), |number| number.to_string()))
        })
        .collect();
    parts.join("_")
}

/// The option's canonical value; `None` where it says nothing.
fn check_option(option: &str, value: &Bson, given: &Document, key: &Document) -> Result<Option<Bson>> {
    let only_id = key.len() == 1 && key.contains_key("_id");
    if only_id && matches!(option, "sparse" | "partialFilterExpression" | "expireAfterSeconds" | "unique") {
        return Err(Error::new(197, format!("The field '{option}' is not valid for an _id index specification")));
    }
    match option {
        "key" | "name" | "v" | "ns" => Ok(None),
        "unique" | "sparse" | "hidden" | "background" => {
            let truth = truth(option, value)?;
            if only_id && option == "hidden" && truth {
                return Err(Error::bad_value("can't hide _id index"));
            }
            Ok((truth && option != "background").then_some(Bson::Boolean(true)))
        }
        "partialFilterExpression" => {
            let Bson::Document(filter) = value else {
                return Err(Error::type_mismatch("The field 'partialFilterExpression' must be an object"));
            };
            if filter.contains_key("$expr") {
                return Err(Error::new(224, "$expr is not allowed in the context of a partial index"));
            }
            if filter.contains_key("$text") {
                return Err(Error::bad_value("$text is not allowed in the context of a partial index"));
            }
            if given.get("sparse").is_some_and(is_truthy) {
                return Err(Error::new(CANNOT_CREATE, "cannot mix \"partialFilterExpression\" and \"sparse\" options"));
            }
            Matcher::parse(filter)?;
            check_partial(filter, 0)?;
            Ok(Some(value.clone()))
        }
        "expireAfterSeconds" => expire_after(value, key).map(Some),
        "collation" => collation(value, given),
        "default_language"
        | "language_override"
        | "weights"
        | "textIndexVersion"
        | "2dsphereIndexVersion"
        | "bits"
        | "min"
        | "max"
        | "wildcardProjection"
        | "storageEngine"
            if is_passive(key) =>
        {
            Ok(Some(value.clone()))
        }
        "comment" => Ok(None),
        _ => Err(Error::new(197, format!("The field '{option}' is not valid for an index specification"))),
    }
}

fn truth(option: &str, value: &Bson) -> Result<bool> {
    match value {
        Bson::Boolean(_) | Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) => Ok(is_truthy(value)),
        _ => Err(Error::type_mismatch(format!("The field '{option}' must be a bool"))),
    }
}

fn expire_after(value: &Bson, key: &Document) -> Result<Bson> {
    let Some(number) = Number::from_bson(value) else {
        return Err(Error::new(CANNOT_CREATE, "TTL index 'expireAfterSeconds' option must be numeric"));
    };
    if key.len() != 1 || key.contains_key("$**") {
        return Err(Error::new(CANNOT_CREATE, "TTL indexes are single-field indexes and not on _id"));
    }
    let seconds = number.to_f64();
    if number.is_nan() {
        return Ok(Bson::Int32(i32::MAX));
    }
    if !(0.0..=f64::from(i32::MAX)).contains(&seconds) {
        return Err(Error::new(CANNOT_CREATE, "TTL index 'expireAfterSeconds' must be within 0 and 2147483647"));
    }
    Ok(Bson::Int32(seconds as i32))
}

/// Only the plain order of bytes is there: an index of another collation serves no query here, and a unique one must tell apart
/// what bytes tell apart.
fn collation(value: &Bson, given: &Document) -> Result<Option<Bson>> {
    let Bson::Document(collation) = value else {
        return Err(Error::type_mismatch("The field 'collation' must be an object"));
    };
    match collation.get("locale") {
        Some(Bson::String(locale)) if locale == "simple" => return Ok(None),
        Some(Bson::String(_)) => {}
        Some(_) => return Err(Error::type_mismatch("BSON field 'collation.locale' is the wrong type, expected a string")),
        None => return Err(Error::new(40414, "BSON field 'collation.locale' is missing but a required field")),
    }
    let strength = collation.get("strength").and_then(Number::from_bson).map_or(3.0, Number::to_f64);
    if strength < 3.0 && given.get("unique").is_some_and(is_truthy) {
        return Err(Error::new(CANNOT_CREATE, "a unique index with a collation of strength 1 or 2 is not supported"));
    }
    Ok(Some(value.clone()))
}

/// What a partial index may ask: equality, ranges, `$exists: true`, `$type`, `$and`, `$or`, `$in`.
fn check_partial(filter: &Document, depth: usize) -> Result<()> {
    let refuse = |what: &str| Err(Error::new(CANNOT_CREATE, format!("unsupported expression in partial index: {what}")));
    for (name, value) in filter {
        match (name.as_str(), value) {
            ("$and" | "$or", Bson::Array(branches)) if depth < 10 => {
                for branch in branches.iter().filter_map(Bson::as_document) {
                    check_partial(branch, depth + 1)?;
                }
            }
            (_, _) if name.starts_with('$') => return refuse(name),
            (_, Bson::RegularExpression(_)) => return refuse("$regex"),
            (_, Bson::Document(operators)) => {
                for (operator, operand) in operators {
                    let known = matches!(
                        operator.as_str(),
                        "$eq" | "$gt" | "$gte" | "$lt" | "$lte" | "$type" | "$in" | "$exists" | "$all"
                    );
                    if operator.starts_with('$') && !known {
                        return refuse(operator);
                    }
                    if operator == "$exists" && !is_truthy(operand) {
                        return refuse("$exists: false");
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether two filters are conjunctions of the same conditions.
pub fn same_filter(a: Option<&Bson>, b: Option<&Bson>) -> bool {
    match (a, b) {
        (Some(Bson::Document(a)), Some(Bson::Document(b))) => {
            let (a, b) = (conditions(a), conditions(b));
            a.len() == b.len() && a.iter().all(|condition| b.contains(condition))
        }
        _ => a == b,
    }
}

fn conditions(filter: &Document) -> Vec<(String, Bson)> {
    let mut all = Vec::new();
    for (name, value) in filter {
        match (name.as_str(), value) {
            ("$and", Bson::Array(branches)) => {
                all.extend(branches.iter().filter_map(Bson::as_document).flat_map(conditions));
            }
            _ => all.push((name.clone(), value.clone())),
        }
    }
    all
}
