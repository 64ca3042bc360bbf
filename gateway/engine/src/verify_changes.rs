//! Rechecks the log of changes: no gap, no change out of order, and the newest change of each document is its state.

use std::collections::HashSet;

use bson::{Bson, Document};
use rusqlite::OptionalExtension;

use crate::{
    depth,
    error::Result,
    key,
    storage::{
        Store,
        oplog::{ChangeKind, Mark},
    },
};

/// A row of the log.
struct Logged {
    mark: Mark,
    namespace: String,
    kind: Option<ChangeKind>,
    body: Vec<u8>,
}

/// Adds what is wrong, in words.
pub(crate) fn check(store: &Store, problems: &mut Vec<String>) -> Result<()> {
    let text = "SELECT seq, at_ms, total, namespace, kind, body FROM oplog ORDER BY seq DESC";
    let mut statement = store.sql().prepare(text)?;
    let mut rows = statement.query([])?;
    let mut later: Option<Logged> = None;
    let mut settled = Settled::default();
    while let Some(row) = rows.next()? {
        let logged = Logged {
            mark: Mark { seq: row.get(0)?, at_ms: row.get(1)?, total: row.get(2)? },
            namespace: row.get(3)?,
            kind: ChangeKind::from_number(row.get(4)?),
            body: row.get(5)?,
        };
        if let Some(fault) = later.as_ref().and_then(|later| fault_between(&logged, later)) {
            problems.push(format!("log: {fault} after change {}", logged.mark.seq));
        }
        if let Some(fault) = settled.check(store, &logged)? {
            problems.push(format!("log: change {} of {}: {fault}", logged.mark.seq, logged.namespace));
        }
        later = Some(logged);
    }
    Ok(())
}

fn fault_between(one: &Logged, next: &Logged) -> Option<&'static str> {
    let bytes = i64::try_from(next.namespace.len() + next.body.len()).ok()?;
    if next.mark.seq != one.mark.seq + 1 {
        Some("a change is missing")
    } else if next.mark.at_ms < one.mark.at_ms {
        Some("the time goes back")
    } else if next.mark.total != one.mark.total + bytes {
        Some("the bytes do not add up")
    } else {
        None
    }
}

/// What newer changes have settled already.
#[derive(Default)]
struct Settled {
    documents: HashSet<(String, Vec<u8>)>,
    dropped: HashSet<String>,
}

impl Settled {
    fn check(&mut self, store: &Store, logged: &Logged) -> Result<Option<&'static str>> {
        if logged.kind == Some(ChangeKind::Drop) {
            self.dropped.insert(logged.namespace.clone());
            return Ok(None);
        }
        let Ok(document) = depth::check_bytes(&logged.body).and_then(|()| Ok(Document::from_reader(logged.body.as_slice())?))
        else {
            return Ok(Some("it cannot be read"));
        };
        let id_key = key::of(document.get("_id").unwrap_or(&Bson::Null));
        if self.dropped.contains(&logged.namespace) || !self.documents.insert((logged.namespace.clone(), id_key.clone())) {
            return Ok(None);
        }
        let stored = stored(store, &logged.namespace, &id_key)?;
        Ok(match (logged.kind, stored) {
            (None, _) => Some("its kind is unknown"),
            (Some(ChangeKind::Delete), None) => None,
            (Some(ChangeKind::Delete), Some(_)) => Some("the document is there all the same"),
            (Some(_), Some(body)) if body == logged.body => None,
            (Some(_), _) => Some("the document is not what it was changed to"),
        })
    }
}

fn stored(store: &Store, namespace: &str, id_key: &[u8]) -> Result<Option<Vec<u8>>> {
    let (database, name) = namespace.split_once('.').unwrap_or((namespace, ""));
    let Some(collection) = store.collection(database, name)? else {
        return Ok(None);
    };
    let text = format!("SELECT body FROM d_{} WHERE id_key = ?1", collection.id);
    Ok(store.sql().prepare_cached(&text)?.query_row([id_key], |row| row.get(0)).optional()?)
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use crate::{Command, Engine, Mode};

    #[test]
    fn a_log_with_a_gap_or_a_lost_change_does_not_verify() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::open(&folder.path().join("test.db")).unwrap();
        for id in 0..5 {
            let mut session = engine.begin(Mode::Write).unwrap();
            session.run("d", &Command::InsertOne { collection: "c".into(), document: doc! {"_id": id} }).unwrap();
            session.commit().unwrap();
        }
        assert_eq!(engine.verify().unwrap(), Vec::<String>::new());
        let session = engine.begin(Mode::Write).unwrap();
        session.store().unwrap().execute("UPDATE d_1 SET body = (SELECT body FROM d_1 WHERE rid = 1) WHERE rid = 2").unwrap();
        session.store().unwrap().execute("DELETE FROM oplog WHERE seq = 4").unwrap();
        session.commit().unwrap();
        let problems = engine.verify().unwrap();
        let log: Vec<&String> = problems.iter().filter(|problem| problem.starts_with("log:")).collect();
        assert_eq!(log.len(), 2, "{problems:?}");
    }
}
