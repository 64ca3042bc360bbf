//! All endpoints of all functions, as their own tables say them.

use domain::entities::{API_KEY, CREDENTIAL, FIELD_DEFINITION, LOGIN, MEMBERSHIP, PRIVACY_REQUEST, TENANT};
use domain::{Entity, entities};
use edge::{Route, Router};

/// What makes the router of a function.
type Make = fn() -> Router;

/// Every function's table of routes and its router.
static FUNCTIONS: &[(&str, &[Route], Make)] = &[
    ("auth", auth::ROUTES, auth::router),
    ("bids", bids::ROUTES, bids::router),
    ("billing", billing::ROUTES, billing::router),
    ("chat", chat::ROUTES, chat::router),
    ("fields", fields::ROUTES, fields::router),
    ("jobs", jobs::ROUTES, jobs::router),
    ("keys", keys::ROUTES, keys::router),
    ("leads", leads::ROUTES, leads::router),
    ("notifications", notifications::ROUTES, notifications::router),
    ("people", people::ROUTES, people::router),
    ("oidc", oidc::ROUTES, oidc::router),
    ("policy", policy::ROUTES, policy::router),
    ("profile", profile::ROUTES, profile::router),
    ("privacy", privacy::ROUTES, privacy::router),
    ("tenants", tenants::ROUTES, tenants::router),
    ("webhooks", webhooks::ROUTES, webhooks::router),
    ("xero", xero::ROUTES, xero::router),
];

/// Every endpoint with the name of its function.
pub fn endpoints() -> impl Iterator<Item = (&'static str, &'static Route)> {
    FUNCTIONS.iter().flat_map(|(name, routes, _)| routes.iter().map(move |route| (*name, route)))
}

/// Whose records paths are about that do not begin with the entity's collection.
const PATHS: &[(&str, &Entity)] = &[
    ("/v1/api-keys", &API_KEY),
    ("/v1/fields", &FIELD_DEFINITION),
    ("/v1/me/credentials", &CREDENTIAL),
    ("/v1/members", &MEMBERSHIP),
    ("/v1/operator/tenants", &TENANT),
    ("/v1/privacy/requests", &PRIVACY_REQUEST),
    ("/v1/profile", &MEMBERSHIP),
    ("/v1/profiles", &MEMBERSHIP),
    ("/v1/service-accounts", &MEMBERSHIP),
    ("/v1/sessions", &LOGIN),
];

/// The entity whose records a route is about: what it serves, or whose ids stand in its path.
pub fn about(route: &Route) -> Option<&'static Entity> {
    let is_under = |start: &str| route.path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with("/{"));
    let by_path = PATHS.iter().find(|(start, _)| is_under(start)).map(|(_, entity)| *entity);
    let collection = route.path.split('/').nth(2)?;
    let by_collection = || entities::ALL.iter().copied().find(|entity| entity.collection == collection);
    route.entity.or(by_path).or_else(by_collection)
}

/// The function that a path belongs to, by its first two segments.
pub fn router_of(path: &str) -> Option<(&'static str, Make)> {
    let head = |path: &str| path.split('/').take(3).collect::<Vec<_>>().join("/");
    let wanted = head(path);
    let found = FUNCTIONS.iter().find(|(_, routes, _)| routes.iter().any(|route| head(route.path) == wanted));
    found.map(|(name, _, router)| (*name, *router))
}
