//! Reading the log of changes from a position on, and forgetting what is old.

use std::{fmt, str::FromStr};

use bson::Document;

use crate::{
    command::Mode,
    depth,
    engine::Engine,
    error::{Error, Result},
    matcher::Matcher,
    storage::{
        Store,
        oplog::{self, ChangeKind, Mark},
    },
};

/// MongoDB's number for a position that is no longer kept.
const HISTORY_LOST: i32 = 286;
/// The most rows that one reading looks at.
const ROWS: i64 = 1_000;
/// The bytes of documents after which a reading ends.
const BATCH_BYTES: usize = 256 << 10;
/// How many rows go in one write transaction, so that writers are not held up.
const REMOVED_AT_ONCE: i64 = 1_000;

/// A place in the log: after the change of this number, made at this time.
///
/// The time tells a log apart from another one that has come as far, such as one restored from a backup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    seq: i64,
    at_ms: i64,
}

/// One change of a document or of a collection.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The place just after it.
    pub position: Position,
    /// What happened.
    pub kind: ChangeKind,
    /// The document after the change; of one that went its `_id` alone; empty where the collection went.
    pub document: Document,
}

/// What one reading gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// The changes of the collection, in the order of their commits.
    pub changes: Vec<Change>,
    /// Where to go on reading.
    pub position: Position,
    /// Whether the end of the log was reached.
    pub at_end: bool,
}

/// How much of the log is kept; the newest change always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Changes.
    pub rows: u64,
    /// Bytes of documents.
    pub bytes: u64,
    /// Milliseconds since the change.
    pub age_ms: u64,
}

/// A parsed filter.
#[derive(Debug, Clone)]
pub struct Filter(Matcher);

impl Default for Kept {
    fn default() -> Kept {
        Kept { rows: 1_000_000, bytes: 128 << 20, age_ms: 24 * 3_600_000 }
    }
}

impl Filter {
    /// Any filter of find but one by `$text`.
    pub fn parse(filter: &Document) -> Result<Filter> {
        let matcher = Matcher::parse(filter)?;
        match matcher.text() {
            Some(_) => Err(Error::bad_value("$text is only allowed in a search")),
            None => Ok(Filter(matcher)),
        }
    }

    /// Whether the document satisfies it.
    pub fn matches(&self, document: &Document) -> Result<bool> {
        self.0.matches(document)
    }
}

impl Position {
    /// When the change before it was made.
    pub fn at_ms(&self) -> i64 {
        self.at_ms
    }

    /// The number of the change before it.
    pub fn sequence(&self) -> i64 {
        self.seq
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.seq, self.at_ms)
    }
}

impl FromStr for Position {
    type Err = Error;

    fn from_str(text: &str) -> Result<Position> {
        let number = |digits: &str| i64::from_str_radix(digits, 16).ok().filter(|number| *number >= 0);
        let position = text.split_once('-').and_then(|(seq, at_ms)| Some(Position { seq: number(seq)?, at_ms: number(at_ms)? }));
        // What is written otherwise was not made here.
        let made_here = position.filter(|position| position.to_string() == text);
        made_here.ok_or_else(|| Error::new(260, "the resume token is malformed"))
    }
}

impl From<Mark> for Position {
    fn from(mark: Mark) -> Position {
        Position { seq: mark.seq, at_ms: mark.at_ms }
    }
}

pub(crate) fn newest(engine: &Engine) -> Result<Position> {
    let session = engine.begin(Mode::Read)?;
    Ok(oplog::newest(session.store()?.sql())?.unwrap_or_default().into())
}

pub(crate) fn read(engine: &Engine, after: Position, database: &str, collection: &str) -> Result<Changes> {
    let session = engine.begin(Mode::Read)?;
    let store = session.store()?;
    check_kept(store, after)?;
    let namespace = format!("{database}.{collection}");
    let text = "SELECT seq, at_ms, namespace, kind, body FROM oplog WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    let mut statement = store.sql().prepare_cached(text)?;
    let mut rows = statement.query([after.seq, ROWS])?;
    let mut read = Changes { changes: Vec::new(), position: after, at_end: true };
    let (mut count, mut bytes) = (0, 0);
    while let Some(row) = rows.next()? {
        read.position = Position { seq: row.get(0)?, at_ms: row.get(1)? };
        count += 1;
        if row.get_ref(2)?.as_str().is_ok_and(|name| name == namespace) {
            let body = row.get_ref(4)?.as_blob().map_err(|_| corrupt())?;
            bytes += body.len();
            depth::check_bytes(body)?;
            let document = if body.is_empty() { Document::new() } else { Document::from_reader(body)? };
            let kind = ChangeKind::from_number(row.get(3)?).ok_or_else(corrupt)?;
            read.changes.push(Change { position: read.position, kind, document });
        }
        if bytes >= BATCH_BYTES || count == ROWS {
            read.at_end = false;
            break;
        }
    }
    Ok(read)
}

/// The change before the position has to be there: nothing after it is missing then.
fn check_kept(store: &Store, after: Position) -> Result<()> {
    let kept = match after {
        Position { seq: 0, .. } => oplog::oldest(store.sql())?.is_none_or(|oldest| oldest.seq == 1),
        _ => oplog::find(store.sql(), after.seq)?.is_some_and(|mark| Position::from(mark) == after),
    };
    match kept {
        true => Ok(()),
        false => Err(Error::new(HISTORY_LOST, "the changes after the resume token are no longer kept")),
    }
}

/// Removes what is over a bound; answers how many changes.
pub(crate) fn trim(engine: &Engine, now_ms: i64, kept: &Kept) -> Result<u64> {
    let last = {
        let session = engine.begin(Mode::Read)?;
        last_to_go(session.store()?, now_ms, kept)?
    };
    let Some((oldest, last)) = last else {
        return Ok(0);
    };
    let mut removed = 0;
    let mut upto = oldest - 1;
    while upto < last {
        upto = (upto + REMOVED_AT_ONCE).min(last);
        let session = engine.begin(Mode::Write)?;
        removed += oplog::remove(session.store()?.sql(), upto)?;
        session.commit()?;
    }
    Ok(removed)
}

/// The oldest change and the newest one that is over a bound. Older ones are too: found by halving, as the numbers have no gap.
fn last_to_go(store: &Store, now_ms: i64, kept: &Kept) -> Result<Option<(i64, i64)>> {
    let (Some(oldest), Some(newest)) = (oplog::oldest(store.sql())?, oplog::newest(store.sql())?) else {
        return Ok(None);
    };
    let signed = |bound: u64| i64::try_from(bound).unwrap_or(i64::MAX);
    let (rows, bytes, since) = (signed(kept.rows), signed(kept.bytes), now_ms.saturating_sub(signed(kept.age_ms)));
    let goes = |mark: Mark| newest.seq - mark.seq >= rows || newest.total - mark.total >= bytes || mark.at_ms < since;
    // `low` is not known to stay, `high` is.
    let (mut low, mut high) = (oldest.seq, newest.seq);
    while low < high {
        let middle = low + (high - low) / 2;
        match oplog::find(store.sql(), middle)? {
            Some(mark) if !goes(mark) => high = middle,
            _ => low = middle + 1,
        }
    }
    Ok((low > oldest.seq).then_some((oldest.seq, low - 1)))
}

fn corrupt() -> Error {
    Error::new(1, "storage: a row of the log cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written_and_no_other_way() {
        let position = Position { seq: 300, at_ms: 1_795_150_800_000 };
        assert_eq!(position.to_string().parse::<Position>().unwrap(), position);
        for text in ["", "1", "1-", "-1", "1-2-3", "01-2", "+1-2", "1-x", "1-2 ", "fffffffffffffffff-1"] {
            assert_eq!(text.parse::<Position>().unwrap_err().code, 260, "{text}");
        }
    }
}
