//! `$lookup`: documents of another collection, by equality, by a pipeline, or both.

use std::sync::Arc;

use bson::{Bson, Document};

use super::{Context, Rows, facet::documents, lookup_table::Table, set_path};
use crate::{
    aggregate::pipeline::{Pipeline, Place},
    budget::Budget,
    error::{Error, Result},
    expression::{Expression, Variables, check_variable_name},
    matcher::Matcher,
    path::{Leaf, Path},
    projection::check_path,
};

#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    from: String,
    fields: Option<(Path, Path)>,
    bindings: Vec<(String, Expression)>,
    pipeline: Pipeline,
    into: String,
}

impl Lookup {
    pub fn parse(operand: &Bson, variables: &Variables) -> Result<Lookup> {
        let Bson::Document(given) = operand else {
            return Err(Error::parse("the $lookup specification must be an Object"));
        };
        for (name, value) in given {
            check_option(name, value)?;
        }
        let bindings = parse_let(given.get("let"), variables)?;
        let inner = bindings.iter().fold(variables.clone(), |all, (name, _)| all.with(name, Bson::Null));
        let stages = match given.get("pipeline") {
            Some(Bson::Array(stages)) => documents(stages, 14)?,
            _ => Vec::new(),
        };
        let pipeline = Pipeline::parse(&stages, &inner, Place::Nested)?;
        let fields = match (path_option(given, "localField")?, path_option(given, "foreignField")?) {
            (Some(local), Some(foreign)) => Some((local, foreign)),
            (None, None) if given.contains_key("pipeline") => None,
            _ => return Err(Error::parse("$lookup requires both or neither of 'localField' and 'foreignField'")),
        };
        let from = match given.get("from") {
            Some(Bson::String(_)) if pipeline.is_source() => {
                return Err(Error::new(73, "$lookup with a pipeline that begins with $documents takes no 'from'"));
            }
            Some(Bson::String(from)) if from.is_empty() => return Err(Error::new(73, "Invalid collection name in $lookup")),
            Some(Bson::String(from)) => from.clone(),
            _ if pipeline.is_source() => String::new(),
            _ => return Err(Error::parse("missing 'from' option to $lookup stage specification")),
        };
        let Some(Bson::String(into)) = given.get("as") else {
            return Err(Error::parse("must specify 'as' field for a $lookup"));
        };
        check_path(into)?;
        Ok(Lookup { from, fields, bindings, pipeline, into: into.clone() })
    }

    pub fn run<'a>(&'a self, rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
        let context = context.clone();
        let mut table = self.table(&context)?;
        Ok(Box::new(rows.map(move |row| {
            let mut document = row?;
            let found = self.find(&document, &context, table.as_mut())?;
            set_path(&mut document, &self.into, Bson::Array(found));
            Ok(document)
        })))
    }

    /// Where no index of the other collection serves the equality, it is read once.
    fn table(&self, context: &Context<'_>) -> Result<Option<Table>> {
        let Some((_, foreign)) = &self.fields else {
            return Ok(None);
        };
        let store = context.store()?;
        match store.collection(context.database, &self.from)? {
            Some(collection) => Table::unless_indexed(store, &collection, foreign),
            None => Ok(None),
        }
    }

    fn find<'a>(&'a self, document: &Document, context: &Context<'a>, table: Option<&mut Table>) -> Result<Vec<Bson>> {
        let mut variables = Variables::clone(&context.variables);
        for (name, expression) in &self.bindings {
            variables = variables.with(name, expression.evaluate(document, &context.variables)?);
        }
        let inner = Context { variables: Arc::new(variables), ..context.on(&self.from) };
        let rows: Rows<'_> = match (&self.fields, table) {
            (Some((local, foreign)), Some(table)) => {
                let found = table.find(context.store()?, foreign, local_values(document, local))?;
                self.pipeline.run(Box::new(found.into_iter().map(Ok)), &inner)?
            }
            (fields, _) => {
                let equality = fields.as_ref().map(|(local, foreign)| Matcher::any_of(foreign, local_values(document, local)));
                self.pipeline.run_on_collection(&inner, equality)?
            }
        };
        let mut budget = Budget::operator("$lookup");
        rows.map(|row| row.and_then(|document| budget.take(&document).map(|()| Bson::Document(document)))).collect()
    }
}

/// What the local field holds: elements of arrays, null for what is missing.
pub(super) fn local_values(document: &Document, path: &Path) -> Vec<Bson> {
    let mut values = Vec::new();
    path.visit(document, Leaf::Whole, &mut |reached| {
        match reached.value {
            Some(Bson::Array(items)) => values.extend(items.iter().cloned()),
            Some(value) => values.push(value.clone()),
            None => values.push(Bson::Null),
        }
        false
    });
    values
}

fn check_option(name: &str, value: &Bson) -> Result<()> {
    match (name, value) {
        ("from", Bson::String(_)) | ("as" | "localField" | "foreignField", Bson::String(_)) => Ok(()),
        ("from", Bson::Document(_)) => Err(Error::parse("$lookup into another database is not supported")),
        ("from", _) => Err(Error::parse("$lookup argument 'from' must be a string")),
        ("let", Bson::Document(_)) | ("pipeline", Bson::Array(_)) => Ok(()),
        ("as" | "localField" | "foreignField" | "let" | "pipeline", _) => {
            Err(Error::type_mismatch(format!("$lookup argument '{name}' has the wrong type")))
        }
        _ => Err(Error::parse(format!("unknown argument to $lookup: {name}"))),
    }
}

fn path_option(given: &Document, name: &str) -> Result<Option<Path>> {
    match given.get(name) {
        Some(Bson::String(path)) if path.is_empty() => Err(Error::parse(format!("$lookup argument '{name}' must not be empty"))),
        Some(Bson::String(path)) => {
            check_path(path)?;
            Ok(Some(Path::new(path)))
        }
        _ => Ok(None),
    }
}

/// Variables for a nested pipeline.
pub(super) fn parse_let(given: Option<&Bson>, variables: &Variables) -> Result<Vec<(String, Expression)>> {
    let Some(Bson::Document(given)) = given else {
        return Ok(Vec::new());
    };
    given
        .iter()
        .map(|(name, value)| {
            check_variable_name(name, true)?;
            Ok((name.clone(), Expression::parse_in(value, variables)?))
        })
        .collect()
}
