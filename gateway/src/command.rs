//! Turns the body of an action into a command of the engine.

use bson::Document;
use data_api::{Action, Grant};
use engine::{Command, Update};

use crate::{
    access,
    config::{Key, Limits},
    failure::{FAILED_TO_PARSE, Failure, MISSING_FIELD},
    parameters::Parameters,
    refused,
};

/// What the gateway allows whoever asks.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub limits: &'a Limits,
    pub key: &'a Key,
}

/// Reads the parameters of an action; all of them, or the request is refused.
pub(crate) fn parse(action: Action, body: Document, rules: Rules) -> Result<Command, Failure> {
    let mut body = Parameters(body);
    let command = match action.grant() {
        Grant::Read => reading(action, &mut body, rules),
        Grant::Write => writing(action, &mut body),
        Grant::Admin => administering(action, &mut body, rules),
    }?;
    body.finish()?;
    refuse_code(&command)?;
    Ok(command)
}

fn reading(action: Action, body: &mut Parameters, rules: Rules) -> Result<Command, Failure> {
    let collection = body.collection()?;
    match action {
        Action::FindOne => Ok(Command::FindOne {
            collection,
            filter: body.document("filter")?.unwrap_or_default(),
            projection: body.document("projection")?,
            sort: body.document("sort")?,
            skip: body.integer("skip")?,
        }),
        Action::Find => Ok(Command::Find {
            collection,
            filter: body.document("filter")?.unwrap_or_default(),
            projection: body.document("projection")?,
            sort: body.document("sort")?,
            limit: Some(bounded(body.integer("limit")?, rules.limits)),
            skip: body.integer("skip")?,
        }),
        Action::Aggregate => aggregate(collection, body, rules),
        Action::CountDocuments => Ok(Command::CountDocuments {
            collection,
            filter: body.document("filter")?.unwrap_or_default(),
            skip: body.integer("skip")?,
            limit: body.integer("limit")?,
        }),
        Action::Distinct => Ok(Command::Distinct {
            collection,
            field: body.required_text("field")?,
            filter: body.document("filter")?.unwrap_or_default(),
        }),
        _ => Err(not_here(action)),
    }
}

fn writing(action: Action, body: &mut Parameters) -> Result<Command, Failure> {
    let collection = body.collection()?;
    match action {
        Action::InsertOne => Ok(Command::InsertOne { collection, document: body.required_document("document")? }),
        Action::InsertMany => Ok(Command::InsertMany {
            collection,
            documents: body.required_documents("documents")?,
            ordered: body.flag("ordered")?.unwrap_or(true),
        }),
        Action::UpdateOne => Ok(Command::UpdateOne {
            collection,
            filter: body.required_document("filter")?,
            update: body.update()?,
            upsert: body.flag("upsert")?.unwrap_or(false),
            array_filters: body.documents("arrayFilters")?.unwrap_or_default(),
            sort: body.document("sort")?,
        }),
        Action::UpdateMany => Ok(Command::UpdateMany {
            collection,
            filter: body.required_document("filter")?,
            update: body.update()?,
            upsert: body.flag("upsert")?.unwrap_or(false),
            array_filters: body.documents("arrayFilters")?.unwrap_or_default(),
        }),
        Action::ReplaceOne => Ok(Command::ReplaceOne {
            collection,
            filter: body.required_document("filter")?,
            replacement: body.required_document("replacement")?,
            upsert: body.flag("upsert")?.unwrap_or(false),
            sort: body.document("sort")?,
        }),
        Action::DeleteOne => Ok(Command::DeleteOne { collection, filter: body.required_document("filter")? }),
        Action::DeleteMany => Ok(Command::DeleteMany { collection, filter: body.required_document("filter")? }),
        _ => find_and_modify(action, collection, body),
    }
}

fn find_and_modify(action: Action, collection: String, body: &mut Parameters) -> Result<Command, Failure> {
    let filter = body.required_document("filter")?;
    let sort = body.document("sort")?;
    let projection = body.document("projection")?;
    match action {
        Action::FindOneAndUpdate => Ok(Command::FindOneAndUpdate {
            collection,
            filter,
            // MongoDB has one command for all three actions and misses another thing than in an update.
            update: body.update().map_err(|failure| match failure.code {
                Some(MISSING_FIELD) => failure.with_code(FAILED_TO_PARSE),
                _ => failure,
            })?,
            sort,
            projection,
            upsert: body.flag("upsert")?.unwrap_or(false),
            return_after: returns_after(body)?,
            array_filters: body.documents("arrayFilters")?.unwrap_or_default(),
        }),
        Action::FindOneAndReplace => Ok(Command::FindOneAndReplace {
            collection,
            filter,
            replacement: body.required_document("replacement")?,
            sort,
            projection,
            upsert: body.flag("upsert")?.unwrap_or(false),
            return_after: returns_after(body)?,
        }),
        Action::FindOneAndDelete => match body.take("update") {
            None => Ok(Command::FindOneAndDelete { collection, filter, sort, projection }),
            Some(_) => Err(Failure::invalid("a document is either updated or deleted").with_code(FAILED_TO_PARSE)),
        },
        _ => Err(not_here(action)),
    }
}

fn administering(action: Action, body: &mut Parameters, rules: Rules) -> Result<Command, Failure> {
    match action {
        Action::CreateIndexes => {
            Ok(Command::CreateIndexes { collection: body.collection()?, indexes: body.required_documents("indexes")? })
        }
        Action::DropIndexes => Ok(Command::DropIndexes { collection: body.collection()?, names: body.names("index")? }),
        Action::ListIndexes => Ok(Command::ListIndexes { collection: body.collection()? }),
        Action::ListCollections => Ok(Command::ListCollections),
        Action::CollMod => {
            Ok(Command::SetValidator { collection: body.collection()?, validator: body.required_document("validator")? })
        }
        Action::Stats => Ok(Command::Stats { collection: body.text("collection")? }),
        Action::Explain => {
            let (action, body) = operation(body.required_document("operation")?)?;
            access::allow(rules.key, action.grants())?;
            let command = Box::new(parse(action, body, rules)?);
            Ok(Command::Explain { command })
        }
        _ => Err(not_here(action)),
    }
}

/// Takes an object whose one key is an action that works on documents.
pub(crate) fn operation(operation: Document) -> Result<(Action, Document), Failure> {
    let mut pairs = operation.into_iter();
    let (Some((name, body)), None) = (pairs.next(), pairs.next()) else {
        return Err(Failure::invalid("an operation is an object with one action"));
    };
    let action = Action::from_name(&name)
        .filter(|action| action.grant() != Grant::Admin && !matches!(action, Action::Transaction | Action::Watch))
        .ok_or_else(|| Failure::invalid(format!("{name} is no action of an operation")))?;
    match body {
        bson::Bson::Document(body) => Ok((action, body)),
        _ => Err(Failure::mistyped(&name, "an object")),
    }
}

fn aggregate(collection: String, body: &mut Parameters, rules: Rules) -> Result<Command, Failure> {
    let mut pipeline = body.required_documents("pipeline")?;
    match refused::writing_stage(&pipeline) {
        Some(stage) if !rules.key.admin => return Err(Failure::unsupported(stage)),
        Some(_) => {}
        None => pipeline.push(bson::doc! {"$limit": bounded(None, rules.limits)}),
    }
    Ok(Command::Aggregate { collection, pipeline })
}

/// One more than the limit, so that a longer answer is noticed without being made. Zero asks for all.
fn bounded(limit: Option<i64>, limits: &Limits) -> i64 {
    let most = i64::try_from(limits.documents).unwrap_or(i64::MAX).saturating_add(1);
    match limit {
        None | Some(0) => most,
        Some(limit) => limit.min(most),
    }
}

fn returns_after(body: &mut Parameters) -> Result<bool, Failure> {
    match body.text("returnDocument")?.as_deref() {
        None | Some("before") => Ok(false),
        Some("after") => Ok(true),
        Some(_) => Err(Failure::invalid("returnDocument is before or after")),
    }
}

fn refuse_code(command: &Command) -> Result<(), Failure> {
    let none = Document::new();
    let (filter, projection) = match command {
        Command::FindOne { filter, projection, .. }
        | Command::Find { filter, projection, .. }
        | Command::FindOneAndUpdate { filter, projection, .. }
        | Command::FindOneAndReplace { filter, projection, .. }
        | Command::FindOneAndDelete { filter, projection, .. } => (filter, projection.as_ref()),
        Command::UpdateOne { filter, .. }
        | Command::UpdateMany { filter, .. }
        | Command::ReplaceOne { filter, .. }
        | Command::DeleteOne { filter, .. }
        | Command::DeleteMany { filter, .. }
        | Command::CountDocuments { filter, .. }
        | Command::Distinct { filter, .. } => (filter, None),
        Command::SetValidator { validator, .. } => (validator, None),
        _ => (&none, None),
    };
    let documents = std::iter::once(filter).chain(projection).chain(stages(command));
    match documents.filter_map(refused::code_in_document).next() {
        Some(operator) => Err(Failure::code_operator(operator)),
        None => Ok(()),
    }
}

/// The parts of a command that are evaluated, beside its filter and projection.
pub(crate) fn stages(command: &Command) -> impl Iterator<Item = &Document> {
    let (update, filters): (_, &[Document]) = match command {
        Command::Aggregate { pipeline, .. } => (None, pipeline),
        Command::UpdateOne { update, array_filters, .. }
        | Command::UpdateMany { update, array_filters, .. }
        | Command::FindOneAndUpdate { update, array_filters, .. } => (Some(update), array_filters),
        _ => (None, &[]),
    };
    let stages: &[Document] = match update {
        Some(Update::Pipeline(stages)) => stages,
        _ => &[],
    };
    // Of the update operators only $pull evaluates its value; those of the others are data.
    let pulled = match update {
        Some(Update::Document(document)) => document.get_document("$pull").ok(),
        _ => None,
    };
    filters.iter().chain(stages).chain(pulled)
}

fn not_here(action: Action) -> Failure {
    Failure::invalid(format!("{} is not possible here", action.name()))
}
