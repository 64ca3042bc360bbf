//! Tokens: client credentials, single-use refresh tokens, and the list of connections.

use crate::clock::zoneless;
use crate::wire::{Call, Reply, form};
use crate::world::World;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Scopes that apps made after 2 March 2026 are refused.
const BROAD_SCOPES: &[&str] = &["accounting.transactions", "accounting.reports.read"];

/// All tokens given out.
pub(crate) struct Tokens {
    access: HashMap<String, Access>,
    refresh: String,
    count: u64,
}

/// What an access token opens.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) scopes: Vec<String>,
    pub(crate) tenant_ids: Vec<String>,
    pub(crate) expires_at_ms: i64,
}

impl Tokens {
    pub(crate) fn new(refresh: &str) -> Self {
        Self { access: HashMap::new(), refresh: refresh.into(), count: 0 }
    }

    pub(crate) fn find(&self, token: &str) -> Option<&Access> {
        self.access.get(token)
    }

    pub(crate) fn revoke_all(&mut self) {
        self.access.clear();
    }
}

pub(crate) fn answer(world: &mut World, call: &Call) -> Reply {
    if call.path != "/identity/connect/token" {
        return super::not_found();
    }
    if call.method != Method::POST {
        return Reply::empty(405);
    }
    if !call.has_media_type("content-type", "application/x-www-form-urlencoded") {
        return refusal("invalid_request");
    }
    grant(world, call).unwrap_or_else(refusal)
}

fn grant(world: &mut World, call: &Call) -> Result<Reply, &'static str> {
    let fields = form(std::str::from_utf8(&call.body).map_err(|_| "invalid_request")?);
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let expected = STANDARD.encode(format!("{}:{}", world.config.client_id, world.config.client_secret));
    if call.header("authorization") != Some(&format!("Basic {expected}")) {
        return Err("invalid_client");
    }
    match field("grant_type") {
        Some("client_credentials") => {
            let scopes: Vec<String> = match field("scope") {
                Some(scopes) => scopes.split_whitespace().map(str::to_owned).collect(),
                None => {
                    let scopes = world.config.scopes.iter().filter(|scope| *scope != "offline_access");
                    scopes.cloned().collect()
                }
            };
            let is_known = |scope: &String| is_allowed(&world.config.scopes, scope) && scope != "offline_access";
            if scopes.is_empty() || !scopes.iter().all(is_known) {
                return Err("invalid_scope");
            }
            let first = world.xero.books.iter().take(1).map(|books| books.organisation.tenant_id.clone());
            let tenant_ids = first.collect();
            Ok(token(world, scopes, tenant_ids, None))
        }
        Some("refresh_token") => {
            if field("refresh_token") != Some(&world.xero.tokens.refresh) {
                return Err("invalid_grant");
            }
            world.xero.tokens.count += 1;
            let next = format!("refresh-{}-{}", world.xero.ids.guid(), world.xero.tokens.count);
            world.xero.tokens.refresh.clone_from(&next);
            let tenant_ids = world.xero.books.iter().map(|books| books.organisation.tenant_id.clone()).collect();
            let scopes = world.config.scopes.clone();
            Ok(token(world, scopes, tenant_ids, Some(next)))
        }
        Some(_) => Err("unsupported_grant_type"),
        None => Err("invalid_request"),
    }
}

fn token(world: &mut World, scopes: Vec<String>, tenant_ids: Vec<String>, refresh: Option<String>) -> Reply {
    let token = format!("access-{}", world.xero.ids.guid());
    let expires_at_ms = world.clock.now_ms() + world.config.token_lasts_s * 1_000;
    let mut body = json!({
        "access_token": token, "expires_in": world.config.token_lasts_s, "token_type": "Bearer",
        "scope": scopes.join(" "),
    });
    if let Some((fields, refresh)) = body.as_object_mut().zip(refresh) {
        fields.insert("refresh_token".into(), refresh.into());
    }
    world.xero.tokens.access.insert(token, Access { scopes, tenant_ids, expires_at_ms });
    Reply::json(200, &body).with("cache-control", "no-store")
}

/// A scope covers its read-only half.
pub(crate) fn is_allowed(granted: &[String], wanted: &str) -> bool {
    let is_broad = BROAD_SCOPES.contains(&wanted) && !granted.iter().any(|scope| scope == wanted);
    let whole = wanted.strip_suffix(".read").unwrap_or(wanted);
    !is_broad && granted.iter().any(|scope| scope == wanted || scope == whole)
}

/// The organisations that the call's token opens.
pub(crate) fn connections(world: &mut World, call: &Call) -> Reply {
    let access = call.bearer().and_then(|token| world.xero.tokens.find(token)).cloned();
    let since = zoneless(world.clock.now_ms());
    let mut list = Vec::new();
    for books in &world.xero.books {
        let organisation = &books.organisation;
        if access.as_ref().is_some_and(|access| access.tenant_ids.contains(&organisation.tenant_id)) {
            list.push(json!({
                "id": organisation.tenant_id.replace('-', "").chars().rev().collect::<String>(),
                "tenantId": organisation.tenant_id, "tenantType": "ORGANISATION", "tenantName": organisation.name,
                "createdDateUtc": since, "updatedDateUtc": since,
            }));
        }
    }
    Reply::json(200, &Value::from(list))
}

fn refusal(error: &str) -> Reply {
    let status = if error == "invalid_client" { 401 } else { 400 };
    Reply::json(status, &json!({"error": error}))
}
