//! Who may call: bearer, its end, the organisation, the scope, the limits.

use super::identity::is_allowed;
use super::limits;
use crate::wire::{Call, Reply};
use crate::world::World;
use chrono::DateTime;
use http::Method;
use serde_json::json;
use std::sync::Arc;

/// A call that may proceed.
pub(crate) struct Admitted {
    /// Index of the organisation's books.
    pub(crate) books: usize,
    pub(crate) tenant_id: String,
    /// Counts the call as running until it is dropped.
    _running: Option<Arc<()>>,
}

pub(crate) fn admit(world: &mut World, call: &Call) -> Result<Admitted, Reply> {
    let Some(access) = call.bearer().and_then(|token| world.xero.tokens.find(token)) else {
        return Err(refusal(world, 401, "Unauthorized", "AuthenticationUnsuccessful"));
    };
    let access = access.clone();
    if access.expires_at_ms <= world.clock.now_ms() {
        let at = DateTime::from_timestamp_millis(access.expires_at_ms).unwrap_or_default();
        let detail = format!("TokenExpired: token expired at {}", at.format("%m/%d/%Y %H:%M:%S"));
        return Err(refusal(world, 401, "Unauthorized", &detail));
    }
    if call.path == "/connections" {
        return Ok(Admitted { books: 0, tenant_id: String::new(), _running: None });
    }
    let tenant_id = call.header("xero-tenant-id").unwrap_or("").to_owned();
    let books = world.xero.books.iter().position(|books| books.organisation.tenant_id == tenant_id);
    let Some(books) = books.filter(|_| access.tenant_ids.contains(&tenant_id)) else {
        return Err(refusal(world, 403, "Forbidden", "AuthenticationUnsuccessful"));
    };
    if !is_allowed(&access.scopes, &wanted_scope(world, call)) {
        let reply = refusal(world, 401, "Unauthorized", "AuthorizationUnsuccessful");
        return Err(reply.with("www-authenticate", "insufficient_scope"));
    }
    let running = limits::count(world, &tenant_id)?;
    Ok(Admitted { books, tenant_id, _running: Some(running) })
}

fn wanted_scope(world: &World, call: &Call) -> String {
    let scope = match call.segments().get(2) {
        Some(&"Contacts") => "accounting.contacts",
        Some(&"Quotes") => &world.config.quote_scope,
        _ => "accounting.invoices",
    };
    if call.method == Method::GET { format!("{scope}.read") } else { scope.to_owned() }
}

fn refusal(world: &mut World, status: u16, title: &str, detail: &str) -> Reply {
    let instance = world.xero.ids.guid();
    let body = json!({
        "Type": null, "Title": title, "Status": status, "Detail": detail, "Instance": instance, "Extensions": {},
    });
    Reply::json(status, &body)
}
