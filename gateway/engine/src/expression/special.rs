//! Operators that decide themselves what to evaluate, or bind variables.

use bson::{Bson, Document};

use super::{
    Expression, is_nullish, is_truthy, null_if_missing,
    parse::{Parser, check_variable_name},
    type_name,
};
use crate::{
    budget::Budget,
    depth,
    error::{Error, Result},
    interrupt,
    number::Number,
    sort::SortOrder,
};

#[derive(Debug, Clone)]
pub(crate) enum Special {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Cond(Expression, Expression, Expression),
    IfNull(Vec<Expression>),
    Switch {
        branches: Vec<(Expression, Expression)>,
        default: Option<Expression>,
    },
    Let {
        bindings: Vec<(String, Expression)>,
        body: Expression,
    },
    Map {
        input: Expression,
        name: String,
        body: Expression,
    },
    Filter {
        input: Expression,
        name: String,
        condition: Expression,
        limit: Option<Expression>,
    },
    Reduce {
        input: Expression,
        initial: Expression,
        body: Expression,
    },
    SortArray {
        input: Expression,
        order: SortOrder,
    },
    Random,
    /// What a search would say about a document: there is none.
    Meta,
}

/// Parses `name` if it is special.
pub(super) fn parse(parser: &mut Parser, name: &str, operand: &Bson) -> Result<Option<Expression>> {
    let special = match name {
        "$literal" | "$const" => return Ok(Some(Expression::Constant(operand.clone()))),
        "$and" => Special::And(parser.arguments(name, operand, 0, usize::MAX)?),
        "$or" => Special::Or(parser.arguments(name, operand, 0, usize::MAX)?),
        "$cond" => parse_cond(parser, operand)?,
        "$ifNull" => parse_if_null(parser, operand)?,
        "$switch" => parse_switch(parser, operand)?,
        "$let" => parse_let(parser, operand)?,
        "$map" => parse_map(parser, operand)?,
        "$filter" => parse_filter(parser, operand)?,
        "$reduce" => parse_reduce(parser, operand)?,
        "$sortArray" => parse_sort_array(parser, operand)?,
        "$rand" => match operand {
            Bson::Document(empty) if empty.is_empty() => Special::Random,
            Bson::Array(empty) if empty.is_empty() => Special::Random,
            _ => return Err(Error::new(3040501, "$rand does not currently accept arguments")),
        },
        "$meta" => parse_meta(operand)?,
        "$where" | "$function" | "$accumulator" => {
            return Err(Error::new(168, format!("{name} is refused")));
        }
        _ => return Ok(None),
    };
    Ok(Some(Expression::Special(Box::new(special))))
}

impl Special {
    /// The expressions in it.
    pub fn parts(&self) -> Vec<&Expression> {
        match self {
            Special::And(items) | Special::Or(items) | Special::IfNull(items) => items.iter().collect(),
            Special::Cond(condition, yes, no) => vec![condition, yes, no],
            Special::Switch { branches, default } => {
                branches.iter().flat_map(|(case, then)| [case, then]).chain(default.as_ref()).collect()
            }
            Special::Let { bindings, body } => bindings.iter().map(|(_, value)| value).chain([body]).collect(),
            Special::Map { input, body, .. } => vec![input, body],
            Special::Filter { input, condition, limit, .. } => [input, condition].into_iter().chain(limit.as_ref()).collect(),
            Special::Reduce { input, initial, body } => vec![input, initial, body],
            Special::SortArray { input, .. } => vec![input],
            Special::Random | Special::Meta => Vec::new(),
        }
    }

    pub fn eval(&self, env: &super::Env<'_>) -> Result<Bson> {
        match self {
            Special::And(items) => {
                for item in items {
                    if !is_truthy(&item.eval(env)?) {
                        return Ok(Bson::Boolean(false));
                    }
                }
                Ok(Bson::Boolean(true))
            }
            Special::Or(items) => {
                for item in items {
                    if is_truthy(&item.eval(env)?) {
                        return Ok(Bson::Boolean(true));
                    }
                }
                Ok(Bson::Boolean(false))
            }
            Special::Cond(condition, yes, no) => {
                if is_truthy(&condition.eval(env)?) {
                    yes.eval(env)
                } else {
                    no.eval(env)
                }
            }
            Special::IfNull(items) => eval_if_null(items, env),
            Special::Switch { branches, default } => eval_switch(branches, default.as_ref(), env),
            Special::Let { bindings, body } => eval_let(bindings, Vec::new(), body, env),
            Special::Map { input, name, body } => eval_map(input, name, body, env),
            Special::Filter { input, name, condition, limit } => eval_filter(input, name, condition, limit.as_ref(), env),
            Special::Reduce { input, initial, body } => eval_reduce(input, initial, body, env),
            Special::SortArray { input, order } => eval_sort_array(input, order, env),
            Special::Meta => Ok(Bson::Undefined),
            Special::Random => Ok(Bson::Double(super::random())),
        }
    }
}

fn eval_if_null(items: &[Expression], env: &super::Env<'_>) -> Result<Bson> {
    let mut last = Bson::Null;
    for item in items {
        last = item.eval(env)?;
        if !is_nullish(&last) {
            break;
        }
    }
    Ok(last)
}

fn eval_switch(branches: &[(Expression, Expression)], default: Option<&Expression>, env: &super::Env<'_>) -> Result<Bson> {
    for (case, then) in branches {
        if is_truthy(&case.eval(env)?) {
            return then.eval(env);
        }
    }
    match default {
        Some(default) => default.eval(env),
        None => Err(Error::new(40066, "$switch could not find a matching branch for an input, and no default was specified.")),
    }
}

/// The bindings see the outer scope only, so all are evaluated before any is bound.
fn eval_let(bindings: &[(String, Expression)], mut values: Vec<Bson>, body: &Expression, env: &super::Env<'_>) -> Result<Bson> {
    let mut budget = Budget::operator("$let");
    for (_, expression) in bindings {
        let value = expression.eval(env)?;
        budget.take_value(&value)?;
        values.push(value);
    }
    bind_all(bindings, &values, body, env)
}

fn bind_all(bindings: &[(String, Expression)], values: &[Bson], body: &Expression, env: &super::Env<'_>) -> Result<Bson> {
    match (bindings.split_first(), values.split_first()) {
        (Some(((name, _), bindings)), Some((value, values))) => {
            env.bind(name, value, |env| bind_all(bindings, values, body, env))
        }
        _ => body.eval(env),
    }
}

fn array_input(name: &str, code: i32, input: Bson) -> Result<Option<Vec<Bson>>> {
    match input {
        Bson::Array(items) => Ok(Some(items)),
        Bson::Null | Bson::Undefined => Ok(None),
        other => Err(Error::new(code, format!("input to {name} must be an array not {}", type_name(&other)))),
    }
}

/// Charged as long as the budget lives.
fn held(value: Bson, budget: &mut Budget) -> Result<Bson> {
    budget.take_value(&value).map(|()| value)
}

fn eval_map(input: &Expression, name: &str, body: &Expression, env: &super::Env<'_>) -> Result<Bson> {
    let mut budget = Budget::operator("$map");
    let Some(items) = array_input("$map", 16883, held(input.eval(env)?, &mut budget)?)? else {
        return Ok(Bson::Null);
    };
    let mut built = Budget::operator("$map");
    let one = |item| {
        interrupt::check()?;
        let value = env.bind(name, item, |env| body.eval(env)).map(null_if_missing)?;
        built.take_item(&value)?;
        built.check_value()?;
        Ok(value)
    };
    items.iter().map(one).collect::<Result<Vec<Bson>>>().map(Bson::Array)
}

fn eval_filter(
    input: &Expression,
    name: &str,
    condition: &Expression,
    limit: Option<&Expression>,
    env: &super::Env<'_>,
) -> Result<Bson> {
    let mut budget = Budget::operator("$filter");
    let Some(items) = array_input("$filter", 28651, held(input.eval(env)?, &mut budget)?)? else {
        return Ok(Bson::Null);
    };
    let limit = match limit.map(|limit| limit.eval(env)).transpose()? {
        None | Some(Bson::Null | Bson::Undefined) => usize::MAX,
        Some(value) => {
            let whole = Number::from_bson(&value).and_then(Number::to_i64_exact).and_then(|limit| i32::try_from(limit).ok());
            let limit = whole.ok_or_else(|| Error::new(327391, "$filter: limit must be represented as a 32-bit integer"))?;
            let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0);
            limit.ok_or_else(|| Error::new(327392, "$filter: limit must be greater than 0"))?
        }
    };
    let mut kept = Vec::new();
    for item in items {
        if kept.len() >= limit {
            break;
        }
        interrupt::check()?;
        if is_truthy(&env.bind(name, &item, |env| condition.eval(env))?) {
            kept.push(item);
        }
    }
    Ok(Bson::Array(kept))
}

fn eval_reduce(input: &Expression, initial: &Expression, body: &Expression, env: &super::Env<'_>) -> Result<Bson> {
    let mut budget = Budget::operator("$reduce");
    let Some(items) = array_input("$reduce", 40080, held(input.eval(env)?, &mut budget)?)? else {
        return Ok(Bson::Null);
    };
    let mut value = initial.eval(env)?;
    let mut built = Budget::operator("$reduce");
    built.hold_value(&value)?;
    for item in &items {
        interrupt::check()?;
        value = env.bind("value", &value, |env| env.bind("this", item, |env| body.eval(env)))?;
        depth::check_value(&value)?;
        built.hold_value(&value)?;
    }
    Ok(value)
}

fn eval_sort_array(input: &Expression, order: &SortOrder, env: &super::Env<'_>) -> Result<Bson> {
    let mut budget = Budget::operator("$sortArray");
    let Some(mut items) = array_input("$sortArray", 2942504, held(input.eval(env)?, &mut budget)?)? else {
        return Ok(Bson::Null);
    };
    order.sort_values(&mut items);
    Ok(Bson::Array(items))
}

fn object<'a>(name: &str, operand: &'a Bson, code: i32) -> Result<&'a Document> {
    operand.as_document().ok_or_else(|| Error::new(code, format!("{name} only supports an object as its argument")))
}

fn check_arguments(name: &str, given: &Document, known: &[&str], code: i32) -> Result<()> {
    match given.keys().find(|argument| !known.contains(&argument.as_str())) {
        Some(argument) => Err(Error::new(code, format!("Unrecognized parameter to {name}: {argument}"))),
        None => Ok(()),
    }
}

fn required<'a>(name: &str, given: &'a Document, argument: &str, code: i32) -> Result<&'a Bson> {
    given.get(argument).ok_or_else(|| Error::new(code, format!("Missing '{argument}' parameter to {name}")))
}

fn parse_cond(parser: &mut Parser, operand: &Bson) -> Result<Special> {
    if let Bson::Document(given) = operand
        && !given.keys().next().is_some_and(|name| name.starts_with('$'))
    {
        check_arguments("$cond", given, &["if", "then", "else"], 17083)?;
        let condition = required("$cond", given, "if", 17080)?;
        let yes = required("$cond", given, "then", 17081)?;
        let no = required("$cond", given, "else", 17082)?;
        return Ok(Special::Cond(parser.expression(condition)?, parser.expression(yes)?, parser.expression(no)?));
    }
    let mut parsed = parser.arguments("$cond", operand, 3, 3)?.into_iter();
    match (parsed.next(), parsed.next(), parsed.next()) {
        (Some(condition), Some(yes), Some(no)) => Ok(Special::Cond(condition, yes, no)),
        _ => Err(Error::new(16020, "Expression $cond takes exactly 3 arguments.")),
    }
}

fn parse_if_null(parser: &mut Parser, operand: &Bson) -> Result<Special> {
    let given = operand.as_array().map_or(1, Vec::len);
    if given < 2 {
        let message = format!("$ifNull needs at least two arguments, had: {given}");
        return Err(Error::new(1257300, message));
    }
    Ok(Special::IfNull(parser.arguments("$ifNull", operand, 2, usize::MAX)?))
}

fn parse_switch(parser: &mut Parser, operand: &Bson) -> Result<Special> {
    let given = object("$switch", operand, 40060)?;
    let mut branches = Vec::new();
    let mut default = None;
    for (argument, value) in given {
        match argument.as_str() {
            "branches" => {
                let Bson::Array(items) = value else {
                    return Err(Error::new(40061, "$switch expected an array for 'branches'"));
                };
                for item in items {
                    branches.push(parse_branch(parser, item)?);
                }
            }
            "default" => default = Some(parser.expression(value)?),
            _ => {
                return Err(Error::new(40067, format!("$switch found an unknown argument: {argument}")));
            }
        }
    }
    if branches.is_empty() {
        return Err(Error::new(40068, "$switch requires at least one branch."));
    }
    Ok(Special::Switch { branches, default })
}

fn parse_branch(parser: &mut Parser, item: &Bson) -> Result<(Expression, Expression)> {
    let Bson::Document(branch) = item else {
        return Err(Error::new(40062, "$switch expected each branch to be an object"));
    };
    check_arguments("$switch", branch, &["case", "then"], 40063)?;
    let case = required("$switch", branch, "case", 40064)?;
    let then = required("$switch", branch, "then", 40065)?;
    Ok((parser.expression(case)?, parser.expression(then)?))
}

fn parse_let(parser: &mut Parser, operand: &Bson) -> Result<Special> {
    let given = object("$let", operand, 16874)?;
    check_arguments("$let", given, &["vars", "in"], 16875)?;
    let variables = required("$let", given, "vars", 16876)?;
    let body = required("$let", given, "in", 16877)?;
    let Bson::Document(variables) = variables else {
        return Err(Error::new(10065, "invalid parameter: expected an object (vars)"));
    };
    let mut bindings = Vec::with_capacity(variables.len());
    for (name, value) in variables {
        check_variable_name(name, true)?;
        bindings.push((name.clone(), parser.expression(value)?));
    }
    let names: Vec<&str> = variables.keys().map(String::as_str).collect();
    let body = parser.with(&names, |parser| parser.expression(body))?;
    Ok(Special::Let { bindings, body })
}

fn variable_of(given: &Document, default: &str) -> Result<String> {
    match given.get("as") {
        None => Ok(default.to_owned()),
        Some(Bson::String(name)) => {
            check_variable_name(name, true)?;
            Ok(name.clone())
        }
        Some(_) => Err(Error::parse("'as' must be a string")),
    }
}

fn parse_map(parser: &mut Parser, operand: &Bson) -> Result<Special> {
    let given = object("$map", operand, 16878)?;
    check_arguments("$map", given, &["input", "as", "in"], 16879)?;
    let input = parser.expression(required("$map", given, "input", 16880)?)?;
    let body = required("$map", given, "in", 16882)?;
    let name = variable_of(given, "this")?;
    let body = parser.with(&[&name], |parser| parser.expression(body))?;
    Ok(Special::Map { input, name, body })
}

fn parse_filter(parser: &mut Parser, operand: &Bson) -> Result<Special> {
    let given = object("$filter", operand, 28646)?;
    check_arguments("$filter", given, &["input", "as", "cond", "limit"], 28647)?;
    let input = parser.expression(required("$filter", given, "input", 28648)?)?;
    let condition = required("$filter", given, "cond", 28650)?;
    let name = variable_of(given, "this")?;
    let limit = given.get("limit").map(|limit| parser.expression(limit)).transpose()?;
    let condition = parser.with(&[&name], |parser| parser.expression(condition))?;
    Ok(Special::Filter { input, name, condition, limit })
}

fn parse_reduce(parser: &mut Parser, operand: &Bson) -> Result<Special> {
    let given = object("$reduce", operand, 40075)?;
    check_arguments("$reduce", given, &["input", "initialValue", "in"], 40076)?;
    let input = parser.expression(required("$reduce", given, "input", 40077)?)?;
    let initial = parser.expression(required("$reduce", given, "initialValue", 40078)?)?;
    let body = required("$reduce", given, "in", 40079)?;
    let body = parser.with(&["value", "this"], |parser| parser.expression(body))?;
    Ok(Special::Reduce { input, initial, body })
}

fn parse_meta(operand: &Bson) -> Result<Special> {
    let known = [
        "textScore",
        "randVal",
        "searchScore",
        "searchHighlights",
        "geoNearDistance",
        "geoNearPoint",
        "recordId",
        "indexKey",
        "sortKey",
        "searchScoreDetails",
        "vectorSearchScore",
        "score",
        "scoreDetails",
    ];
    match operand {
        Bson::String(name) if known.contains(&name.as_str()) => Ok(Special::Meta),
        Bson::String(name) => Err(Error::new(17308, format!("Unsupported argument to $meta: {name}"))),
        _ => Err(Error::new(17307, "$meta only supports string arguments")),
    }
}

fn parse_sort_array(parser: &mut Parser, operand: &Bson) -> Result<Special> {
    let given = object("$sortArray", operand, 2942500)?;
    check_arguments("$sortArray", given, &["input", "sortBy"], 2942501)?;
    let input = parser.expression(required("$sortArray", given, "input", 2942502)?)?;
    let order = SortOrder::of_values(required("$sortArray", given, "sortBy", 2942503)?)?;
    Ok(Special::SortArray { input, order })
}
