//! Stand-ins for outside services that check what the real ones check.
