//! A role that lacks the permission is refused, and nothing changes; a role that has it is not refused for its role.

use domain::role::ROLES;

use crate::table::ENDPOINTS;
use crate::world::World;

#[tokio::test]
async fn wrong_role() {
    let world = World::new().await;
    let before = world.snapshot().await;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.is_public()) {
        for role in ROLES.iter().filter(|role| !endpoint.roles.contains(role)) {
            let answer = endpoint.call(&world, *role, &world).send().await;
            assert_eq!(answer.status, 403, "{} as {role:?}: {}", endpoint.route, answer.text);
        }
    }
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn wrong_role_is_never_said_to_a_right_one() {
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.is_public() && !endpoint.streams()) {
        let world = World::new().await;
        for role in endpoint.roles {
            let answer = endpoint.call(&world, *role, &world).send().await;
            assert_ne!(answer.status, 403, "{} as {role:?}: {}", endpoint.route, answer.text);
        }
    }
}
