//! What an integration of each kind is set up with, and the hook that follows from it.

use domain::entity::{Field, object, opaque, text};
use domain::{Doc, Error, Violation, id, money, validate};
use edge::Call;
use integrations::typeform::Mapping;
use serde_json::Value;
use store::proof::Hook;

/// Where a form's answers may go: whatever a stranger fills in decides nothing else.
const TARGETS: &[&str] = &[
    "person.name",
    "person.email",
    "person.phone",
    "person.company_name",
    "lead.category",
    "lead.description",
    "lead.requirements",
    "lead.skills",
    "lead.budget",
    "lead.budget_min",
    "lead.budget_max",
    "lead.start_date",
    "lead.end_date",
    "lead.product",
    "lead.licenses",
];

const TYPEFORM: &[Field] = &[
    object("config", &[opaque("mapping", 20_000), text("default_currency", 3), text("category", 80)]),
    object("credentials", &[text("signing_secret", 500).required()]).required(),
];

const XERO: &[Field] = &[
    object("config", &[text("account_code", 10).required(), text("tax_type", 50), text("scopes", 1_000)]).required(),
    object(
        "credentials",
        &[
            text("client_id", 200).required(),
            text("client_secret", 500).required(),
            text("webhook_key", 500).required(),
            text("tenant_id", 64).required(),
        ],
    )
    .required(),
];

/// The path that a kind's deliveries come in by, and the credential that signs them.
const HOOKS: &[(&str, &str, &str)] = &[("typeform", "forms", "signing_secret"), ("xero", "xero", "webhook_key")];

/// Credentials as they were found right.
pub struct Credentials(Value);

/// What tells that a key is an integration's current one, and tells nothing else of it.
pub fn digest(key: &str) -> String {
    id::derived("hook", &[key])
}

/// Expects configuration and credentials to be those of the kind.
pub fn check(kind: &str, config: Option<&Value>, credentials: Option<Value>) -> Result<Credentials, Error> {
    let fields = if kind == "xero" { XERO } else { TYPEFORM };
    let given = [("config", config.cloned()), ("credentials", credentials)];
    let given: Doc = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let mut checked = validate::input(fields, given)?;
    if let Some(config) = checked.get("config") {
        check_config(config)?;
    }
    Ok(Credentials(checked.remove("credentials").unwrap_or_default()))
}

/// The stored credentials.
pub fn read(integration: &Doc) -> Result<Value, Error> {
    let text = integration.get("credentials").and_then(Value::as_str);
    text.and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| Error::internal("the credentials of an integration cannot be opened"))
}

impl Credentials {
    /// Puts the credentials into an integration.
    pub fn write(&self, integration: &mut Doc) {
        integration.insert("credentials".to_owned(), self.0.to_string().into());
    }

    /// Puts the hook of these credentials into an integration: nobody can tell the key's parts, and another secret has another key.
    pub fn hook(&self, call: &Call, tenant: &str, id: &str, integration: &mut Doc) {
        let kind = integration.get("kind").and_then(Value::as_str).unwrap_or_default();
        let Some((kind, path, secret)) = HOOKS.iter().find(|(known, ..)| *known == kind) else { return };
        let secret = self.0.get(secret).and_then(Value::as_str).unwrap_or_default();
        let hook = Hook::new(tenant, id, kind, secret);
        let key = hook.key(call.store.vault(), call.store.random());
        let url = format!("{}/v1/hooks/{path}/{key}", call.config.public_url);
        integration.insert("hook_url".to_owned(), url.into());
        integration.insert("hook_digest".to_owned(), digest(&key).into());
    }

    /// Whether deliveries are signed as they were with other credentials.
    pub fn signs_as(&self, other: &Value) -> bool {
        HOOKS.iter().all(|(_, _, secret)| self.0.get(secret) == other.get(secret))
    }
}

fn check_config(config: &Value) -> Result<(), Error> {
    if let Some(mapping) = config.get("mapping") {
        let wrong = |detail: String| Error::from(Violation::on("config/mapping", "bad-mapping", detail));
        Mapping::parse(mapping).map_err(|malformed| wrong(format!("The mapping {malformed}.")))?;
        let targets = mapping.as_object().into_iter().flat_map(Doc::values).filter_map(Value::as_str);
        if let Some(target) = targets.into_iter().find(|target| !TARGETS.contains(target)) {
            return Err(wrong(format!("An answer cannot go to {target}; it can go to {}.", TARGETS.join(", "))));
        }
    }
    match config.get("default_currency").and_then(Value::as_str) {
        Some(code) if money::exponent(code).is_none() => {
            Err(Violation::on("config/default_currency", "unknown-currency", "Expected a currency code of ISO 4217.").into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(kind: &str, config: Value, credentials: Value) -> Option<String> {
        let error = check(kind, Some(&config), Some(credentials)).err()?;
        Some(format!("{:?} {}", error.violations[0].place, error.violations[0].code))
    }

    #[test]
    fn each_kind_has_its_own_configuration_and_credentials() {
        let (secret, xero) = (
            json!({ "signing_secret": "s" }),
            json!({ "client_id": "c", "client_secret": "s", "webhook_key": "k", "tenant_id": "t" }),
        );
        let cases = [
            ("typeform", json!({}), secret.clone(), None),
            ("typeform", json!({ "mapping": { "q1": "lead.category" }, "default_currency": "JPY" }), secret.clone(), None),
            ("typeform", json!({ "mapping": { "q1": "lead.customer" } }), secret.clone(), Some("/config/mapping\") bad-mapping")),
            ("typeform", json!({ "mapping": ["q1"] }), secret.clone(), Some("/config/mapping\") bad-mapping")),
            ("typeform", json!({ "default_currency": "ABC" }), secret.clone(), Some("unknown-currency")),
            ("typeform", json!({ "account_code": "200" }), secret.clone(), Some("/config/account_code\") unknown-field")),
            ("typeform", json!({}), json!({}), Some("/credentials/signing_secret\") required")),
            ("xero", json!({ "account_code": "200" }), xero.clone(), None),
            ("xero", json!({}), xero, Some("/config/account_code\") required")),
            ("xero", json!({ "account_code": "200" }), secret, Some("/credentials/")),
        ];
        for (kind, config, credentials, expected) in cases {
            let found = refused(kind, config.clone(), credentials);
            match expected {
                None => assert_eq!(found, None, "{config}"),
                Some(part) => assert!(found.as_ref().is_some_and(|found| found.contains(part)), "{config} {found:?}"),
            }
        }
    }
}
