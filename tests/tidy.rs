//! Invariants of the workspace.
