//! `$unwind`: a document per element.

use bson::{Bson, Document};

use super::{Rows, set_path};
use crate::{
    error::{Error, Result},
    path,
    projection::check_path,
};

#[derive(Debug, Clone)]
pub(crate) struct Unwind {
    path: String,
    index: Option<String>,
    keeps_empty: bool,
}

impl Unwind {
    pub fn parse(operand: &Bson) -> Result<Unwind> {
        let mut unwind = Unwind { path: String::new(), index: None, keeps_empty: false };
        match operand {
            Bson::String(path) => unwind.path = parse_path(path)?,
            Bson::Document(given) => {
                if !given.contains_key("path")
                    && given.keys().all(|name| matches!(name.as_str(), "includeArrayIndex" | "preserveNullAndEmptyArrays"))
                {
                    return Err(Error::new(28812, "no path specified to $unwind stage"));
                }
                for (name, value) in given {
                    unwind.option(name, value)?;
                }
            }
            _ => return Err(Error::new(15981, "expected either a string or an object as specification for $unwind stage")),
        }
        Ok(unwind)
    }

    fn option(&mut self, name: &str, value: &Bson) -> Result<()> {
        match (name, value) {
            ("path", Bson::String(path)) => self.path = parse_path(path)?,
            ("path", _) => return Err(Error::new(28808, "expected a string as the path for $unwind stage")),
            ("preserveNullAndEmptyArrays", Bson::Boolean(keeps)) => self.keeps_empty = *keeps,
            ("preserveNullAndEmptyArrays", _) => {
                return Err(Error::new(28809, "expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage"));
            }
            ("includeArrayIndex", Bson::String(index)) if !index.is_empty() => {
                if index.starts_with('$') {
                    return Err(Error::new(28822, "includeArrayIndex option to $unwind stage should not be prefixed with a '$'"));
                }
                check_path(index)?;
                self.index = Some(index.clone());
            }
            ("includeArrayIndex", _) => {
                return Err(Error::new(28810, "expected a non-empty string for the includeArrayIndex option to $unwind stage"));
            }
            _ => return Err(Error::new(28811, format!("unrecognized option to $unwind stage: {name}"))),
        }
        Ok(())
    }

    pub fn run<'a>(&'a self, rows: Rows<'a>) -> Rows<'a> {
        Box::new(rows.flat_map(move |row| match row {
            Ok(document) => self.unwind(document),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }))
    }

    /// One document at a time: an array of many elements is held once.
    fn unwind(&self, document: Document) -> Rows<'_> {
        let outputs = match path::get(&document, &self.path) {
            Some(Bson::Array(items)) if !items.is_empty() => {
                let items = items.clone();
                let mut rest = document;
                set_path(&mut rest, &self.path, Bson::Null);
                return Box::new(items.into_iter().enumerate().map(move |(index, item)| {
                    let mut output = rest.clone();
                    set_path(&mut output, &self.path, item);
                    self.set_index(&mut output, i64::try_from(index).map_or(Bson::Null, Bson::Int64));
                    Ok(output)
                }));
            }
            Some(Bson::Array(_)) if self.keeps_empty => {
                let mut output = document;
                remove_path(&mut output, &self.path);
                self.set_index(&mut output, Bson::Null);
                vec![output]
            }
            Some(Bson::Null | Bson::Array(_)) | None if !self.keeps_empty => Vec::new(),
            _ => {
                let mut output = document;
                self.set_index(&mut output, Bson::Null);
                vec![output]
            }
        };
        Box::new(outputs.into_iter().map(Ok))
    }

    fn set_index(&self, document: &mut Document, index: Bson) {
        if let Some(name) = &self.index {
            set_path(document, name, index);
        }
    }
}

fn parse_path(path: &str) -> Result<String> {
    let Some(path) = path.strip_prefix('$') else {
        return Err(Error::new(28818, "path option to $unwind stage should be prefixed with a '$'"));
    };
    check_path(path)?;
    Ok(path.to_owned())
}

fn remove_path(document: &mut Document, path: &str) {
    match path.split_once('.') {
        None => {
            document.remove(path);
        }
        Some((first, rest)) => {
            if let Some(Bson::Document(inner)) = document.get_mut(first) {
                remove_path(inner, rest);
            }
        }
    }
}
