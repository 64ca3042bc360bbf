//! `$push` with `$each`, `$position`, `$slice` and `$sort`.

use bson::{Bson, Document};

use super::leaf::Change;
use crate::{
    depth,
    error::{Error, Result},
    number::Number,
    path::Path,
    sort::{SortField, SortOrder},
};

#[derive(Debug, Default)]
pub(crate) struct Push {
    values: Vec<Bson>,
    position: Option<i64>,
    slice: Option<i64>,
    sort: Option<SortOrder>,
}

pub fn parse(value: &Bson) -> Result<Push> {
    let clauses = match value {
        Bson::Document(clauses) if clauses.contains_key("$each") => clauses,
        Bson::Document(clauses)
            if clauses.keys().next().is_some_and(|name| matches!(name.as_str(), "$position" | "$slice" | "$sort")) =>
        {
            return Err(Error::bad_value("$push with modifiers needs $each"));
        }
        _ => return Ok(Push { values: vec![value.clone()], ..Push::default() }),
    };
    let mut push = Push::default();
    for (name, clause) in clauses {
        match name.as_str() {
            "$each" => {
                push.values = clause
                    .as_array()
                    .cloned()
                    .ok_or_else(|| Error::bad_value("The argument to $each in $push must be an array"))?;
            }
            "$position" => push.position = Some(whole(name, clause)?),
            "$slice" => push.slice = Some(whole(name, clause)?),
            "$sort" => push.sort = Some(sort(clause)?),
            _ => return Err(Error::bad_value(format!("Unrecognized clause in $push: {name}"))),
        }
    }
    Ok(push)
}

impl Push {
    pub fn change(&self, old: Option<&Bson>) -> Result<Change> {
        let mut items = match old {
            None => Vec::new(),
            Some(Bson::Array(items)) => items.clone(),
            Some(_) => return Err(Error::bad_value("The field for $push must be an array")),
        };
        let at = self.place(items.len());
        items.splice(at..at, self.values.iter().cloned());
        if let Some(order) = &self.sort {
            order.sort_values(&mut items);
        }
        if let Some(slice) = self.slice {
            let keep = usize::try_from(slice.unsigned_abs()).unwrap_or(usize::MAX);
            if slice >= 0 {
                items.truncate(keep);
            } else {
                items.drain(..items.len().saturating_sub(keep));
            }
        }
        Ok(Change::Set(Bson::Array(items)))
    }

    fn place(&self, length: usize) -> usize {
        match self.position {
            None => length,
            Some(position) => {
                let distance = usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX);
                if position >= 0 { distance.min(length) } else { length.saturating_sub(distance) }
            }
        }
    }
}

fn whole(name: &str, clause: &Bson) -> Result<i64> {
    Number::from_bson(clause)
        .and_then(Number::to_i64_exact)
        .ok_or_else(|| Error::bad_value(format!("The value for {name} must be an integer value")))
}

fn sort(clause: &Bson) -> Result<SortOrder> {
    match clause {
        Bson::Document(spec) => sort_fields(spec),
        _ => Ok(SortOrder::of_fields(vec![SortField { path: Path::here(), descending: direction(clause)? }])),
    }
}

fn sort_fields(spec: &Document) -> Result<SortOrder> {
    if spec.is_empty() {
        return Err(Error::bad_value("The $sort pattern is empty when it should be a set of fields."));
    }
    let mut fields = Vec::with_capacity(spec.len());
    for (name, value) in spec {
        if name.split('.').any(str::is_empty) {
            return Err(Error::bad_value("The $sort field is a dotted field but has an empty part"));
        }
        depth::check_path(name)?;
        fields.push(SortField { path: Path::new(name), descending: direction(value)? });
    }
    Ok(SortOrder::of_fields(fields))
}

fn direction(value: &Bson) -> Result<bool> {
    match Number::from_bson(value).and_then(Number::to_i64_exact) {
        Some(1) => Ok(false),
        Some(-1) => Ok(true),
        _ => Err(Error::bad_value("The $sort element value must be either 1 or -1")),
    }
}
