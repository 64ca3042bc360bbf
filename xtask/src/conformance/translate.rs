//! A database command as Data API actions, and their answers as the command's reply.

use serde_json::{Map, Value, json};

use super::server::{Answer, Client};

/// What a command gave.
pub enum Reply {
    /// The reply as the database would have given it.
    Success(Map<String, Value>),
    /// An error, with its code where there is one.
    Failure { code: Option<i64>, text: String },
    /// The protocol has no way to say it.
    Inexpressible(String),
}

type Body = Map<String, Value>;
type Outcome<T> = Result<T, Reply>;

/// Performs one command on a database of the case's own.
pub fn perform(client: &Client, database: &str, command: &Body) -> Reply {
    let Some((name, collection)) = command.iter().next() else {
        return Reply::Inexpressible("a command without a name".into());
    };
    let mut rest = command.clone();
    rest.shift_remove(name);
    let target = Target { client, database, collection: collection.clone() };
    let performed = match name.as_str() {
        "create" => target.create(rest),
        "insert" => target.insert(rest),
        "find" => target.find(rest),
        "aggregate" => target.aggregate(rest),
        "update" => target.update(rest),
        "delete" => target.delete(rest),
        "findAndModify" | "findandmodify" => target.find_and_modify(rest),
        "count" => target.count(rest),
        "distinct" => target.distinct(rest),
        "createIndexes" => target.create_indexes(rest),
        "dropIndexes" => target.drop_indexes(rest),
        "collMod" => target.structure("collMod", rest),
        _ => Err(Reply::Inexpressible(name.clone())),
    };
    performed.map_or_else(|reply| reply, Reply::Success)
}

struct Target<'a> {
    client: &'a Client,
    database: &'a str,
    collection: Value,
}

/// The counts of a command that writes with several statements, and its first errors.
#[derive(Default)]
struct Written {
    n: i64,
    modified: i64,
    upserted: Vec<Value>,
    errors: Vec<Value>,
}

impl Target<'_> {
    /// A collection appears with its first document; only a validator has to be said.
    fn create(&self, rest: Body) -> Outcome<Body> {
        match rest.keys().all(|key| key == "validator") {
            true if rest.is_empty() => Ok(reply([])),
            true => self.structure("collMod", rest),
            false => Err(Reply::Inexpressible("create with options".into())),
        }
    }

    fn insert(&self, mut rest: Body) -> Outcome<Body> {
        let single = match (rest.get("documents"), rest.get("ordered")) {
            (Some(Value::Array(documents)), None | Some(Value::Bool(_))) if documents.len() == 1 => documents.first().cloned(),
            _ => None,
        };
        let action = match single {
            Some(document) => {
                rest.shift_remove("documents");
                rest.shift_remove("ordered");
                rest.insert("document".into(), document);
                "insertOne"
            }
            None => "insertMany",
        };
        let answer = match self.act_or_write_errors(action, rest)? {
            Ok(answer) => answer,
            Err(failed) => return Ok(failed),
        };
        let inserted = match answer.get("insertedIds") {
            Some(Value::Array(ids)) => ids.len(),
            _ => 1,
        };
        Ok(reply([("n", int(i64::try_from(inserted).unwrap_or(i64::MAX)))]))
    }

    /// Documents that were not inserted are no failure of the command but a part of its reply.
    fn act_or_write_errors(&self, action: &str, body: Body) -> Outcome<Result<Body, Body>> {
        let failed = match self.send(action, body) {
            Ok(Answer { is_success: true, body }) => return Ok(Ok(body)),
            Ok(Answer { body, .. }) => body,
            Err(error) => return Err(Reply::Failure { code: None, text: format!("{error:#}") }),
        };
        let told = |error: &Value, index: Value| json!({"index": index, "code": error.get("code"), "errmsg": error.get("error")});
        let errors: Vec<Value> = match failed.get("writeErrors").and_then(Value::as_array) {
            Some(errors) => errors.iter().map(|error| told(error, error.get("index").cloned().unwrap_or_default())).collect(),
            None if failed.get("code").and_then(as_integer).is_some_and(|code| DOCUMENT_FAULTS.contains(&code)) => {
                vec![told(&Value::Object(failed.clone()), int(0))]
            }
            None => return Err(failure(&failed)),
        };
        let inserted = number(failed.get("insertedCount"));
        Ok(Err(reply([("n", int(inserted)), ("writeErrors", errors.into())])))
    }

    fn find(&self, rest: Body) -> Outcome<Body> {
        self.cursor("find", rest)
    }

    fn aggregate(&self, mut rest: Body) -> Outcome<Body> {
        match rest.shift_remove("cursor") {
            Some(Value::Object(_)) => self.cursor("aggregate", rest),
            _ => Err(Reply::Inexpressible("aggregate without a cursor".into())),
        }
    }

    fn cursor(&self, action: &str, body: Body) -> Outcome<Body> {
        let mut answer = self.act(action, body)?;
        let documents = answer.shift_remove("documents").unwrap_or_default();
        Ok(reply([("cursor", json!({"firstBatch": documents}))]))
    }

    fn update(&self, rest: Body) -> Outcome<Body> {
        self.statements(rest, "updates", |statement, written, index| {
            let (action, body) = update_request(statement)?;
            let answer = self.act(action, body)?;
            written.n += number(answer.get("matchedCount"));
            written.modified += number(answer.get("modifiedCount"));
            if let Some(id) = answer.get("upsertedId") {
                written.n += 1;
                written.upserted.push(json!({"index": int(index), "_id": id}));
            }
            Ok(())
        })
        .map(|written| {
            let mut fields = written.fields();
            fields.insert("nModified".into(), int(written.modified));
            if !written.upserted.is_empty() {
                fields.insert("upserted".into(), written.upserted.into());
            }
            fields
        })
    }

    fn delete(&self, rest: Body) -> Outcome<Body> {
        self.statements(rest, "deletes", |mut statement, written, _| {
            let action = match statement.shift_remove("limit").as_ref().and_then(as_integer) {
                Some(0) => "deleteMany",
                Some(1) => "deleteOne",
                _ => return Err(Reply::Inexpressible("delete with another limit than 0 or 1".into())),
            };
            rename(&mut statement, "q", "filter");
            written.n += number(self.act(action, statement)?.get("deletedCount"));
            Ok(())
        })
        .map(|written| written.fields())
    }

    /// Runs each statement; the first error ends an ordered command.
    fn statements(&self, mut rest: Body, name: &str, run: impl Fn(Body, &mut Written, i64) -> Outcome<()>) -> Outcome<Written> {
        let Some(Value::Array(statements)) = rest.shift_remove(name) else {
            return Err(Reply::Inexpressible(format!("{name} that are no array")));
        };
        let is_ordered = rest.shift_remove("ordered").is_none_or(|ordered| ordered != Value::Bool(false));
        let mut written = Written::default();
        for (index, statement) in statements.into_iter().enumerate() {
            let Value::Object(mut statement) = statement else {
                return Err(Reply::Inexpressible("a statement that is no object".into()));
            };
            statement.extend(rest.clone());
            let index = i64::try_from(index).unwrap_or(i64::MAX);
            match run(statement, &mut written, index) {
                Ok(()) => {}
                Err(Reply::Failure { code: Some(code), text }) => {
                    written.errors.push(json!({"index": int(index), "code": int(code), "errmsg": text}));
                    if is_ordered {
                        break;
                    }
                }
                Err(reply) => return Err(reply),
            }
        }
        Ok(written)
    }

    fn find_and_modify(&self, mut rest: Body) -> Outcome<Body> {
        rename(&mut rest, "query", "filter");
        rename(&mut rest, "fields", "projection");
        rest.entry("filter").or_insert_with(|| json!({}));
        let removes = match rest.shift_remove("remove") {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(_) => return Err(Reply::Inexpressible("remove that is no boolean".into())),
        };
        match rest.shift_remove("new") {
            None | Some(Value::Null | Value::Bool(false)) => {}
            Some(Value::Bool(true)) => drop(rest.insert("returnDocument".into(), "after".into())),
            Some(other) => drop(rest.insert("returnDocument".into(), other)),
        }
        let upserts = rest.get("upsert") == Some(&Value::Bool(true));
        let action = match rest.get("update") {
            _ if removes => "findOneAndDelete",
            Some(update) if is_replacement(update) => {
                rename(&mut rest, "update", "replacement");
                "findOneAndReplace"
            }
            _ => "findOneAndUpdate",
        };
        let value = self.act(action, rest)?.shift_remove("document").unwrap_or_default();
        let found = !value.is_null();
        let mut last = json!({"n": int(i64::from(found || upserts))});
        if !removes && let Value::Object(last) = &mut last {
            last.insert("updatedExisting".into(), Value::Bool(found));
        }
        Ok(reply([("lastErrorObject", last), ("value", value)]))
    }

    fn count(&self, mut rest: Body) -> Outcome<Body> {
        rename(&mut rest, "query", "filter");
        let answer = self.act("countDocuments", rest)?;
        Ok(reply([("n", answer.get("count").cloned().unwrap_or_default())]))
    }

    fn distinct(&self, mut rest: Body) -> Outcome<Body> {
        rename(&mut rest, "key", "field");
        rename(&mut rest, "query", "filter");
        let answer = self.act("distinct", rest)?;
        Ok(reply([("values", answer.get("values").cloned().unwrap_or_default())]))
    }

    fn create_indexes(&self, rest: Body) -> Outcome<Body> {
        self.structure("createIndexes", rest)
    }

    fn drop_indexes(&self, rest: Body) -> Outcome<Body> {
        self.structure("dropIndexes", rest)
    }

    fn structure(&self, action: &str, rest: Body) -> Outcome<Body> {
        let mut answer = self.act(action, rest)?;
        answer.insert("ok".into(), ok());
        Ok(answer)
    }

    fn act(&self, action: &str, body: Body) -> Outcome<Body> {
        match self.send(action, body) {
            Ok(Answer { is_success: true, body }) => Ok(body),
            Ok(Answer { body, .. }) => Err(failure(&body)),
            Err(error) => Err(Reply::Failure { code: None, text: format!("{error:#}") }),
        }
    }

    fn send(&self, action: &str, mut body: Body) -> anyhow::Result<Answer> {
        body.insert("dataSource".into(), "conformance".into());
        body.insert("database".into(), self.database.into());
        body.insert("collection".into(), self.collection.clone());
        self.client.act(action, body)
    }
}

/// Codes that tell of a document and not of the command: a duplicate key, a validator.
const DOCUMENT_FAULTS: [i64; 2] = [11000, 121];

fn failure(body: &Body) -> Reply {
    let text = body.get("error").and_then(Value::as_str).unwrap_or_default().to_owned();
    Reply::Failure { code: body.get("code").and_then(as_integer), text }
}

impl Written {
    fn fields(&self) -> Body {
        let mut fields = reply([("n", int(self.n))]);
        if !self.errors.is_empty() {
            fields.insert("writeErrors".into(), self.errors.clone().into());
        }
        fields
    }
}

/// The whole number that canonical Extended JSON tells, of any numeric type.
pub fn as_integer(value: &Value) -> Option<i64> {
    let (_, text) = value.as_object()?.iter().next()?;
    let number: f64 = text.as_str()?.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "the guard keeps to whole numbers that fit")]
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

fn update_request(mut statement: Body) -> Outcome<(&'static str, Body)> {
    rename(&mut statement, "q", "filter");
    let is_multi = match statement.shift_remove("multi") {
        None | Some(Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        Some(_) => return Err(Reply::Inexpressible("multi that is no boolean".into())),
    };
    match statement.get("u") {
        Some(update) if is_replacement(update) && !is_multi => {
            rename(&mut statement, "u", "replacement");
            Ok(("replaceOne", statement))
        }
        _ => {
            rename(&mut statement, "u", "update");
            Ok((if is_multi { "updateMany" } else { "updateOne" }, statement))
        }
    }
}

/// An update whose first field is no operator replaces the document; a wrapped value is no document at all.
fn is_replacement(update: &Value) -> bool {
    update.as_object().is_some_and(|update| update.keys().next().is_none_or(|key| !key.starts_with('$')))
}

fn rename(body: &mut Body, from: &str, to: &str) {
    if let Some(value) = body.shift_remove(from) {
        body.insert(to.into(), value);
    }
}

fn reply<const N: usize>(fields: [(&str, Value); N]) -> Body {
    let mut reply: Body = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    reply.insert("ok".into(), ok());
    reply
}

fn ok() -> Value {
    json!({"$numberDouble": "1.0"})
}

fn int(number: i64) -> Value {
    json!({"$numberInt": number.to_string()})
}

fn number(value: Option<&Value>) -> i64 {
    value.and_then(as_integer).unwrap_or_default()
}
