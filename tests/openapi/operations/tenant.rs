//! The tenant, its settings, custom fields and integrations, and what its operator does.

use domain::entities::TENANT;
use serde_json::{Value, json};

use crate::operation::Gives::{Json, Nothing, Record};
use crate::operation::{Operation, Takes, op};
use crate::parameters::query;
use crate::schema::{all_of, named};

/// Every operation.
pub const OPERATIONS: &[Operation] = &[
    op("GET /v1/tenant", "Read the tenant").gives(Record(200, &TENANT)),
    op("PATCH /v1/tenant", "Change the tenant"),
    op("GET /v1/tenant/features", "Which features are there, and on").gives(Json(200, features)),
    op("GET /v1/tenant/usage", "How much of the limits is used").gives(Json(200, usage)),
    op("POST /v1/tenant/usage/recount", "Count what is limited anew").gives(Nothing(204)),
    op("GET /v1/tenant/domain", "The record that proves the domain").gives(Json(200, domain)),
    op("POST /v1/tenant/domain/verify", "Look for the record, and take the domain").gives(Record(200, &TENANT)),
    op("GET /v1/tenant/branding", "How a tenant looks, for a login page").query(host_name).gives(Json(200, branding)),
    op("GET /v1/settings", "List settings").gives(Json(200, settings)),
    op("PATCH /v1/settings", "Change settings").takes(Takes::Json(chosen)).gives(Json(200, settings)),
    op("GET /v1/operator/tenants/{id}", "Read any tenant").gives(Record(200, &TENANT)),
    op("PATCH /v1/operator/tenants/{id}", "Set a tenant's plan, limits and status").gives(Record(200, &TENANT)),
    op("POST /v1/operator/keys/rewrap", "Wrap all tenants' keys by the newest master key").gives(Json(202, status)),
    op("POST /v1/operator/tenants/{id}/keys", "Make keys for a tenant that never had any").gives(Json(202, status)),
    op("POST /v1/operator/tenants/{id}/jobs/retry", "Try jobs again that were laid aside").gives(Json(200, retried)),
    // fields
    op("GET /v1/fields", "List custom fields"),
    op("POST /v1/fields", "Define a custom field"),
    op("GET /v1/fields/schema", "The custom fields as JSON Schema").query(of_entity).gives(Json(200, object)),
    op("PUT /v1/fields/order", "Put the fields of an entity in order").gives(Json(200, ordered)),
    op("GET /v1/fields/{id}", "Read a custom field"),
    op("PATCH /v1/fields/{id}", "Change a custom field"),
    op("DELETE /v1/fields/{id}", "Delete a custom field that no record has"),
    op("POST /v1/fields/{id}/purge", "Take an archived field out of all records")
        .gives(Record(202, &domain::entities::FIELD_DEFINITION)),
    op("POST /v1/fields/{id}/restore", "Restore a custom field"),
    // integrations
    op("GET /v1/integrations", "List integrations"),
    op("POST /v1/integrations", "Connect an outside service").takes(Takes::Json(connected)),
    op("GET /v1/integrations/{id}", "Read an integration"),
    op("PATCH /v1/integrations/{id}", "Change an integration").takes(Takes::Json(reconnected)),
    op("DELETE /v1/integrations/{id}", "Disconnect an outside service"),
    op("POST /v1/integrations/{id}/restore", "Restore an integration"),
    op("POST /v1/hooks/forms/{key}", "Deliver the response to a form").gives(Json(200, received)),
    op("POST /v1/hooks/xero/{key}", "Deliver events of Xero").silent(&[401]).gives(Nothing(200)),
];

fn text() -> Value {
    json!({ "type": "string" })
}

fn flag() -> Value {
    json!({ "type": "boolean" })
}

fn object() -> Value {
    json!({ "type": "object" })
}

fn status() -> Value {
    all_of(json!({ "status": text() }))
}

fn retried() -> Value {
    all_of(json!({ "retried": { "type": "integer" } }))
}

fn received() -> Value {
    all_of(json!({ "received": flag() }))
}

fn features() -> Value {
    let mut feature = all_of(json!({ "is_available": flag() }));
    feature["properties"]["is_enabled"] = flag();
    json!({ "type": "object", "additionalProperties": feature })
}

fn usage() -> Value {
    let number = || json!({ "type": "integer" });
    let mut usage = all_of(json!({ "used": number() }));
    usage["properties"]["max"] = number();
    json!({ "type": "object", "additionalProperties": usage })
}

fn domain() -> Value {
    let record = all_of(json!({ "type": { "const": "TXT" }, "name": text(), "value": text() }));
    all_of(
        json!({ "domain": { "type": ["string", "null"] }, "is_verified": flag(), "record": { "anyOf": [record, { "type": "null" }] } }),
    )
}

fn branding() -> Value {
    let mut schema = all_of(json!({ "tenant": text() }));
    schema["properties"]["name"] = text();
    schema
}

fn host_name() -> Vec<Value> {
    vec![
        query("subdomain", text(), "The tenant's subdomain; or else its `domain`."),
        query("domain", text(), "The tenant's own domain."),
    ]
}

fn settings() -> Value {
    let setting = json!({
        "type": "object",
        "required": ["key", "type", "default"],
        "properties": { "key": text(), "type": text(), "value": {}, "default": {} },
    });
    all_of(json!({ "data": { "type": "array", "items": setting } }))
}

fn chosen() -> Value {
    crate::schema::patch_of(domain::settings::SETTINGS)
}

fn ordered() -> Value {
    all_of(json!({ "data": { "type": "array", "items": named("FieldDefinition") } }))
}

fn of_entity() -> Vec<Value> {
    let words = json!({ "type": "string", "enum": domain::entities::CUSTOMIZABLE });
    vec![query("entity", words, "The entity; without it all of them by their names.")]
}

fn connected() -> Value {
    let mut schema = crate::schema::made_of(&domain::entities::INTEGRATION);
    schema["properties"]["credentials"] = object();
    schema
}

fn reconnected() -> Value {
    let mut schema = crate::schema::patched_of(&domain::entities::INTEGRATION);
    schema["properties"]["credentials"] = object();
    schema
}
