//! Quotes, projects, milestones and invoices.

use crate::operation::{Operation, op};

/// Every operation.
pub const OPERATIONS: &[Operation] = &[
    op("GET /v1/quotes", "List quotes"),
    op("GET /v1/quotes/{id}", "Read a quote"),
    op("PATCH /v1/quotes/{id}", "Change a draft quote"),
    op("POST /v1/quotes/{id}/send", "Send a quote to the customer"),
    op("POST /v1/quotes/{id}/accept", "Accept a quote").about("Makes the project, its milestones and draft invoices."),
    op("POST /v1/quotes/{id}/decline", "Decline a quote"),
    op("POST /v1/quotes/{id}/withdraw", "Withdraw a quote"),
    op("GET /v1/projects", "List projects"),
    op("GET /v1/projects/{id}", "Read a project"),
    op("PATCH /v1/projects/{id}", "Change a project"),
    op("POST /v1/projects/{id}/archive", "Archive a project"),
    op("POST /v1/projects/{id}/unarchive", "Take a project out of the archive"),
    op("GET /v1/milestones", "List milestones"),
    op("GET /v1/milestones/{id}", "Read a milestone"),
    op("PATCH /v1/milestones/{id}", "Change a milestone"),
    op("GET /v1/invoices", "List invoices"),
    op("GET /v1/invoices/{id}", "Read an invoice"),
    op("PATCH /v1/invoices/{id}", "Change an invoice"),
    op("POST /v1/invoices/{id}/approve", "Approve an invoice"),
    op("POST /v1/invoices/{id}/pay", "Say that an invoice was paid").about("409 `xero-connected` where payments come from Xero."),
];
