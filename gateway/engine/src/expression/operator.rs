//! The table of operators whose arguments are all evaluated first.

use bson::Bson;

use super::{
    arithmetic, array, bitwise, boolean, convert, date, date_format, date_math, exponent, lookup, named, object, set, string,
    text_search, trigonometry,
};
use crate::error::{Error, Result};

/// An operator over evaluated arguments.
#[derive(Debug)]
pub(crate) struct Operator {
    pub name: &'static str,
    pub takes: Takes,
    run: fn(&[Bson]) -> Result<Bson>,
}

/// How an operator's arguments are written.
#[derive(Debug)]
pub(crate) enum Takes {
    /// In an array, or alone where one is enough.
    Between(usize, usize),
    /// In a document of named arguments.
    Named(&'static named::Arguments),
}

impl Operator {
    pub const fn new(name: &'static str, least: usize, most: usize, run: fn(&[Bson]) -> Result<Bson>) -> Operator {
        Operator { name, takes: Takes::Between(least, most), run }
    }

    pub const fn named(name: &'static str, arguments: &'static named::Arguments, run: fn(&[Bson]) -> Result<Bson>) -> Operator {
        Operator { name, takes: Takes::Named(arguments), run }
    }

    pub fn run(&self, arguments: &[Bson]) -> Result<Bson> {
        (self.run)(arguments)
    }
}

pub const ANY: usize = usize::MAX;

const TABLES: [&[Operator]; 15] = [
    arithmetic::OPERATORS,
    exponent::OPERATORS,
    trigonometry::OPERATORS,
    bitwise::OPERATORS,
    boolean::OPERATORS,
    array::OPERATORS,
    lookup::OPERATORS,
    set::OPERATORS,
    object::OPERATORS,
    string::OPERATORS,
    text_search::OPERATORS,
    convert::OPERATORS,
    date::OPERATORS,
    date_format::OPERATORS,
    date_math::OPERATORS,
];

pub(crate) fn find(name: &str) -> Option<&'static Operator> {
    TABLES.iter().flat_map(|table| table.iter()).find(|operator| operator.name == name)
}

/// The argument at a position; absent ones are missing.
pub fn argument(arguments: &[Bson], index: usize) -> &Bson {
    arguments.get(index).unwrap_or(&Bson::Undefined)
}

/// The error for a wrong number of arguments.
pub fn wrong_count(name: &str, least: usize, most: usize, given: usize) -> Error {
    if name == "$setEquals" {
        return Error::new(17045, format!("$setEquals needs at least two arguments had: {given}"));
    }
    if least == most {
        let plural = if least == 1 { "" } else { "s" };
        return Error::new(16020, format!("Expression {name} takes exactly {least} argument{plural}. {given} were passed in."));
    }
    Error::new(
        28667,
        format!("Expression {name} takes at least {least} arguments, and at most {most}, but {given} were passed in."),
    )
}
