//! Replays conformance cases straight on the engine: `replay [--failures FILE] FILE.jsonl[.gz]…`.

use std::{
    collections::BTreeMap,
    error::Error,
    fs::File,
    io::{BufRead, BufReader, Read, Write},
};

use bson::{Bson, Document, doc};
use engine::{Command, Engine, Mode, Outcome, Update};

type Answer = Result<Document, i32>;

fn main() -> Result<(), Box<dyn Error>> {
    // Deeply nested cases need more stack than a main thread has.
    let worker = std::thread::Builder::new().stack_size(256 << 20).spawn(|| replay().map_err(|error| error.to_string()))?;
    worker.join().map_err(|_| "the replay panicked")??;
    Ok(())
}

fn replay() -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    let mut failures = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--failures" {
            failures = arguments.next().map(File::create).transpose()?;
        } else {
            files.push(argument);
        }
    }
    let folder = tempfile::tempdir()?;
    let engine = Engine::open(&folder.path().join("replay.db"))?;
    let mut counts: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    for (number, case) in files.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?.concat().iter().enumerate() {
        let database = format!("d{number}");
        let problem = play(&engine, &database, case)?;
        let count = counts.entry((text(case, "area"), text(case, "kind"))).or_default();
        count.1 += 1;
        count.0 += usize::from(problem.is_none());
        if let (Some(problem), Some(out)) = (problem, failures.as_mut()) {
            writeln!(out, "{} {}\n    {problem}", text(case, "kind"), text(case, "id"))?;
        }
        clear(&engine, &database)?;
    }
    let mut out = std::io::stdout();
    let (mut passed, mut total) = (0, 0);
    for ((area, kind), (good, all)) in counts {
        writeln!(out, "{area} {kind} {good}/{all}")?;
        passed += good;
        total += all;
    }
    writeln!(out, "{passed} passed, {} failed", total - passed)?;
    Ok(())
}

fn read(path: &str) -> Result<Vec<Document>, Box<dyn Error>> {
    let file = File::open(path)?;
    let reader: Box<dyn Read> = if path.ends_with(".gz") { Box::new(flate2::read::GzDecoder::new(file)) } else { Box::new(file) };
    let mut cases = Vec::new();
    for line in BufReader::new(reader).lines() {
        let value: serde_json::Value = {
            let line = line?;
            let mut parser = serde_json::Deserializer::from_str(&line);
            parser.disable_recursion_limit();
            serde::Deserialize::deserialize(&mut parser)?
        };
        if let Bson::Document(case) = Bson::try_from(value)? {
            cases.push(case);
        }
    }
    Ok(cases)
}

fn text(case: &Document, name: &str) -> String {
    case.get_str(name).unwrap_or_default().to_owned()
}

fn clear(engine: &Engine, database: &str) -> Result<(), Box<dyn Error>> {
    let mut session = engine.begin(Mode::Write)?;
    if let Outcome::Documents(all) = session.run(database, &Command::ListCollections)? {
        for collection in all {
            session.run(database, &Command::DropCollection { collection: text(&collection, "name") })?;
        }
    }
    session.commit()?;
    Ok(())
}

/// What went wrong, if something did.
fn play(engine: &Engine, database: &str, case: &Document) -> Result<Option<String>, Box<dyn Error>> {
    let mut answers = Vec::new();
    for command in case.get_array("commands")?.iter().filter_map(Bson::as_document) {
        answers.push(run(engine, database, command.get_document("cmd")?)?);
    }
    for expectation in case.get_array("expect")?.iter().filter_map(Bson::as_document) {
        let step = usize::try_from(expectation.get_i64("step").or_else(|_| expectation.get_i32("step").map(i64::from))?)?;
        let Some(answer) = answers.get(step) else {
            return Ok(Some("no such step".to_owned()));
        };
        if let Some(problem) = check(expectation, answer) {
            return Ok(Some(problem));
        }
    }
    Ok(None)
}

fn check(expectation: &Document, answer: &Answer) -> Option<String> {
    let code = expectation.get("error_code").or_else(|| expectation.get("expected_code")).and_then(Bson::as_i32);
    let kind = text(expectation, "kind");
    match (code, answer) {
        (Some(code), Err(found)) if code == *found => None,
        (Some(code), Err(found)) => Some(format!("code {found} instead of {code}")),
        (Some(code), Ok(_)) => Some(format!("no error instead of {code}")),
        (None, Err(found)) => Some(format!("error {found}")),
        (None, Ok(_)) if kind == "assertNotError" => None,
        (None, Ok(answer)) => compare(expectation, &kind, answer),
    }
}

fn compare(expectation: &Document, kind: &str, answer: &Document) -> Option<String> {
    let mut expected = expectation.get("expected").cloned().unwrap_or(Bson::Null);
    let raw = expectation.get_bool("raw_res").unwrap_or(false) || kind == "assertSuccessPartial";
    if raw {
        let (Bson::Document(wanted), found) = (&expected, answer) else {
            return Some("no document to compare with".to_owned());
        };
        let differs = wanted.iter().find(|(name, value)| !found.get(name).is_some_and(|found| same(value, found)));
        return differs.map(|(name, value)| format!("{name}: {:?} instead of {value}", found.get(name)));
    }
    let mut found = answer.get("documents").cloned().unwrap_or(Bson::Null);
    let names: Vec<&str> = expectation.get_array("ignore_order_in").into_iter().flatten().filter_map(Bson::as_str).collect();
    for list in [&mut expected, &mut found] {
        if expectation.get_bool("ignore_doc_order").unwrap_or(false) {
            sort_array(list);
        }
        sort_named(list, &names);
    }
    (!same(&expected, &found)).then(|| format!("{found} instead of {expected}"))
}

fn sort_array(value: &mut Bson) {
    if let Bson::Array(items) = value {
        items.sort_by_key(canonical);
    }
}

fn canonical(value: &Bson) -> String {
    match value {
        Bson::Document(document) => {
            let fields: BTreeMap<&String, String> = document.iter().map(|(name, value)| (name, canonical(value))).collect();
            format!("{fields:?}")
        }
        Bson::Array(items) => format!("{:?}", items.iter().map(canonical).collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}

fn sort_named(value: &mut Bson, names: &[&str]) {
    match value {
        Bson::Array(items) => items.iter_mut().for_each(|item| sort_named(item, names)),
        Bson::Document(document) => {
            for (name, inner) in document.iter_mut() {
                if names.contains(&name.as_str()) {
                    sort_array(inner);
                }
                sort_named(inner, names);
            }
        }
        _ => {}
    }
}

/// Equal in type and value; fields in any order.
fn same(a: &Bson, b: &Bson) -> bool {
    match (a, b) {
        (Bson::Double(x), Bson::Double(y)) => (x.is_nan() && y.is_nan()) || (x == y) || ((x - y).abs() <= x.abs() * 1e-14),
        (Bson::Array(x), Bson::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)),
        (Bson::Document(x), Bson::Document(y)) => {
            x.len() == y.len() && x.iter().all(|(name, value)| y.get(name).is_some_and(|other| same(value, other)))
        }
        _ => a == b,
    }
}

fn run(engine: &Engine, database: &str, command: &Document) -> Result<Answer, Box<dyn Error>> {
    let Some((name, collection)) = command.iter().next() else {
        return Ok(Err(59));
    };
    let collection = collection.as_str().unwrap_or("agnostic").to_owned();
    match name.as_str() {
        "create" => Ok(Ok(doc! {"ok": 1.0})),
        "insert" => insert(engine, database, collection, command),
        "update" => update(engine, database, &collection, command),
        "delete" => delete(engine, database, &collection, command),
        _ => Ok(match parse(name, collection, command) {
            Err(code) => Err(code),
            Ok(command) => one(engine, database, &command)?.map(|outcome| answer(&outcome)),
        }),
    }
}

fn one(engine: &Engine, database: &str, command: &Command) -> Result<Result<Outcome, i32>, Box<dyn Error>> {
    let mode = if command.writes() { Mode::Write } else { Mode::Read };
    let mut session = engine.begin(mode)?;
    Ok(match session.run(database, command) {
        Ok(outcome) => {
            session.commit()?;
            Ok(outcome)
        }
        Err(error) => {
            if command.keeps_its_beginning() {
                session.commit()?;
            }
            Err(error.code)
        }
    })
}

fn answer(outcome: &Outcome) -> Document {
    match outcome {
        Outcome::Document(document) => {
            let mut whole = doc! {"value": document.clone(), "ok": 1.0};
            whole.extend(document.clone().filter(|document| document.contains_key("ok")).unwrap_or_default());
            whole
        }
        Outcome::Documents(documents) => doc! {"documents": documents.clone(), "ok": 1.0},
        Outcome::Inserted(ids) => doc! {"n": ids.len() as i32, "ok": 1.0},
        Outcome::Deleted(count) | Outcome::Count(count) => doc! {"n": *count as i32, "ok": 1.0},
        Outcome::Updated { matched, modified, upserted_id } => {
            let mut whole =
                doc! {"n": (*matched + u64::from(upserted_id.is_some())) as i32, "nModified": *modified as i32, "ok": 1.0};
            if let Some(id) = upserted_id {
                whole.insert("upserted", vec![doc! {"index": 0, "_id": id.clone()}]);
            }
            whole
        }
        Outcome::Values(values) => doc! {"values": values.clone(), "ok": 1.0},
        Outcome::Done => doc! {"ok": 1.0},
    }
}

fn parse(name: &str, collection: String, command: &Document) -> Result<Command, i32> {
    let document = |name: &str| match command.get(name) {
        None | Some(Bson::Null) => Ok(None),
        Some(Bson::Document(document)) => Ok(Some(document.clone())),
        Some(_) => Err(14),
    };
    let documents = |value: Option<&Bson>| match value {
        None => Ok(Vec::new()),
        Some(Bson::Array(items)) => items.iter().map(|item| item.as_document().cloned().ok_or(14)).collect(),
        Some(_) => Err(14),
    };
    let number = |name: &str| match command.get(name) {
        None | Some(Bson::Null) => Ok(None),
        Some(Bson::Int32(n)) => Ok(Some(i64::from(*n))),
        Some(Bson::Int64(n)) => Ok(Some(*n)),
        Some(Bson::Double(n)) => Ok(Some(*n as i64)),
        Some(_) => Err(14),
    };
    match name {
        "find" => Ok(Command::Find {
            collection,
            filter: document("filter")?.unwrap_or_default(),
            projection: document("projection")?,
            sort: document("sort")?,
            limit: number("limit")?,
            skip: number("skip")?,
        }),
        "aggregate" => Ok(Command::Aggregate { collection, pipeline: documents(command.get("pipeline"))? }),
        "createIndexes" => Ok(Command::CreateIndexes { collection, indexes: documents(command.get("indexes"))? }),
        "findAndModify" => {
            let filter = document("query")?.unwrap_or_default();
            let (sort, projection) = (document("sort")?, document("fields")?);
            let upsert = command.get_bool("upsert").unwrap_or(false);
            let return_after = command.get_bool("new").unwrap_or(false);
            if command.get_bool("remove").unwrap_or(false) {
                return Ok(Command::FindOneAndDelete { collection, filter, sort, projection });
            }
            match command.get("update") {
                Some(Bson::Document(replacement)) if !replacement.keys().next().is_some_and(|name| name.starts_with('$')) => {
                    Ok(Command::FindOneAndReplace {
                        collection,
                        filter,
                        replacement: replacement.clone(),
                        sort,
                        projection,
                        upsert,
                        return_after,
                    })
                }
                update => Ok(Command::FindOneAndUpdate {
                    collection,
                    filter,
                    update: parse_update(update)?,
                    sort,
                    projection,
                    upsert,
                    return_after,
                    array_filters: documents(command.get("arrayFilters"))?,
                }),
            }
        }
        _ => Err(59),
    }
}

fn parse_update(update: Option<&Bson>) -> Result<Update, i32> {
    match update {
        Some(Bson::Document(update)) => Ok(Update::Document(update.clone())),
        Some(Bson::Array(stages)) => {
            let stages = stages.iter().map(|stage| stage.as_document().cloned().ok_or(14));
            Ok(Update::Pipeline(stages.collect::<Result<_, _>>()?))
        }
        _ => Err(9),
    }
}

fn insert(engine: &Engine, database: &str, collection: String, command: &Document) -> Result<Answer, Box<dyn Error>> {
    let Ok(documents) = command.get_array("documents") else {
        return Ok(Err(14));
    };
    let documents: Vec<Document> = documents.iter().filter_map(Bson::as_document).cloned().collect();
    let ordered = command.get_bool("ordered").unwrap_or(true);
    let command = Command::InsertMany { collection, documents, ordered };
    let mut session = engine.begin(Mode::Write)?;
    let outcome = session.run(database, &command);
    session.commit()?;
    Ok(outcome.map(|outcome| answer(&outcome)).map_err(|error| error.code))
}

fn update(engine: &Engine, database: &str, collection: &str, command: &Document) -> Result<Answer, Box<dyn Error>> {
    let mut last = doc! {"n": 0, "nModified": 0, "ok": 1.0};
    for update in command.get_array("updates").into_iter().flatten().filter_map(Bson::as_document) {
        let parsed = match parse_one_update(collection, update) {
            Ok(parsed) => parsed,
            Err(code) => return Ok(Err(code)),
        };
        match one(engine, database, &parsed)? {
            Err(code) => return Ok(Err(code)),
            Ok(outcome) => {
                let mut next = answer(&outcome);
                for name in ["n", "nModified"] {
                    next.insert(name, last.get_i32(name)? + next.get_i32(name)?);
                }
                last = next;
            }
        }
    }
    Ok(Ok(last))
}

fn parse_one_update(collection: &str, update: &Document) -> Result<Command, i32> {
    let collection = collection.to_owned();
    let filter = match update.get("q") {
        Some(Bson::Document(filter)) => filter.clone(),
        _ => return Err(14),
    };
    let upsert = update.get_bool("upsert").unwrap_or(false);
    let many = update.get_bool("multi").unwrap_or(false);
    let array_filters = match update.get("arrayFilters") {
        Some(Bson::Array(filters)) => filters.iter().filter_map(Bson::as_document).cloned().collect(),
        _ => Vec::new(),
    };
    if let Some(Bson::Document(replacement)) = update.get("u")
        && !replacement.keys().next().is_some_and(|name| name.starts_with('$'))
    {
        return Ok(Command::ReplaceOne { collection, filter, replacement: replacement.clone(), upsert, sort: None });
    }
    let update = parse_update(update.get("u"))?;
    Ok(if many {
        Command::UpdateMany { collection, filter, update, upsert, array_filters }
    } else {
        Command::UpdateOne { collection, filter, update, upsert, array_filters, sort: None }
    })
}

fn delete(engine: &Engine, database: &str, collection: &str, command: &Document) -> Result<Answer, Box<dyn Error>> {
    let mut count = 0;
    for delete in command.get_array("deletes").into_iter().flatten().filter_map(Bson::as_document) {
        let collection = collection.to_owned();
        let Ok(filter) = delete.get_document("q").cloned() else {
            return Ok(Err(14));
        };
        let single = matches!(delete.get("limit"), Some(Bson::Int32(1) | Bson::Int64(1)));
        let command = if single { Command::DeleteOne { collection, filter } } else { Command::DeleteMany { collection, filter } };
        match one(engine, database, &command)? {
            Err(code) => return Ok(Err(code)),
            Ok(outcome) => count += answer(&outcome).get_i32("n")?,
        }
    }
    Ok(Ok(doc! {"n": count, "ok": 1.0}))
}
