//! Webhooks: what third parties send, checked, stored and answered in one trip.
