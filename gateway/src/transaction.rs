//! Operations that are written all or not at all, for either backend.

use bson::{Bson, Document, doc};
use data_api::{Action, Grant};

use crate::{
    access, answer,
    backend::Session,
    command::{self, Rules},
    ejson, expect,
    failure::Failure,
    parameters::Parameters,
    refs,
};

/// One operation before its references are resolved.
pub(crate) struct Operation {
    pub action: Action,
    /// `None` is that of the request.
    pub database: Option<String>,
    body: Document,
    refs: Option<Document>,
    expect: Option<Document>,
}

/// Reads the operations and refuses what is wrong with them before anything runs.
pub(crate) fn parse(body: Document, rules: Rules) -> Result<Vec<Operation>, Failure> {
    let mut body = Parameters(body);
    let operations = body.required_documents("operations")?;
    body.finish()?;
    if operations.is_empty() {
        return Err(Failure::invalid("operations is empty"));
    }
    if operations.len() > rules.limits.operations {
        let limit = rules.limits.operations;
        return Err(Failure::invalid(format!("a transaction has {limit} operations at most")));
    }
    let parsed = operations
        .into_iter()
        .enumerate()
        .map(|(position, operation)| parse_one(operation).map_err(|failure| failure.in_operation(position)));
    parsed.collect()
}

/// The collections that the operations name, each once; those of other databases with these.
pub(crate) fn collections(operations: &[Operation]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for operation in operations {
        let Ok(name) = operation.body.get_str("collection") else { continue };
        let name = match &operation.database {
            None => name.to_owned(),
            Some(database) => format!("{database}.{name}"),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The databases that the operations work in; `own` is that of the request.
pub(crate) fn databases<'o>(operations: &'o [Operation], own: &'o str) -> Vec<&'o str> {
    operations.iter().map(|operation| operation.database.as_deref().unwrap_or(own)).collect()
}

/// Whether any operation may change documents.
pub(crate) fn writes(operations: &[Operation]) -> bool {
    operations.iter().any(|operation| operation.action.grant() == Grant::Write)
}

/// Runs the operations in their order; the caller commits.
pub(crate) async fn run<S: Session>(
    session: &mut S,
    database: &str,
    operations: &[Operation],
    rules: Rules<'_>,
) -> Result<Document, Failure> {
    let mut results = Vec::with_capacity(operations.len());
    let mut left_bytes = rules.limits.answer_bytes;
    for (position, operation) in operations.iter().enumerate() {
        let result = run_one(session, database, operation, &results, rules).await;
        let result = result.map_err(|failure| failure.in_operation(position))?;
        left_bytes = left_bytes
            .checked_sub(ejson::least_length(&result))
            .ok_or_else(|| Failure::answer_too_large(rules.limits.answer_bytes).in_operation(position))?;
        results.push(result);
    }
    let results: Vec<Bson> = results.into_iter().map(Bson::Document).collect();
    Ok(doc! {"results": results})
}

fn parse_one(operation: Document) -> Result<Operation, Failure> {
    let (action, body) = command::operation(operation)?;
    let mut body = Parameters(body);
    let database = body.given_name("database")?;
    let refs = body.document("refs")?;
    let expect = body.document("expect")?;
    expect.as_ref().map_or(Ok(()), expect::validate)?;
    Ok(Operation { action, database, body: body.0, refs, expect })
}

async fn run_one<S: Session>(
    session: &mut S,
    database: &str,
    operation: &Operation,
    results: &[Document],
    rules: Rules<'_>,
) -> Result<Document, Failure> {
    let mut body = operation.body.clone();
    if let Some(refs) = &operation.refs {
        refs::resolve(&mut body, refs, results)?;
    }
    let command = command::parse(operation.action, body, rules)?;
    access::authorise_stages(rules.key, &command)?;
    if command.writes() && operation.action.grant() == Grant::Read {
        return Err(Failure::unsupported("a stage that writes, in a transaction,"));
    }
    let database = operation.database.as_deref().unwrap_or(database);
    let outcome = session.run(database, &command).await?;
    let result = answer::shape(operation.action, outcome, rules.limits)?;
    let unmet = match &operation.expect {
        Some(expect) => expect::unmet(expect, &result)?,
        None => None,
    };
    match unmet {
        Some(property) => Err(Failure::expectation(property, result)),
        None => Ok(result),
    }
}
