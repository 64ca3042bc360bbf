//! The Data API server.
