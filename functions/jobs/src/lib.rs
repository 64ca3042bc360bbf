//! Jobs: what must happen after a commit, worked under a lease until it has happened once.
