//! Billing: quotes, milestones and invoices, to the cent.
