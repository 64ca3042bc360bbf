//! `$jsonSchema` from its document.

use bson::{Bson, Document};

use super::{
    pattern::Pattern,
    schema::{Additional, Dependency, Schema},
    types,
};
use crate::{
    error::{Error, Result},
    number::Number,
    order::equal,
};

/// The deepest schema.
const DEPTH_LIMIT: usize = 50;

pub fn parse(value: &Bson) -> Result<Schema> {
    parse_value("$jsonSchema", value, 0)
}

fn parse_value(keyword: &str, value: &Bson, depth: usize) -> Result<Schema> {
    match value {
        Bson::Document(document) if depth < DEPTH_LIMIT => parse_document(document, depth + 1),
        Bson::Document(_) => Err(Error::parse("$jsonSchema is nested too deeply")),
        _ => Err(Error::type_mismatch(format!("$jsonSchema keyword '{keyword}' must be an object"))),
    }
}

fn parse_document(document: &Document, depth: usize) -> Result<Schema> {
    let mut schema = Schema::default();
    for (keyword, value) in document {
        parse_keyword(&mut schema, keyword, value, document, depth)?;
    }
    Ok(schema)
}

fn parse_keyword(schema: &mut Schema, keyword: &str, value: &Bson, all: &Document, depth: usize) -> Result<()> {
    match keyword {
        "bsonType" | "type" => schema.types = Some(parse_types(keyword, value, all)?),
        "enum" => schema.choices = Some(parse_enum(value)?),
        "minimum" => schema.minimum = Some(limit(keyword, value, "exclusiveMinimum", all)?),
        "maximum" => schema.maximum = Some(limit(keyword, value, "exclusiveMaximum", all)?),
        "exclusiveMinimum" => needs(keyword, value, "minimum", all)?,
        "exclusiveMaximum" => needs(keyword, value, "maximum", all)?,
        "multipleOf" => schema.multiple_of = Some(multiple_of(value)?),
        "minLength" => schema.min_length = Some(count(keyword, value)?),
        "maxLength" => schema.max_length = Some(count(keyword, value)?),
        "pattern" => schema.pattern = Some(Pattern::new(text(keyword, value)?, "")?),
        "minItems" => schema.min_items = Some(count(keyword, value)?),
        "maxItems" => schema.max_items = Some(count(keyword, value)?),
        "uniqueItems" => schema.unique_items = truth(keyword, value)?,
        "minProperties" => schema.min_properties = Some(count(keyword, value)?),
        "maxProperties" => schema.max_properties = Some(count(keyword, value)?),
        "title" | "description" => {
            text(keyword, value)?;
        }
        _ => return parse_nested(schema, keyword, value, depth),
    }
    Ok(())
}

fn parse_nested(schema: &mut Schema, keyword: &str, value: &Bson, depth: usize) -> Result<()> {
    match keyword {
        "items" => match value {
            Bson::Array(items) => {
                let parse_item = |item: &Bson| parse_value(keyword, item, depth);
                schema.tuple = Some(items.iter().map(parse_item).collect::<Result<_>>()?);
            }
            _ => schema.items = Some(Box::new(parse_value(keyword, value, depth)?)),
        },
        "additionalItems" => schema.additional_items = additional(keyword, value, depth)?,
        "required" => schema.required = names(keyword, value)?,
        "properties" => {
            for (name, inner) in object(keyword, value)? {
                schema.properties.push((name.clone(), parse_value(keyword, inner, depth)?));
            }
        }
        "patternProperties" => {
            for (name, inner) in object(keyword, value)? {
                let pattern = Pattern::new(name, "")?;
                schema.pattern_properties.push((pattern, parse_value(keyword, inner, depth)?));
            }
        }
        "additionalProperties" => schema.additional_properties = additional(keyword, value, depth)?,
        "dependencies" => {
            for (name, inner) in object(keyword, value)? {
                let dependency = match inner {
                    Bson::Array(_) => Dependency::Properties(names(keyword, inner)?),
                    _ => Dependency::Schema(Box::new(parse_value(keyword, inner, depth)?)),
                };
                schema.dependencies.push((name.clone(), dependency));
            }
        }
        "allOf" => schema.all_of = schemas(keyword, value, depth)?,
        "anyOf" => schema.any_of = schemas(keyword, value, depth)?,
        "oneOf" => schema.one_of = schemas(keyword, value, depth)?,
        "not" => schema.not = Some(Box::new(parse_value(keyword, value, depth)?)),
        "$ref" | "$schema" | "default" | "definitions" | "format" | "id" => {
            return Err(Error::parse(format!("$jsonSchema keyword '{keyword}' is not currently supported")));
        }
        _ => return Err(Error::parse(format!("Unknown $jsonSchema keyword: {keyword}"))),
    }
    Ok(())
}

fn parse_types(keyword: &str, value: &Bson, all: &Document) -> Result<Vec<i32>> {
    if all.contains_key("type") && all.contains_key("bsonType") {
        return Err(Error::parse("Cannot specify both $jsonSchema keywords 'type' and 'bsonType'"));
    }
    let names: Vec<&Bson> = match value {
        Bson::Array(items) if items.is_empty() => {
            return Err(Error::parse(format!("$jsonSchema keyword '{keyword}' must name at least one type")));
        }
        Bson::Array(items) => items.iter().collect(),
        _ => vec![value],
    };
    let mut codes = Vec::new();
    for name in names {
        let name = text(keyword, name)?;
        let known = if keyword == "type" { json_type(name)? } else { types::by_name(name) };
        let known = known.ok_or_else(|| Error::bad_value(format!("Unknown type name alias: {name}")))?;
        codes.extend(known);
    }
    let mut unique = codes.clone();
    unique.sort_unstable();
    unique.dedup();
    if unique.len() != codes.len() {
        return Err(Error::parse(format!("$jsonSchema keyword '{keyword}' has duplicate value")));
    }
    Ok(codes)
}

fn json_type(name: &str) -> Result<Option<Vec<i32>>> {
    Ok(match name {
        "integer" => {
            return Err(Error::parse("$jsonSchema type 'integer' is not currently supported"));
        }
        "boolean" => types::by_name("bool"),
        "object" | "array" | "number" | "string" | "null" => types::by_name(name),
        _ => None,
    })
}

fn parse_enum(value: &Bson) -> Result<Vec<Bson>> {
    let Bson::Array(items) = value else {
        return Err(Error::type_mismatch("$jsonSchema keyword 'enum' must be an array"));
    };
    if items.is_empty() {
        return Err(Error::parse("$jsonSchema keyword 'enum' cannot be an empty array"));
    }
    let repeated = items.iter().enumerate().any(|(index, item)| items.iter().skip(index + 1).any(|other| equal(item, other)));
    if repeated {
        return Err(Error::parse("$jsonSchema keyword 'enum' array cannot contain duplicate values"));
    }
    Ok(items.clone())
}

fn limit(keyword: &str, value: &Bson, exclusive: &str, all: &Document) -> Result<(Bson, bool)> {
    number(keyword, value)?;
    let exclusive = matches!(all.get(exclusive), Some(Bson::Boolean(true)));
    Ok((value.clone(), exclusive))
}

fn needs(keyword: &str, value: &Bson, other: &str, all: &Document) -> Result<()> {
    truth(keyword, value)?;
    if !all.contains_key(other) {
        return Err(Error::parse(format!("$jsonSchema keyword '{other}' must be a present if {keyword} is present")));
    }
    Ok(())
}

fn multiple_of(value: &Bson) -> Result<Bson> {
    let divisor = number("multipleOf", value)?;
    if divisor.is_nan() || divisor.is_infinite() || divisor.is_zero() || divisor.is_negative() {
        return Err(Error::parse("$jsonSchema keyword 'multipleOf' must have a positive value"));
    }
    Ok(value.clone())
}

fn number(keyword: &str, value: &Bson) -> Result<Number> {
    Number::from_bson(value).ok_or_else(|| Error::type_mismatch(format!("$jsonSchema keyword '{keyword}' must be a number")))
}

fn count(keyword: &str, value: &Bson) -> Result<i64> {
    Number::from_bson(value)
        .and_then(Number::to_i64_exact)
        .filter(|count| *count >= 0)
        .ok_or_else(|| Error::parse(format!("$jsonSchema keyword '{keyword}' must be a non-negative integer")))
}

fn text<'a>(keyword: &str, value: &'a Bson) -> Result<&'a str> {
    value.as_str().ok_or_else(|| Error::type_mismatch(format!("$jsonSchema keyword '{keyword}' must be a string")))
}

fn truth(keyword: &str, value: &Bson) -> Result<bool> {
    value.as_bool().ok_or_else(|| Error::type_mismatch(format!("$jsonSchema keyword '{keyword}' must be a boolean")))
}

fn object<'a>(keyword: &str, value: &'a Bson) -> Result<&'a Document> {
    value.as_document().ok_or_else(|| Error::type_mismatch(format!("$jsonSchema keyword '{keyword}' must be an object")))
}

fn additional(keyword: &str, value: &Bson, depth: usize) -> Result<Additional> {
    Ok(match value {
        Bson::Boolean(true) => Additional::Allowed,
        Bson::Boolean(false) => Additional::Refused,
        Bson::Document(_) => Additional::Like(Box::new(parse_value(keyword, value, depth)?)),
        _ => {
            return Err(Error::type_mismatch(format!("$jsonSchema keyword '{keyword}' must be either an object or a boolean")));
        }
    })
}

fn names(keyword: &str, value: &Bson) -> Result<Vec<String>> {
    let Bson::Array(items) = value else {
        return Err(Error::type_mismatch(format!("$jsonSchema keyword '{keyword}' must be an array")));
    };
    if items.is_empty() {
        return Err(Error::parse(format!("$jsonSchema keyword '{keyword}' cannot be an empty array")));
    }
    let found: Vec<String> = items.iter().map(|item| text(keyword, item).map(str::to_owned)).collect::<Result<_>>()?;
    let repeated = found.iter().enumerate().any(|(index, name)| found.iter().skip(index + 1).any(|other| other == name));
    if repeated {
        return Err(Error::parse(format!("$jsonSchema keyword '{keyword}' array cannot contain duplicate values")));
    }
    Ok(found)
}

fn schemas(keyword: &str, value: &Bson, depth: usize) -> Result<Vec<Schema>> {
    let Bson::Array(items) = value else {
        return Err(Error::type_mismatch(format!("$jsonSchema keyword '{keyword}' must be an array")));
    };
    if items.is_empty() {
        return Err(Error::bad_value(format!("$jsonSchema keyword '{keyword}' must be a non-empty array")));
    }
    items.iter().map(|item| parse_value(keyword, item, depth)).collect()
}
