//! Which path of the routes a request means, compared segment by segment: `{name}` stands for any one that is not empty.

use crate::Route;

/// The path of these routes that fits; of two, the one that spells out what the other leaves open.
pub fn find(routes: &'static [Route], path: &str) -> Option<&'static str> {
    // A brace sorts behind every letter.
    routes.iter().map(|route| route.path).filter(|pattern| fits(pattern, path)).min()
}

/// What a path that fits has in the place of a name.
pub fn param<'a>(pattern: &str, path: &'a str, name: &str) -> &'a str {
    let mut pairs = pattern.split('/').zip(path.split('/'));
    pairs.find(|(part, _)| open(part) == Some(name)).map_or("", |(_, segment)| segment)
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let takes = |part: &str, segment: &str| part == segment || open(part).is_some() && !segment.is_empty();
    pattern.split('/').all(|part| segments.next().is_some_and(|segment| takes(part, segment))) && segments.next().is_none()
}

/// The name in a part of a pattern that is open.
fn open(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, Reply};

    static ROUTES: [Route; 5] = [
        route("/v1/leads"),
        route("/v1/leads/{id}"),
        route("/v1/leads/mine"),
        route("/v1/leads/{id}/bids/{bid}"),
        route("/v1/{noun}/mine/bids/newest"),
    ];

    const fn route(path: &'static str) -> Route {
        Route::get(path, Access::Public, |_| Box::pin(async { Ok(Reply::empty(204)) }))
    }

    #[test]
    fn a_path_finds_the_pattern_that_says_most() {
        for (path, pattern) in [
            ("/v1/leads", Some("/v1/leads")),
            ("/v1/leads/lead_1", Some("/v1/leads/{id}")),
            ("/v1/leads/{id}", Some("/v1/leads/{id}")),
            ("/v1/leads/mine", Some("/v1/leads/mine")),
            ("/v1/leads/mines", Some("/v1/leads/{id}")),
            ("/v1/leads/mine/bids/newest", Some("/v1/leads/{id}/bids/{bid}")),
            ("/v1/people/mine/bids/newest", Some("/v1/{noun}/mine/bids/newest")),
            ("/v1/leads/", None),
            ("/v1/leads//bids/b", None),
            ("/v1/leads/a/bids", None),
            ("/v1/leads/a/bids/b/", None),
            ("/v1/Leads", None),
            ("v1/leads", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(find(&ROUTES, path), pattern, "{path}");
        }
    }

    #[test]
    fn parameters_are_what_stands_in_their_place() {
        let param = |name| param("/v1/leads/{id}/bids/{bid}", "/v1/leads/lead_1/bids/b%20c", name);
        assert_eq!([param("id"), param("bid"), param("leads"), param("")], ["lead_1", "b%20c", "", ""]);
    }
}
