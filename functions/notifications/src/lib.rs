//! Notifications: who was told what, and the events behind it.
