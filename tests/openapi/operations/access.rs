//! Logging in, keys, members and roles, profiles.

use domain::entities::{CREDENTIAL, LOGIN, MEMBERSHIP, OWN_PROFILE, PAYOUT, PREFERENCES, STAFF_PROFILE, VERIFICATION};
use domain::entity::{Field, reference};
use serde_json::{Value, json};

use crate::operation::Gives::{Json, Nothing, Page, Record};
use crate::operation::{Operation, Takes, op};
use crate::schema::{all_of, made_of, named, of_input, patch_of, patch_of_some};

/// Every operation.
pub const OPERATIONS: &[Operation] = &[
    op("POST /v1/auth/signup", "Make a tenant with its owner").gives(Json(201, welcome)),
    op("POST /v1/auth/login", "Log in")
        .about("Keep the `device` of the answer and send it next time. 401 `second-factor-required` comes with a `challenge`.")
        .gives(Json(200, welcome)),
    op("POST /v1/auth/refresh", "Get new tokens")
        .about("Each refresh token works once; its reuse ends the login.")
        .gives(Json(200, tokens)),
    op("POST /v1/auth/logout", "End the login").gives(Nothing(204)),
    op("POST /v1/auth/switch", "Enter another tenant of the same person").gives(Json(200, tokens)),
    op("POST /v1/auth/accept-invite", "Join a tenant").gives(Json(200, welcome)).or(202, waiting),
    op("POST /v1/auth/password", "Change one's password").about("Ends one's other logins in all tenants.").gives(Nothing(204)),
    op("POST /v1/auth/password/forgot", "Ask for a mail to set a new password").gives(Json(202, empty)),
    op("POST /v1/auth/password/reset", "Set a new password by the token of a mail").gives(Nothing(204)),
    op("POST /v1/auth/totp", "Get a secret for an authenticator app").gives(Json(200, totp)),
    op("POST /v1/auth/totp/confirm", "Turn the second factor on").gives(Json(200, recovery)),
    op("POST /v1/auth/totp/recovery-codes", "Get new recovery codes").gives(Json(200, recovery)),
    op("DELETE /v1/auth/totp", "Turn the second factor off"),
    op("POST /v1/auth/proofs", "Prove again who one is")
        .about("The `proof` is asked for where something cannot be undone, such as where one is paid.")
        .gives(Json(200, proof)),
    op("POST /v1/auth/proofs/code", "Ask for a mail with a code to prove who one is").gives(Json(202, challenge)),
    op("POST /v1/auth/otp", "Ask for a mail with a code to log in with").gives(Json(202, challenge)),
    op("POST /v1/auth/otp/verify", "Log in with a code from a mail").gives(Json(200, welcome)),
    op("POST /v1/auth/second-factor", "Complete a login with a second factor").gives(Json(200, welcome)),
    op("POST /v1/auth/oidc", "Log in with a login elsewhere").gives(Json(200, welcome)),
    op("POST /v1/oidc/{provider}", "Turn an ID token into an assertion").gives(Json(200, assertion)),
    op("GET /v1/me/credentials", "One's own logins elsewhere").gives(Json(200, credentials)),
    op("POST /v1/me/credentials", "Link a login elsewhere").gives(Record(201, &CREDENTIAL)),
    op("DELETE /v1/me/credentials/{id}", "Take a login elsewhere away"),
    op("GET /v1/me", "Who one is, where, and what one may do").gives(Json(200, me)),
    op("GET /v1/me/permissions", "What one may do by now").gives(Json(200, permissions)),
    op("GET /v1/sessions", "One's own sessions, in all tenants").gives(Page(&LOGIN)),
    op("DELETE /v1/sessions/{id}", "End one of one's own sessions"),
    op("POST /v1/sessions/revoke-others", "End one's own sessions but this").gives(Nothing(204)),
    // keys
    op("GET /v1/api-keys", "List API keys"),
    op("POST /v1/api-keys", "Make an API key").about("The `key` is shown this once.").gives(Json(201, key)),
    op("GET /v1/api-keys/{id}", "Read an API key"),
    op("DELETE /v1/api-keys/{id}", "Revoke an API key"),
    op("POST /v1/api-keys/{id}/rotate", "Give an API key another secret").gives(Json(200, key)),
    op("POST /v1/service-accounts", "Make a service account").gives(Record(201, &MEMBERSHIP)),
    // policy
    op("GET /v1/members", "List members"),
    op("POST /v1/members", "Invite a member"),
    op("GET /v1/members/{id}", "Read a member"),
    op("PATCH /v1/members/{id}", "Change a member's role or status").gives(Record(200, &MEMBERSHIP)),
    op("POST /v1/members/{id}/activate", "Let a member work who has joined and waits").gives(Record(200, &MEMBERSHIP)),
    op("POST /v1/members/{id}/deactivate", "Make an active member wait").gives(Record(200, &MEMBERSHIP)),
    op("DELETE /v1/members/{id}", "Remove a member, or take an invitation back"),
    op("GET /v1/members/{id}/sessions", "The sessions of a member").gives(Page(&LOGIN)),
    op("DELETE /v1/members/{id}/sessions", "End all sessions of a member"),
    op("GET /v1/roles", "List the tenant's own roles"),
    op("POST /v1/roles", "Make a role"),
    op("POST /v1/roles/seed", "Make the roles of a set").gives(Json(200, seeded)),
    op("GET /v1/roles/{id}", "Read a role"),
    op("PATCH /v1/roles/{id}", "Change a role"),
    op("DELETE /v1/roles/{id}", "Delete a role"),
    op("POST /v1/roles/{id}/restore", "Restore a role"),
    op("GET /v1/teams", "List teams"),
    op("POST /v1/teams", "Make a team"),
    op("GET /v1/teams/{id}", "Read a team"),
    op("PATCH /v1/teams/{id}", "Change a team"),
    op("DELETE /v1/teams/{id}", "Delete a team"),
    op("POST /v1/teams/{id}/restore", "Restore a team"),
    op("POST /v1/teams/{id}/members", "Put members into a team, or take them out").gives(Record(200, &domain::entities::TEAM)),
    op("POST /v1/policy/keys/rotate", "Replace the key of personal values").gives(Json(202, status)),
    op("POST /v1/policy/keys/destroy", "Destroy the tenant's keys")
        .takes(Takes::Json(destroyed))
        .about("What they sealed cannot be read any more by anybody. There is no way back.")
        .gives(Nothing(204)),
    op("POST /v1/policy/explain", "Ask what a policy says, and why").gives(Json(200, ruling)),
    // profile
    op("GET /v1/profile", "One's own membership").gives(Record(200, &MEMBERSHIP)),
    op("PATCH /v1/profile", "Change one's own profile").takes(Takes::Json(own_profile)).gives(Record(200, &MEMBERSHIP)),
    op("GET /v1/profile/preferences", "One's own preferences").gives(Json(200, preferences)),
    op("PATCH /v1/profile/preferences", "Change one's own preferences")
        .takes(Takes::Json(|| patch_of(PREFERENCES)))
        .gives(Json(200, preferences)),
    op("GET /v1/profile/payout", "Where one is paid, but for its digits").gives(Json(200, payout)),
    op("POST /v1/profile/payout", "Set where one is paid").takes(Takes::Json(paid)).gives(Json(200, payout)),
    op("DELETE /v1/profile/payout", "Remove where one is paid").takes(Takes::Json(proof_alone)),
    op("PATCH /v1/profiles/{id}", "Change a member's profile").takes(Takes::Json(staff_profile)).gives(Record(200, &MEMBERSHIP)),
    op("GET /v1/profiles/{id}/payout", "Where a member is paid").gives(Json(200, payout)),
    op("GET /v1/verifications", "List verifications"),
    op("POST /v1/verifications", "Ask for a verification").takes(Takes::Json(asked)).or(200, || named("Verification")),
    op("GET /v1/verifications/{id}", "Read a verification"),
    op("POST /v1/verifications/{id}/verify", "Say that it is right").gives(Record(200, &VERIFICATION)),
    op("POST /v1/verifications/{id}/reject", "Say that it is not right").gives(Record(200, &VERIFICATION)),
];

fn text() -> Value {
    json!({ "type": "string" })
}

fn empty() -> Value {
    json!({ "type": "object" })
}

fn status() -> Value {
    all_of(json!({ "status": text() }))
}

/// A tenant and who one is in it.
fn place() -> Value {
    let mut member = all_of(json!({ "id": text(), "email": text(), "role": text() }));
    member["properties"]["name"] = text();
    json!({ "tenant": all_of(json!({ "id": text(), "name": text() })), "member": member })
}

fn tokens() -> Value {
    let mut properties = json!({
        "access_token": text(), "token_type": { "const": "Bearer" }, "expires_in": { "type": "integer" }, "refresh_token": text(),
    });
    extend(&mut properties, place());
    all_of(properties)
}

fn welcome() -> Value {
    let mut schema = tokens();
    schema["properties"]["device"] = text();
    schema
}

/// Who has joined, and waits to be activated.
fn waiting() -> Value {
    let mut properties = place();
    extend(&mut properties, json!({ "status": { "const": "pending" } }));
    all_of(properties)
}

fn extend(properties: &mut Value, more: Value) {
    if let (Value::Object(properties), Value::Object(more)) = (properties, more) {
        properties.extend(more);
    }
}

fn totp() -> Value {
    all_of(json!({ "secret": text(), "otpauth_url": { "type": "string", "format": "uri" } }))
}

fn recovery() -> Value {
    all_of(json!({ "recovery_codes": { "type": "array", "items": text() } }))
}

fn proof() -> Value {
    all_of(json!({ "proof": text(), "expires_in": { "type": "integer" } }))
}

fn challenge() -> Value {
    all_of(json!({ "challenge": text() }))
}

fn assertion() -> Value {
    let said = json!({ "type": ["string", "null"] });
    let until = json!({ "type": "string", "format": "date-time" });
    all_of(json!({ "assertion": text(), "expires_at": until, "email": said, "name": said, "avatar": said }))
}

fn credentials() -> Value {
    all_of(json!({ "data": { "type": "array", "items": named("Credential") } }))
}

fn me() -> Value {
    all_of(json!({
        "member": named("Membership"), "tenant": named("Tenant"), "role": text(), "permissions": reaches(),
        "memberships": { "type": "array", "items": all_of(place()) },
    }))
}

/// Permissions and how far each reaches.
fn reaches() -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "string", "enum": ["own", "team", "all"] } })
}

fn permissions() -> Value {
    let masks = json!({ "type": "string", "enum": ["hidden", "read_only"] });
    let of_entity = json!({ "type": "object", "additionalProperties": masks });
    let masks = json!({ "type": "object", "additionalProperties": of_entity });
    all_of(json!({ "role": text(), "permissions": reaches(), "masks": masks, "current": { "type": "boolean" } }))
}

fn key() -> Value {
    all_of(json!({ "api_key": text(), "key": text() }))
}

fn seeded() -> Value {
    let names = json!({ "type": "array", "items": all_of(json!({ "id": text(), "name": text() })) });
    all_of(json!({ "set": text(), "made": names, "kept": names }))
}

fn ruling() -> Value {
    let reach = json!({ "enum": ["own", "team", "all", null] });
    all_of(json!({ "allowed": { "type": "boolean" }, "rule": text(), "reach": reach, "detail": text() }))
}

fn preferences() -> Value {
    of_preferences(PREFERENCES)
}

fn of_preferences(fields: &[Field]) -> Value {
    let mut schema = of_input(fields);
    if let Value::Object(schema) = &mut schema {
        schema.remove("additionalProperties");
    }
    schema
}

/// With what `POST /v1/auth/proofs` answers.
fn with_proof(mut schema: Value) -> Value {
    schema["properties"]["proof"] = json!({ "type": ["string", "null"], "minLength": 1, "maxLength": 1000, "pattern": "\\S" });
    schema
}

fn proof_alone() -> Value {
    with_proof(of_input(&[]))
}

fn asked() -> Value {
    with_proof(made_of(&VERIFICATION))
}

fn destroyed() -> Value {
    with_proof(of_input(&[reference("tenant", "tenant").required()]))
}

fn paid() -> Value {
    with_proof(of_input(PAYOUT))
}

fn payout() -> Value {
    let account = json!({ "type": ["object", "null"], "additionalProperties": text() });
    all_of(json!({ "payout": account }))
}

fn own_profile() -> Value {
    patch_of_some(&MEMBERSHIP, OWN_PROFILE)
}

fn staff_profile() -> Value {
    patch_of_some(&MEMBERSHIP, &[OWN_PROFILE, STAFF_PROFILE, &["vendor"]].concat())
}
