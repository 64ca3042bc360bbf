//! The SQLite file: documents, index keys, the catalog.
//!
//! Each collection is a table `d_<id>(rid, id_key, body)` and each index a table `i_<id>(key, rid)`; the catalog's version is the file's
//! `user_version`, so that every connection notices a change by other connections. Each change of a document is a row of `oplog`, too.

mod catalog;
mod cursor;
mod index;
mod index_spec;
mod indexing;
pub(crate) mod oplog;
mod store;
mod text;

pub(crate) use self::{
    catalog::Collection,
    cursor::{Access, Cursor, Range, Row},
    index::Index,
    indexing::Asked,
    store::{Store, check_namespace, decode},
};
