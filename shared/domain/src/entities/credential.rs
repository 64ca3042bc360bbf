//! Logins elsewhere that open an identity here, and the keys by which those who vouch for them sign.

use crate::entity::{Access, Entity, date, email, index, opaque, reference, text, unique};
use crate::rules::Plain;

/// A login at an outside provider that opens an identity. It is known by the provider's `subject`, which never changes hands;
/// an e-mail address does. Its `tenant_id` is that of the platform.
pub static CREDENTIAL: Entity = Entity {
    name: "credential",
    collection: "credentials",
    prefix: "crd",
    fields: &[
        reference("identity", "identity").read_only().hidden(),
        text("provider", 40).read_only(),
        text("subject", 255).read_only(),
        email("email").encrypted().read_only(),
    ],
    indexes: &[unique(&["provider", "subject"]), index(&["identity"])],
    access: Access::own(&[]),
    rules: &Plain,
};

/// The public keys of a provider as they were last fetched. Its id follows from where they are; its `tenant_id` is that of the
/// platform.
pub static KEY_SET: Entity = Entity {
    name: "key_set",
    collection: "key_sets",
    prefix: "jwk",
    fields: &[
        opaque("keys", 50_000).read_only(),
        date("fetched_at").read_only(),
        date("fresh_until").read_only(),
        date("fetch_after").read_only(),
        text("claim", 40).read_only().hidden(),
    ],
    indexes: &[],
    access: Access::own(&[]),
    rules: &Plain,
};
