//! All endpoints of all functions, as their own tables say them.

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

/// The function that a path belongs to, by its first two segments.
pub fn router_of(path: &str) -> Option<(&'static str, Make)> {
    let head = |path: &str| path.split('/').take(3).collect::<Vec<_>>().join("/");
    let wanted = head(path);
    let found = FUNCTIONS.iter().find(|(_, routes, _)| routes.iter().any(|route| head(route.path) == wanted));
    found.map(|(name, _, router)| (*name, *router))
}
