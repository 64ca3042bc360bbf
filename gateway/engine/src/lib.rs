//! The embedded document engine: MongoDB semantics over SQLite.
