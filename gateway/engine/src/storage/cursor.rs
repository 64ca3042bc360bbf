//! Reading candidates in batches: a cursor holds no statement open, so commands can nest.

use std::{collections::HashSet, sync::Arc};

use rusqlite::params;

use super::{Collection, Index, Store};
use crate::{error::Result, interrupt};

const FIRST_BATCH: usize = 64;
const LARGEST_BATCH: usize = 2048;

/// How candidates are found.
#[derive(Debug, Clone)]
pub(crate) enum Access {
    /// All documents, in the order of their insertion.
    Scan,
    /// By the keys of `_id`.
    Ids(Vec<Vec<u8>>),
    /// By a range of the keys of `_id`, in order.
    IdRange { range: Range, reverse: bool },
    /// By ranges of an index, in order.
    Index { index: Arc<Index>, ranges: Vec<Range>, reverse: bool },
    /// By words, through a text index.
    Text { index: Arc<Index>, query: String },
    /// Each in turn.
    Union(Vec<Access>),
}

/// Keys from `from` and below `to`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Range {
    pub from: Vec<u8>,
    pub to: Vec<u8>,
}

/// A stored document.
#[derive(Debug)]
pub(crate) struct Row {
    pub rid: i64,
    pub body: Vec<u8>,
}

/// Where reading stands.
pub(crate) struct Cursor {
    collection: i64,
    parts: Vec<Access>,
    range: usize,
    position: Option<(Vec<u8>, i64)>,
    batch: usize,
    seen: Option<HashSet<i64>>,
}

impl Cursor {
    /// `expected`: how many candidates the caller hopes to need.
    pub fn new(collection: &Collection, access: Access, expected: Option<usize>) -> Cursor {
        let repeats = match &access {
            Access::Union(_) => true,
            Access::Index { index, .. } => index.multikey != 0,
            Access::Scan | Access::Ids(_) | Access::IdRange { .. } | Access::Text { .. } => false,
        };
        let mut parts = match access {
            Access::Union(parts) => parts,
            single => vec![single],
        };
        parts.reverse();
        Cursor {
            collection: collection.id,
            parts,
            range: 0,
            position: None,
            batch: expected.unwrap_or(FIRST_BATCH).clamp(1, LARGEST_BATCH),
            seen: repeats.then(HashSet::new),
        }
    }

    /// The next candidates; empty when there are no more.
    pub fn next_batch(&mut self, store: &Store) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        while rows.is_empty() {
            interrupt::check()?;
            let Some(part) = self.parts.pop() else {
                break;
            };
            let finished = match &part {
                Access::Scan => self.scan(store, &mut rows)?,
                Access::Ids(ids) => self.ids(store, ids, &mut rows)?,
                Access::IdRange { range, reverse } => self.id_range(store, range, *reverse, &mut rows)?,
                Access::Index { index, ranges, reverse } => self.index(store, index, ranges, *reverse, &mut rows)?,
                Access::Text { index, query } => self.text(store, index, query, &mut rows)?,
                Access::Union(_) => true,
            };
            if finished {
                self.range = 0;
                self.position = None;
            } else {
                self.parts.push(part);
            }
            if let Some(seen) = &mut self.seen {
                rows.retain(|row| seen.insert(row.rid));
            }
        }
        self.batch = (self.batch * 4).min(LARGEST_BATCH);
        Ok(rows)
    }

    fn scan(&mut self, store: &Store, rows: &mut Vec<Row>) -> Result<bool> {
        let text = format!("SELECT rid, body FROM d_{} WHERE rid > ?1 ORDER BY rid LIMIT ?2", self.collection);
        let after = self.position.as_ref().map_or(i64::MIN, |(_, rid)| *rid);
        let mut statement = store.sql().prepare_cached(&text)?;
        let mut found = statement.query(params![after, self.batch as i64])?;
        while let Some(row) = found.next()? {
            rows.push(Row { rid: row.get(0)?, body: row.get(1)? });
        }
        self.position = rows.last().map(|row| (Vec::new(), row.rid));
        Ok(rows.len() < self.batch)
    }

    fn text(&mut self, store: &Store, index: &Index, query: &str, rows: &mut Vec<Row>) -> Result<bool> {
        let text = format!(
            "SELECT t.rowid, d.body FROM i_{id} t CROSS JOIN d_{} d ON d.rid = t.rowid
             WHERE t.i_{id} MATCH ?1 AND t.rowid > ?2 ORDER BY t.rowid LIMIT ?3",
            self.collection,
            id = index.id
        );
        let after = self.position.as_ref().map_or(i64::MIN, |(_, rid)| *rid);
        let mut statement = store.sql().prepare_cached(&text)?;
        let mut found = statement.query(params![query, after, self.batch as i64])?;
        while let Some(row) = found.next()? {
            rows.push(Row { rid: row.get(0)?, body: row.get(1)? });
        }
        self.position = rows.last().map(|row| (Vec::new(), row.rid));
        Ok(rows.len() < self.batch)
    }

    fn ids(&mut self, store: &Store, ids: &[Vec<u8>], rows: &mut Vec<Row>) -> Result<bool> {
        let text = format!("SELECT rid, body FROM d_{} WHERE id_key = ?1", self.collection);
        let mut statement = store.sql().prepare_cached(&text)?;
        for id in ids.iter().skip(self.range).take(self.batch) {
            let mut found = statement.query([id])?;
            if let Some(row) = found.next()? {
                rows.push(Row { rid: row.get(0)?, body: row.get(1)? });
            }
        }
        self.range += self.batch;
        Ok(self.range >= ids.len())
    }

    fn id_range(&mut self, store: &Store, range: &Range, reverse: bool, rows: &mut Vec<Row>) -> Result<bool> {
        let first = self.position.is_none();
        let (condition, order) = match (reverse, first) {
            (true, _) => ("id_key < ?1 AND id_key >= ?2", "DESC"),
            (false, true) => ("id_key >= ?1 AND id_key < ?2", "ASC"),
            (false, false) => ("id_key > ?1 AND id_key < ?2", "ASC"),
        };
        let text =
            format!("SELECT id_key, rid, body FROM d_{} WHERE {condition} ORDER BY id_key {order} LIMIT ?3", self.collection);
        let (start, end) = if reverse { (&range.to, &range.from) } else { (&range.from, &range.to) };
        let key = self.position.take().map_or_else(|| start.clone(), |(key, _)| key);
        let mut statement = store.sql().prepare_cached(&text)?;
        let mut found = statement.query(params![key, end, self.batch as i64])?;
        while let Some(row) = found.next()? {
            let rid = row.get(1)?;
            self.position = Some((row.get(0)?, rid));
            rows.push(Row { rid, body: row.get(2)? });
        }
        Ok(rows.len() < self.batch)
    }

    fn index(&mut self, store: &Store, index: &Index, ranges: &[Range], reverse: bool, rows: &mut Vec<Row>) -> Result<bool> {
        let at = if reverse { ranges.len().checked_sub(self.range + 1) } else { Some(self.range) };
        let Some(range) = at.and_then(|at| ranges.get(at)) else {
            return Ok(true);
        };
        let (condition, order) = if reverse {
            ("(i.key, i.rid) < (?1, ?2) AND i.key >= ?3", "DESC")
        } else {
            ("(i.key, i.rid) > (?1, ?2) AND i.key < ?3", "ASC")
        };
        let text = format!(
            "SELECT i.key, i.rid, d.body FROM i_{} i CROSS JOIN d_{} d ON d.rid = i.rid WHERE {condition} ORDER BY i.key {order}, i.rid {order} LIMIT ?4",
            index.id, self.collection
        );
        let (start, end) = if reverse { (&range.to, &range.from) } else { (&range.from, &range.to) };
        let (key, rid) = self.position.clone().unwrap_or_else(|| (start.clone(), i64::MIN));
        let mut statement = store.sql().prepare_cached(&text)?;
        let mut found = statement.query(params![key, rid, end, self.batch as i64])?;
        let mut last = None;
        let mut count = 0;
        while let Some(row) = found.next()? {
            let rid = row.get(1)?;
            last = Some((row.get(0)?, rid));
            count += 1;
            rows.push(Row { rid, body: row.get(2)? });
        }
        if count < self.batch {
            self.range += 1;
            self.position = None;
        } else {
            self.position = last;
        }
        Ok(self.range >= ranges.len())
    }
}
