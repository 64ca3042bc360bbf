//! SQLite with the same bytes, the same pragmas and as many b-trees, and nothing that knows what the bytes are.

use super::measure::{Contestant, Worker};
use super::work::{FEW, LISTED, TENANT, Work, existing, existing_of_many, id, lead, status, tenant};
use anyhow::{Context, Result, bail};
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;
    PRAGMA mmap_size = 268435456; PRAGMA temp_store = MEMORY;";
const INSERT: &str = "INSERT INTO {} (id, tenant, status, created, body) VALUES (?1, ?2, ?3, ?4, ?5)";

/// Readers have connections of their own, writers share one and take turns.
pub struct Sqlite {
    path: PathBuf,
    writer: Mutex<Connection>,
}

struct Reader<'a> {
    sqlite: &'a Sqlite,
    sql: Connection,
}

impl Sqlite {
    pub fn fill(path: &Path, many: i32) -> Result<Self> {
        let sql = open(path)?;
        sql.execute_batch("BEGIN; CREATE TABLE small (id TEXT NOT NULL UNIQUE, body BLOB NOT NULL)")?;
        for (table, documents) in [("leads", FEW), ("many", many), ("inserts", 0)] {
            sql.execute_batch(&format!(
                "CREATE TABLE {table} (id TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, status TEXT NOT NULL, created INTEGER NOT NULL, body BLOB NOT NULL);
                 CREATE INDEX {table}_list ON {table} (tenant, status, created DESC, id DESC)"
            ))?;
            for number in 0..documents {
                insert(&sql, table, number)?;
            }
        }
        sql.execute("INSERT INTO small (id, body) VALUES ('counter', x'00')", [])?;
        sql.execute_batch("COMMIT")?;
        Ok(Self { path: path.to_owned(), writer: Mutex::new(sql) })
    }
}

impl Contestant for Sqlite {
    fn worker(&self) -> Result<Box<dyn Worker + '_>> {
        Ok(Box::new(Reader { sqlite: self, sql: open(&self.path)? }))
    }
}

impl Worker for Reader<'_> {
    fn work(&mut self, work: Work, number: i32) -> Result<()> {
        match work {
            Work::FindOne => self.one("SELECT body FROM leads WHERE id = ?1", existing(number)),
            Work::FindOneOfMany => self.one("SELECT body FROM many WHERE id = ?1", existing_of_many(number)),
            Work::List => self.bodies(
                "SELECT body FROM leads WHERE tenant = ?1 AND status = 'open' ORDER BY created DESC, id DESC LIMIT 50",
                TENANT,
                LISTED,
            ),
            Work::ListOfMany => self.bodies(
                "SELECT body FROM many WHERE tenant = ?1 AND status = 'open' ORDER BY created DESC, id DESC LIMIT 50",
                TENANT,
                LISTED,
            ),
            Work::Group => self.bodies("SELECT body FROM leads WHERE ?1 IS NOT NULL", "", usize::try_from(FEW)?),
            Work::InsertOne => {
                let sql = self.sqlite.writer.lock().unwrap_or_else(PoisonError::into_inner);
                insert(&sql, "inserts", number)
            }
            Work::Transaction => {
                let sql = self.sqlite.writer.lock().unwrap_or_else(PoisonError::into_inner);
                sql.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
                insert(&sql, "inserts", number)?;
                for kind in ["event", "job"] {
                    let body = lead(number).to_vec()?;
                    let part = body.get(..100).context("a lead is longer")?;
                    sql.prepare_cached("INSERT INTO small (id, body) VALUES (?1, ?2)")?
                        .execute(params![format!("{kind}_{number}"), part])?;
                }
                let body = lead(existing(number)).to_vec()?;
                sql.prepare_cached("UPDATE leads SET body = ?2 WHERE id = ?1")?.execute(params![id(existing(number)), body])?;
                sql.prepare_cached("UPDATE small SET body = ?1 WHERE id = 'counter'")?.execute([number.to_be_bytes()])?;
                sql.prepare_cached("COMMIT")?.execute([])?;
                Ok(())
            }
        }
    }
}

impl Reader<'_> {
    fn one(&self, select: &str, number: i32) -> Result<()> {
        let mut select = self.sql.prepare_cached(select)?;
        let body: Vec<u8> = select.query_row([id(number)], |row| row.get(0))?;
        if body.is_empty() { bail!("an empty document") } else { Ok(()) }
    }

    fn bodies(&self, select: &str, parameter: &str, expected: usize) -> Result<()> {
        let mut select = self.sql.prepare_cached(select)?;
        let bodies = select.query_map([parameter], |row| row.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
        if bodies.len() != expected {
            bail!("{} documents", bodies.len());
        }
        Ok(())
    }
}

fn open(path: &Path) -> Result<Connection> {
    let sql = Connection::open(path)?;
    sql.busy_timeout(std::time::Duration::from_secs(10))?;
    sql.execute_batch(PRAGMAS)?;
    Ok(sql)
}

fn insert(sql: &Connection, table: &str, number: i32) -> Result<()> {
    let body = lead(number).to_vec()?;
    let mut insert = sql.prepare_cached(&INSERT.replace("{}", table))?;
    insert.execute(params![id(number), tenant(number), status(number), number, body])?;
    Ok(())
}
