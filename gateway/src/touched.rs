//! What a stage of a pipeline reaches beside the collection it was asked of.

use bson::{Bson, Document};
use engine::Command;

use crate::command;

/// A stage, at any depth, that writes or names a database.
#[derive(Debug, PartialEq)]
pub(crate) struct Touched<'d> {
    /// `None` is the request's own; an empty name is one that cannot be told.
    pub database: Option<&'d str>,
    pub writes: bool,
}

/// What the stages of a command reach.
pub(crate) fn by_command(command: &Command) -> impl Iterator<Item = Touched<'_>> {
    let command = match command {
        Command::Explain { command } => command,
        command => command,
    };
    command::stages(command).flat_map(by_stage)
}

/// Goes through every object, so that no place where a pipeline may stand is forgotten.
fn by_stage(stage: &Document) -> Vec<Touched<'_>> {
    let mut touched = Vec::new();
    visit(stage, &mut touched);
    touched
}

fn visit<'d>(document: &'d Document, touched: &mut Vec<Touched<'d>>) {
    for (name, operand) in document {
        let writes = matches!(name.as_str(), "$out" | "$merge");
        let named = named(name, operand);
        if writes && named.is_empty() {
            touched.push(Touched { database: None, writes });
        }
        touched.extend(named.into_iter().map(|database| Touched { database: Some(database), writes }));
        visit_value(operand, touched);
    }
}

fn visit_value<'d>(value: &'d Bson, touched: &mut Vec<Touched<'d>>) {
    match value {
        Bson::Document(document) => visit(document, touched),
        Bson::Array(items) => items.iter().for_each(|item| visit_value(item, touched)),
        _ => {}
    }
}

fn named<'d>(stage: &str, operand: &'d Bson) -> Vec<&'d str> {
    let mut databases = Vec::new();
    let parts: &[&str] = match stage {
        "$out" => {
            databases_in(operand, &mut databases);
            &[]
        }
        "$merge" => &["into"],
        "$lookup" | "$graphLookup" => &["from"],
        "$unionWith" => &["db", "coll", "from"],
        _ => &[],
    };
    for part in parts {
        match operand.as_document().and_then(|operand| operand.get(part)) {
            Some(database) if *part == "db" => take(database, &mut databases),
            Some(value) => databases_in(value, &mut databases),
            None => {}
        }
    }
    databases
}

fn databases_in<'d>(value: &'d Bson, databases: &mut Vec<&'d str>) {
    let Bson::Document(document) = value else { return };
    for (name, value) in document {
        match name.as_str() {
            "db" => take(value, databases),
            _ => databases_in(value, databases),
        }
    }
}

fn take<'d>(value: &'d Bson, databases: &mut Vec<&'d str>) {
    if *value != Bson::Null {
        databases.push(value.as_str().unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    fn check(stage: &Document, expected: &[(Option<&str>, bool)]) {
        let found: Vec<_> = by_stage(stage).into_iter().map(|touched| (touched.database, touched.writes)).collect();
        assert_eq!(found, expected, "{stage}");
    }

    #[test]
    fn a_writing_stage_names_its_database_or_means_the_own_one() {
        check(&doc! {"$out": "c"}, &[(None, true)]);
        check(&doc! {"$out": {"db": "o", "coll": "c"}}, &[(Some("o"), true)]);
        check(&doc! {"$out": {"atlas": {"db": "o", "coll": "c"}}}, &[(Some("o"), true)]);
        check(&doc! {"$merge": "c"}, &[(None, true)]);
        check(&doc! {"$merge": {"into": {"db": Bson::Null, "coll": "c"}}}, &[(None, true)]);
        check(&doc! {"$merge": {"into": {"db": "o", "coll": "c"}, "on": "_id"}}, &[(Some("o"), true)]);
        check(&doc! {"$merge": {"into": {"db": 5, "coll": "c"}}}, &[(Some(""), true)]);
    }

    #[test]
    fn a_stage_that_reads_names_a_database_in_its_source_and_nowhere_else() {
        check(&doc! {"$match": {"db": "o"}}, &[]);
        check(&doc! {"$lookup": {"from": "c", "pipeline": [{"$match": {"db": "o"}}], "as": "x"}}, &[]);
        check(&doc! {"$lookup": {"from": {"db": "o", "coll": "c"}, "as": "x"}}, &[(Some("o"), false)]);
        check(&doc! {"$unionWith": {"db": "o", "coll": "c"}}, &[(Some("o"), false)]);
        check(&doc! {"$graphLookup": {"from": {"db": "o", "coll": "c"}}}, &[(Some("o"), false)]);
    }

    #[test]
    fn nested_pipelines_are_gone_through() {
        let inner = doc! {"$out": {"db": "o", "coll": "c"}};
        for stage in [
            doc! {"$facet": {"a": [inner.clone()]}},
            doc! {"$lookup": {"from": "c", "pipeline": [inner.clone()], "as": "x"}},
            doc! {"$unionWith": {"coll": "c", "pipeline": [{"$facet": {"a": [inner.clone()]}}]}},
        ] {
            check(&stage, &[(Some("o"), true)]);
        }
    }
}
