//! `Idempotency-Key`: the same request again gets the first answer and no second effect.

use super::access::Admitted;
use super::invalid;
use crate::wire::{Call, Reply};
use crate::world::World;
use hmac_sha256::Hash;
use http::Method;
use std::collections::HashMap;

const KEY_LIMIT: usize = 128;

/// Answers by organisation and key.
#[derive(Default)]
pub(crate) struct Replays(HashMap<(String, String), Kept>);

struct Kept {
    fingerprint: [u8; 32],
    reply: Reply,
}

/// The reply, and whether it is an earlier one.
pub(crate) fn once(
    world: &mut World,
    call: &Call,
    admitted: &Admitted,
    work: fn(&mut World, &Call, usize) -> Reply,
) -> (Reply, bool) {
    let key = call.header("idempotency-key").filter(|_| call.method != Method::GET);
    let Some(key) = key else {
        return (work(world, call, admitted.books), false);
    };
    if key.is_empty() || key.len() > KEY_LIMIT {
        return (invalid(&["The Idempotency-Key must have 1 to 128 characters".into()], None), false);
    }
    let place = (admitted.tenant_id.clone(), key.to_owned());
    let fingerprint = fingerprint(call);
    if let Some(kept) = world.xero.replays.0.get(&place) {
        if kept.fingerprint == fingerprint {
            return (kept.reply.clone(), true);
        }
        let message = "The Idempotency-Key was used with another request".to_owned();
        return (invalid(&[message], None), false);
    }
    let reply = work(world, call, admitted.books);
    if reply.status < 500 {
        world.xero.replays.0.insert(place, Kept { fingerprint, reply: reply.clone() });
    }
    (reply, false)
}

fn fingerprint(call: &Call) -> [u8; 32] {
    let mut hash = Hash::new();
    hash.update(call.method.as_str().as_bytes());
    hash.update(b" ");
    hash.update(call.path.as_bytes());
    hash.update(b"\n");
    hash.update(&call.body);
    hash.finalize()
}
