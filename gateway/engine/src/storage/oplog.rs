//! The log of changes: one row per change, written in the change's transaction, numbered without a gap.
//!
//! `total` is the sum of the bytes up to and with its row, so that the rows beyond a bound are found without adding up.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::Result;

/// What happened to a document or to its collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// A new document.
    Insert,
    /// A document changed by an update.
    Update,
    /// A document replaced as a whole.
    Replace,
    /// A document that went, by expiry as well.
    Delete,
    /// A whole collection that went.
    Drop,
}

impl ChangeKind {
    fn number(self) -> i64 {
        match self {
            ChangeKind::Insert => 1,
            ChangeKind::Update => 2,
            ChangeKind::Replace => 3,
            ChangeKind::Delete => 4,
            ChangeKind::Drop => 5,
        }
    }

    pub(crate) fn from_number(number: i64) -> Option<ChangeKind> {
        Some(match number {
            1 => ChangeKind::Insert,
            2 => ChangeKind::Update,
            3 => ChangeKind::Replace,
            4 => ChangeKind::Delete,
            5 => ChangeKind::Drop,
            _ => return None,
        })
    }
}

/// What is known of a row without its document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub seq: i64,
    pub at_ms: i64,
    pub total: i64,
}

pub(super) fn create_table(sql: &Connection) -> Result<()> {
    sql.execute_batch(
        "CREATE TABLE IF NOT EXISTS oplog (
           seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, total INTEGER NOT NULL,
           namespace TEXT NOT NULL, kind INTEGER NOT NULL, body BLOB NOT NULL)",
    )?;
    Ok(())
}

/// `body`: the document after the change; of one that went its `_id` alone.
pub(crate) fn append(sql: &Connection, namespace: &str, kind: ChangeKind, body: &[u8], now_ms: i64) -> Result<()> {
    let last = newest(sql)?.unwrap_or_default();
    let bytes = i64::try_from(namespace.len() + body.len()).unwrap_or(i64::MAX);
    let text = "INSERT INTO oplog (seq, at_ms, total, namespace, kind, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    // A clock that goes back must not put a later change before an earlier one.
    let at_ms = now_ms.max(last.at_ms);
    let row = params![last.seq + 1, at_ms, last.total.saturating_add(bytes), namespace, kind.number(), body];
    sql.prepare_cached(text)?.execute(row)?;
    Ok(())
}

pub(crate) fn newest(sql: &Connection) -> Result<Option<Mark>> {
    let text = "SELECT seq, at_ms, total FROM oplog ORDER BY seq DESC LIMIT 1";
    Ok(sql.prepare_cached(text)?.query_row([], mark).optional()?)
}

pub(crate) fn oldest(sql: &Connection) -> Result<Option<Mark>> {
    let text = "SELECT seq, at_ms, total FROM oplog ORDER BY seq LIMIT 1";
    Ok(sql.prepare_cached(text)?.query_row([], mark).optional()?)
}

pub(crate) fn find(sql: &Connection, seq: i64) -> Result<Option<Mark>> {
    let text = "SELECT seq, at_ms, total FROM oplog WHERE seq = ?1";
    Ok(sql.prepare_cached(text)?.query_row([seq], mark).optional()?)
}

/// Removes the rows up to `seq`.
pub(crate) fn remove(sql: &Connection, seq: i64) -> Result<u64> {
    let removed = sql.prepare_cached("DELETE FROM oplog WHERE seq <= ?1")?.execute([seq])?;
    Ok(removed as u64)
}

fn mark(row: &Row<'_>) -> rusqlite::Result<Mark> {
    Ok(Mark { seq: row.get(0)?, at_ms: row.get(1)?, total: row.get(2)? })
}
