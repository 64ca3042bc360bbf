//! Aggregation expressions: parsed once, evaluated per document. A missing value is `Bson::Undefined`.

mod access;
mod arithmetic;
mod array;
mod bitwise;
mod boolean;
mod calendar;
mod convert;
mod date;
mod date_format;
mod date_math;
mod exponent;
mod hashed;
mod lookup;
mod named;
mod object;
mod operator;
mod parse;
mod scope;
mod set;
mod special;
mod string;
mod text_search;
mod timezone;
mod trigonometry;

use std::hash::{BuildHasher, RandomState};

use bson::{Bson, Document};

pub(crate) use self::{
    date_math::Unit,
    operator::Operator,
    parse::check_variable_name,
    scope::{Env, Variables},
    special::Special,
};
use crate::{
    budget::Budget,
    depth,
    error::{Error, Result},
    fields::Fields,
    number::Number,
};

/// A parsed expression.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Constant(Bson),
    /// `"$a.b"`
    Field(Vec<String>),
    /// `"$$name.a.b"`
    Variable(String, Vec<String>),
    Object(Vec<(String, Expression)>),
    Array(Vec<Expression>),
    Call(&'static Operator, Vec<Expression>),
    Special(Box<Special>),
}

impl Expression {
    /// With the variables that are known outside.
    pub fn parse_in(value: &Bson, variables: &Variables) -> Result<Expression> {
        parse::Parser::new(variables.names()).expression(value)
    }

    pub fn evaluate(&self, root: &Document, variables: &Variables) -> Result<Bson> {
        self.eval(&Env::new(root, variables))
    }

    pub fn constant(&self) -> Option<&Bson> {
        match self {
            Expression::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The top-level fields that it reads.
    pub fn add_fields(&self, fields: &mut Fields) {
        match self {
            Expression::Constant(_) => {}
            Expression::Field(path) => path.first().into_iter().for_each(|root| fields.add(root)),
            Expression::Variable(name, path) if matches!(name.as_str(), "ROOT" | "CURRENT") => match path.first() {
                Some(root) => fields.add(root),
                None => fields.add_all(),
            },
            Expression::Variable(..) => {}
            Expression::Object(parts) => parts.iter().for_each(|(_, part)| part.add_fields(fields)),
            Expression::Array(items) | Expression::Call(_, items) => items.iter().for_each(|item| item.add_fields(fields)),
            Expression::Special(special) => special.parts().iter().for_each(|part| part.add_fields(fields)),
        }
    }

    /// Fields that must equal a value for it to be true.
    pub fn equalities(&self, variables: &Variables) -> Vec<(String, Bson)> {
        match self {
            Expression::Special(special) => match special.as_ref() {
                Special::And(items) => items.iter().flat_map(|item| item.equalities(variables)).collect(),
                _ => Vec::new(),
            },
            Expression::Call(operator, arguments) if operator.name == "$eq" => match arguments.as_slice() {
                [Expression::Field(path), value] | [value, Expression::Field(path)] => {
                    value.fixed(variables).map(|value| (path.join("."), value)).into_iter().collect()
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Its value where no document is needed for it.
    fn fixed(&self, variables: &Variables) -> Option<Bson> {
        let mut fields = Fields::default();
        self.add_fields(&mut fields);
        let value = self.evaluate(&Document::new(), variables).ok().filter(|_| fields.is_none())?;
        (value != Bson::Undefined).then_some(value)
    }

    /// Its value if it depends on nothing.
    pub fn folded(&self) -> Option<Bson> {
        match self {
            Expression::Field(_) | Expression::Variable(..) | Expression::Special(_) => None,
            Expression::Constant(value) => Some(value.clone()),
            Expression::Object(fields) => {
                let fixed = fields.iter().all(|(_, field)| field.folded().is_some());
                fixed.then(|| self.evaluate(&Document::new(), &Variables::new()).ok()).flatten()
            }
            Expression::Array(items) | Expression::Call(_, items) => {
                let fixed = items.iter().all(|item| item.folded().is_some());
                fixed.then(|| self.evaluate(&Document::new(), &Variables::new()).ok()).flatten()
            }
        }
    }

    pub fn eval(&self, env: &Env<'_>) -> Result<Bson> {
        match self {
            Expression::Constant(value) => Ok(value.clone()),
            Expression::Field(path) => Ok(access::field(env.root, path)),
            Expression::Variable(name, path) => env.variable(name, path),
            Expression::Object(fields) => {
                let mut budget = Budget::operator("an object of an expression");
                let mut document = Document::new();
                for (name, expression) in fields {
                    let value = expression.eval(env)?;
                    budget.take_value(&value)?;
                    if value != Bson::Undefined {
                        document.insert(name.clone(), value);
                    }
                }
                Ok(Bson::Document(document))
            }
            Expression::Array(items) => {
                let mut budget = Budget::operator("an array of an expression");
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    let value = null_if_missing(item.eval(env)?);
                    budget.take_value(&value)?;
                    values.push(value);
                }
                Ok(Bson::Array(values))
            }
            Expression::Call(operator, arguments) => {
                let mut budget = Budget::operator(operator.name);
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    let value = argument.eval(env)?;
                    budget.take_value(&value)?;
                    values.push(value);
                }
                budget.check_value()?;
                operator.run(&values)
            }
            Expression::Special(special) => special.eval(env),
        }
    }
}

/// Everything but false, null, missing and zero.
pub(crate) fn is_truthy(value: &Bson) -> bool {
    match value {
        Bson::Boolean(truth) => *truth,
        Bson::Null | Bson::Undefined => false,
        _ => Number::from_bson(value).is_none_or(|number| !number.is_zero()),
    }
}

pub(crate) fn is_nullish(value: &Bson) -> bool {
    matches!(value, Bson::Null | Bson::Undefined)
}

pub(crate) fn null_if_missing(value: Bson) -> Bson {
    if value == Bson::Undefined { Bson::Null } else { value }
}

/// The name of a value's type, `missing` included, as messages give it.
pub(crate) fn type_name(value: &Bson) -> &'static str {
    match value {
        Bson::Undefined => "missing",
        _ => crate::matcher::type_alias(value),
    }
}

/// A random number in `0.0..1.0`.
pub(crate) fn random() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

/// Checks the form of a field path after `$`.
pub(crate) fn field_path(path: &str) -> Result<Vec<String>> {
    if path.is_empty() {
        return Err(Error::new(16872, "'$' by itself is not a valid FieldPath"));
    }
    if path.ends_with('.') {
        return Err(Error::new(40353, "FieldPath must not end with a '.'."));
    }
    depth::check_path(path)?;
    let parts: Vec<String> = path.split('.').map(str::to_owned).collect();
    for part in &parts {
        if part.is_empty() {
            return Err(Error::new(15998, "FieldPath field names may not be empty strings."));
        }
        if part.starts_with('$') {
            return Err(Error::new(16410, "FieldPath field names may not start with '$'."));
        }
        if part.contains('\0') {
            return Err(Error::new(16411, "FieldPath field names may not contain '\\0'."));
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests;
