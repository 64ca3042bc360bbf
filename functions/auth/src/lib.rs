//! Auth: who somebody is, and in which tenant they work.
