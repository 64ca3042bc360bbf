//! Another tenant's records are not there: 404, a list without them, a reference that is refused; and nothing of them changes.

use crate::table::{ENDPOINTS, shows_nothing_of};
use crate::world::World;

#[tokio::test]
async fn cross_tenant() {
    let (ours, theirs) = (World::new().await, World::new().await);
    let before = theirs.snapshot().await;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.is_public()) {
        for role in endpoint.roles {
            let answer = match endpoint.foreign {
                Some(body) => {
                    ours.member(*role)
                        .caller()
                        .request(endpoint.method(), &endpoint.path(&theirs))
                        .json(&body(&theirs))
                        .send()
                        .await
                }
                None => endpoint.call(&ours, *role, &theirs).send().await,
            };
            let what = format!("{} as {role:?}: {} {}", endpoint.route, answer.status, answer.text);
            if endpoint.record.is_some() || endpoint.route == "POST /v1/auth/switch" {
                assert_eq!(answer.status, 404, "{what}");
            } else if endpoint.foreign.is_some() {
                assert!(matches!(answer.status, 404 | 422), "{what}");
            }
            assert!(shows_nothing_of(&answer, &theirs, &endpoint.path(&theirs)), "{what}");
        }
    }
    assert_eq!(theirs.snapshot().await, before);
}
