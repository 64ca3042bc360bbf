//! What a path asks for.

use data_api::Action;

/// What a path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Action(Action),
    Health,
    Ready,
    Metrics,
    Nothing,
}

impl Route {
    pub(crate) fn of(path: &str) -> Self {
        match path {
            "/health" => return Self::Health,
            "/ready" => return Self::Ready,
            "/metrics" => return Self::Metrics,
            _ => {}
        }
        action_name(path).and_then(Action::from_name).map_or(Self::Nothing, Self::Action)
    }

    /// The name under which the request is counted.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Action(action) => action.name(),
            Self::Health => "health",
            Self::Ready => "ready",
            Self::Metrics => "metrics",
            Self::Nothing => "",
        }
    }
}

/// `/app/<app>/endpoint/data/v1/action/<name>`, or `/v1/action/<name>` for short; the original answered under `beta` and with a slash
/// at the end as well.
fn action_name(path: &str) -> Option<&str> {
    let path = path.strip_suffix('/').unwrap_or(path);
    if let Some(name) = path.strip_prefix("/v1/action/") {
        return Some(name);
    }
    let (app, rest) = path.strip_prefix("/app/")?.split_once('/')?;
    let rest = rest.strip_prefix("endpoint/data/")?;
    let name = rest.strip_prefix("v1/action/").or_else(|| rest.strip_prefix("beta/action/"))?;
    (!app.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bases_lead_to_the_actions() {
        let table = [
            ("/v1/action/find", Route::Action(Action::Find)),
            ("/app/edgewise/endpoint/data/v1/action/findOneAndUpdate", Route::Action(Action::FindOneAndUpdate)),
            ("/app//endpoint/data/v1/action/find", Route::Nothing),
            ("/app/edgewise/endpoint/data/v1/action/mapReduce", Route::Nothing),
            ("/v1/action/find/", Route::Action(Action::Find)),
            ("/app/edgewise/endpoint/data/beta/action/find", Route::Action(Action::Find)),
            ("/app/edgewise/endpoint/data/beta/action/find/", Route::Action(Action::Find)),
            ("/v1/action/find//", Route::Nothing),
            ("/app/edgewise/endpoint/data/v2/action/find", Route::Nothing),
            ("/health", Route::Health),
            ("/", Route::Nothing),
        ];
        for (path, route) in table {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }
}
