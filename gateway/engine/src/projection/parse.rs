//! Projections from documents.

use bson::{Bson, Document};

use super::{Branch, Kind, Projection, Tree};
use crate::{
    depth,
    error::{Error, Result},
    expression::{Expression, Variables, field_path, is_truthy},
    matcher::Matcher,
    number::Number,
};

/// Where the projection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Find,
    Stage,
    Additions,
}

struct Parser<'v> {
    dialect: Dialect,
    variables: &'v Variables,
    tree: Tree,
    kind: Option<Kind>,
    /// Whether `_id` was asked for or refused.
    id: Option<bool>,
    has_elem_match: bool,
    has_slice: bool,
    positional: bool,
}

pub fn parse(spec: &Document, dialect: Dialect, variables: &Variables) -> Result<Projection> {
    if spec.is_empty() && dialect == Dialect::Stage {
        return Err(Error::new(51272, "Invalid $project :: caused by :: projection specification must have at least one field"));
    }
    let mut parser = Parser {
        dialect,
        variables,
        tree: Tree::default(),
        kind: (dialect == Dialect::Additions).then_some(Kind::Addition),
        id: None,
        has_elem_match: false,
        has_slice: false,
        positional: false,
    };
    for (path, value) in spec {
        parser.field(&[], path, value)?;
    }
    parser.finish()
}

pub fn removals(paths: &[String]) -> Result<Projection> {
    let mut tree = Tree::default();
    for path in paths {
        check_path(path)?;
        let parts: Vec<&str> = path.split('.').collect();
        add(&mut tree, &parts, Branch::Exclude, path)?;
    }
    Ok(Projection { tree, kind: Kind::Exclusion })
}

/// Checks the form of a field's path.
pub(crate) fn check_path(path: &str) -> Result<()> {
    if path.is_empty() {
        return Err(Error::new(40352, "FieldPath cannot be constructed with empty string"));
    }
    field_path(path).map(|_| ())
}

impl Parser<'_> {
    fn field(&mut self, prefix: &[&str], path: &str, value: &Bson) -> Result<()> {
        if self.dialect == Dialect::Find
            && let Some(array) = path.strip_suffix(".$")
        {
            return self.positional(prefix, array, value);
        }
        if self.dialect == Dialect::Find && prefix.is_empty() && path.split('.').any(|part| part == "$") {
            return Err(Error::new(31394, "the positional projection may only be used at the end"));
        }
        check_path(path)?;
        if !prefix.is_empty() && path.contains('.') && self.dialect != Dialect::Find {
            return Err(Error::new(40183, format!("cannot use dotted field name '{path}' in a sub object")));
        }
        let parts: Vec<&str> = prefix.iter().copied().chain(path.split('.')).collect();
        if parts.len() > depth::LEVELS {
            return Err(Error::new(15, "FieldPath is too long"));
        }
        match value {
            Bson::Document(inner) if is_operator(inner) => self.operator(&parts, inner, value),
            Bson::Document(inner) => self.nested(&parts, inner),
            Bson::Boolean(_) | Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_)
                if self.dialect != Dialect::Additions =>
            {
                self.choice(&parts, is_truthy(value))
            }
            _ => self.computed(&parts, value),
        }
    }

    fn nested(&mut self, parts: &[&str], inner: &Document) -> Result<()> {
        if inner.is_empty() {
            return match self.dialect {
                Dialect::Additions => self.computed(parts, &Bson::Document(Document::new())),
                _ => Err(Error::new(51270, "An empty sub-projection is not a valid value.")),
            };
        }
        for (name, value) in inner {
            self.field(parts, name, value)?;
        }
        Ok(())
    }

    fn operator(&mut self, parts: &[&str], operator: &Document, value: &Bson) -> Result<()> {
        let (name, operand) = operator.iter().next().map_or(("", &Bson::Null), |(name, operand)| (name.as_str(), operand));
        match (self.dialect, name) {
            (Dialect::Find, "$slice") => match plain_slice(operand) {
                Some((skip, limit)) => {
                    self.has_slice = true;
                    self.add(parts, Branch::Slice { skip, limit })
                }
                None => self.computed(parts, value),
            },
            (Dialect::Find, "$elemMatch") => {
                let Bson::Document(condition) = operand else {
                    return Err(Error::new(31274, "elemMatch: Invalid argument, object required"));
                };
                if self.positional {
                    return Err(Error::new(31255, "Cannot specify positional operator and $elemMatch"));
                }
                if parts.len() > 1 {
                    return Err(Error::new(31275, "Cannot use $elemMatch projection on a nested field"));
                }
                self.has_elem_match = true;
                self.add(parts, Branch::ElemMatch(Matcher::parse_element(condition)?))
            }
            (_, "$meta") if self.kind == Some(Kind::Exclusion) && self.dialect == Dialect::Stage => {
                Expression::parse_in(value, self.variables).map(|_| ())
            }
            (Dialect::Find, "$meta") => Err(Error::new(40218, "$meta is not supported: there is no text score")),
            _ => self.computed(parts, value),
        }
    }

    fn positional(&mut self, prefix: &[&str], array: &str, value: &Bson) -> Result<()> {
        if !matches!(value, Bson::Boolean(_)) && Number::from_bson(value).is_none() {
            return Err(Error::new(31308, "positional projection cannot be used with a literal"));
        }
        if !is_truthy(value) {
            return Err(Error::new(31395, "positional projection cannot be used with exclusion"));
        }
        if self.positional {
            return Err(Error::new(31276, "Cannot specify more than one positional projection per query."));
        }
        if self.has_elem_match {
            return Err(Error::new(31255, "Cannot specify positional operator and $elemMatch"));
        }
        self.positional = true;
        check_path(array)?;
        let parts: Vec<&str> = prefix.iter().copied().chain(array.split('.')).collect();
        self.settle(Kind::Inclusion, array)?;
        self.add(&parts, Branch::Positional)
    }

    fn choice(&mut self, parts: &[&str], include: bool) -> Result<()> {
        if parts == ["_id"] {
            self.id = Some(include);
        } else {
            self.settle(if include { Kind::Inclusion } else { Kind::Exclusion }, &parts.join("."))?;
        }
        self.add(parts, if include { Branch::Include } else { Branch::Exclude })
    }

    fn computed(&mut self, parts: &[&str], value: &Bson) -> Result<()> {
        let expression = Expression::parse_in(value, self.variables).map_err(|error| match (self.dialect, error.code) {
            (Dialect::Find, 168) => Error::new(31325, error.message),
            _ => error,
        })?;
        if self.dialect != Dialect::Additions {
            if self.kind == Some(Kind::Exclusion) {
                return Err(Error::new(31252, "Cannot use an expression in an exclusion projection"));
            }
            if parts != ["_id"] || self.kind.is_none() {
                self.kind = Some(Kind::Inclusion);
            }
            if parts == ["_id"] {
                self.id = Some(true);
            }
        }
        self.add(parts, Branch::Computed(expression))
    }

    fn settle(&mut self, kind: Kind, path: &str) -> Result<()> {
        match (self.kind, kind) {
            (Some(Kind::Inclusion), Kind::Exclusion) => {
                Err(Error::new(31254, format!("Cannot do exclusion on field {path} in inclusion projection")))
            }
            (Some(Kind::Exclusion), Kind::Inclusion) => {
                Err(Error::new(31253, format!("Cannot do inclusion on field {path} in exclusion projection")))
            }
            _ => {
                self.kind = Some(kind);
                Ok(())
            }
        }
    }

    fn add(&mut self, parts: &[&str], branch: Branch) -> Result<()> {
        add(&mut self.tree, parts, branch, &parts.join(".")).map_err(|error| match self.dialect {
            Dialect::Additions => Error::new(40176, error.message),
            _ => error,
        })
    }

    fn finish(mut self) -> Result<Projection> {
        let kind = self.kind.unwrap_or(match (self.id, self.has_elem_match, self.has_slice) {
            (Some(false), false, _) => Kind::Exclusion,
            (Some(true), _, _) | (_, true, _) => Kind::Inclusion,
            _ => Kind::Exclusion,
        });
        if kind == Kind::Inclusion && self.id.is_none() && self.tree.get("_id").is_none() {
            self.tree.children.insert(0, ("_id".to_owned(), Branch::Include));
        }
        Ok(Projection { tree: self.tree, kind })
    }
}

fn is_operator(document: &Document) -> bool {
    document.len() == 1 && document.keys().next().is_some_and(|name| name.starts_with('$'))
}

/// The forms of `$slice` that are no expression.
fn plain_slice(operand: &Bson) -> Option<(Option<i64>, i64)> {
    match operand {
        Bson::Array(items) => match items.as_slice() {
            [skip, limit] => {
                let limit = clamped(limit)?;
                (limit > 0).then_some((Some(clamped(skip)?), limit))
            }
            _ => None,
        },
        _ => Some((None, clamped(operand)?)),
    }
}

fn clamped(value: &Bson) -> Option<i64> {
    let number = Number::from_bson(value)?.to_f64();
    Some(if number.is_nan() { 0 } else { number.trunc().clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i64 })
}

fn add(tree: &mut Tree, parts: &[&str], branch: Branch, path: &str) -> Result<()> {
    let Some((first, rest)) = parts.split_first() else {
        return Ok(());
    };
    let known = tree.children.iter_mut().find(|(name, _)| name == first).map(|(_, branch)| branch);
    match (known, rest.is_empty()) {
        (None, true) => tree.children.push(((*first).to_owned(), branch)),
        (None, false) => {
            let mut inner = Tree::default();
            add(&mut inner, rest, branch, path)?;
            tree.children.push(((*first).to_owned(), Branch::Nested(inner)));
        }
        (Some(_), true) => {
            return Err(Error::new(31250, format!("Path collision at {path}")));
        }
        (Some(Branch::Nested(inner)), false) => add(inner, rest, branch, path)?,
        (Some(_), false) => {
            let message = format!("Path collision at {path} remaining portion {}", rest.join("."));
            return Err(Error::new(31249, message));
        }
    }
    Ok(())
}
