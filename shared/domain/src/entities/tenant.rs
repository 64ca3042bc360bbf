//! Tenants, and the host names by which they are found.

use serde_json::Value;

use crate::entity::{
    Access, Entity, Fallback, Field, Kind, choice, date, email, integer, list, object, reference, status, text, unique,
};
use crate::plan::{self, FEATURES, PLAN_WORDS, SWITCHES};
use crate::rules::{Moment, Plain, Rules};
use crate::{Doc, Error, Time, Violation, doc};

/// A customer of ours: everything else belongs to one.
pub static TENANT: Entity = Entity {
    name: "tenant",
    collection: "tenants",
    prefix: "ten",
    fields: &[
        text("name", 200).required(),
        text("subdomain", LABEL_LEN_MAX),
        text("domain", 253),
        text("verified_domain", 253).read_only(),
        date("domain_verified_at").read_only(),
        choice("plan", PLAN_WORDS).read_only().default(Fallback::Word("basic")),
        status(&["active", "suspended", "cancelled"]),
        date("subscription_start").read_only(),
        date("subscription_end").read_only(),
        date("suspended_at").read_only(),
        date("cancelled_at").read_only(),
        date("erase_after").read_only(),
        integer("max_users", 0, LIMIT_MAX).read_only(),
        integer("max_leads", 0, LIMIT_MAX).read_only(),
        integer("max_users_override", 0, LIMIT_MAX).read_only().hidden(),
        integer("max_leads_override", 0, LIMIT_MAX).read_only().hidden(),
        list("features_enabled", &Kind::Choice(FEATURES), FEATURES.len()).read_only(),
        list("extra_features", &Kind::Choice(FEATURES), FEATURES.len()).read_only(),
        object("features", SWITCHES),
        object("billing_info", BILLING).encrypted(),
        object("branding", BRANDING),
        text("default_country", 2),
        choice("currency", &["EUR", "USD", "GBP"]),
    ],
    indexes: &[],
    access: Access::own(&[]),
    rules: &TenantRules,
};

/// A host name that a tenant holds. Its `tenant_id` is that of the platform, where no other tenant's name is the same.
pub static HOSTNAME: Entity = Entity {
    name: "hostname",
    collection: "hostnames",
    prefix: "hst",
    fields: &[text("name", 253).read_only(), reference("tenant", "tenant").read_only()],
    indexes: &[unique(&["name"])],
    access: Access::own(&[]),
    rules: &Plain,
};

/// More than anybody will have of anything.
pub const LIMIT_MAX: i64 = 1_000_000_000;

/// A label of a host name (RFC 1035, 2.3.4).
const LABEL_LEN_MAX: usize = 63;

/// Whom to bill; of a card nothing but what a receipt shows of it (PCI DSS 3.4).
const BILLING: &[Field] = &[
    text("contact_name", 200),
    email("contact_email"),
    text("address", 1_000),
    text("tax_id", 40),
    object("payment_method", &[text("token", 200).required(), text("brand", 40), text("last4", 4), text("expiry", 7)]),
];

const BRANDING: &[Field] = &[
    Field { kind: Kind::FileUrl, ..text("logo", 0) },
    text("primary_colour", 7),
    text("secondary_colour", 7),
    text("from_name", 100),
];

/// Names that are ours, or that people would take for ours.
const RESERVED: &[&str] = &[
    "abuse",
    "admin",
    "api",
    "app",
    "assets",
    "auth",
    "billing",
    "blog",
    "cdn",
    "dashboard",
    "data",
    "demo",
    "dev",
    "docs",
    "edgewise",
    "ftp",
    "help",
    "hostmaster",
    "imap",
    "internal",
    "login",
    "mail",
    "mx",
    "noreply",
    "ns",
    "ns1",
    "ns2",
    "operator",
    "pop",
    "postmaster",
    "root",
    "security",
    "sign-in",
    "signup",
    "smtp",
    "staging",
    "static",
    "status",
    "support",
    "test",
    "webhooks",
    "webmaster",
    "wpad",
    "www",
];

struct TenantRules;

impl Rules for TenantRules {
    /// A domain that was verified serves until another is, or until the tenant wants none.
    fn prepare(&self, tenant: &mut Doc, _moment: Moment<'_>) {
        if !tenant.contains_key("domain") {
            tenant.remove("verified_domain");
            tenant.remove("domain_verified_at");
        }
        plan::resolve(tenant);
    }

    fn check(&self, before: Option<&Doc>, after: &Doc, _moment: Moment<'_>) -> Vec<Violation> {
        let mut violations = Vec::new();
        let changed =
            |field: &str| doc::text(after, field).filter(|now| before.and_then(|doc| doc::text(doc, field)) != Some(now));
        violations.extend(changed("subdomain").and_then(wrong_subdomain));
        violations.extend(
            changed("domain")
                .filter(|domain| !is_domain(domain))
                .map(|_| Violation::on("domain", "bad-domain", "Expected a domain such as crm.example.com, in lower case.")),
        );
        let country =
            changed("default_country").filter(|code| !code.bytes().all(|byte| byte.is_ascii_uppercase()) || code.len() != 2);
        violations.extend(country.map(|_| Violation::on("default_country", "bad-country", "Expected two letters such as DE.")));
        wrong_parts(after, &mut violations);
        violations
    }
}

/// What is wrong with a subdomain, if anything is.
fn wrong_subdomain(name: &str) -> Option<Violation> {
    if RESERVED.contains(&name) || name.starts_with("xn--") {
        return Some(Violation::on("subdomain", "reserved", "This name is reserved."));
    }
    let detail = "Expected 3 to 63 letters a to z, digits and hyphens, beginning with a letter and not ending with a hyphen.";
    (!is_label(name) || name.len() < 3 || !name.starts_with(|first: char| first.is_ascii_lowercase()))
        .then(|| Violation::on("subdomain", "bad-subdomain", detail))
}

/// Formats within the objects.
fn wrong_parts(tenant: &Doc, violations: &mut Vec<Violation>) {
    let part = |object: &str, field: &str| tenant.get(object)?.get(field)?.as_str().map(str::to_owned);
    for field in ["primary_colour", "secondary_colour"] {
        let is_colour = |text: &String| {
            text.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        if part("branding", field).is_some_and(|text| !is_colour(&text)) {
            violations.push(Violation::at(format!("/branding/{field}"), "bad-colour", "Expected a colour such as #1a2b3c."));
        }
    }
    let last4 = tenant.get("billing_info").and_then(|billing| billing.get("payment_method")?.get("last4")?.as_str());
    if last4.is_some_and(|text| text.len() != 4 || !text.bytes().all(|byte| byte.is_ascii_digit())) {
        let pointer = "/billing_info/payment_method/last4".to_owned();
        violations.push(Violation::at(pointer, "bad-digits", "Expected the last four digits."));
    }
}

/// A label of a host name in lower case.
fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !label.is_empty()
        && label.len() <= LABEL_LEN_MAX
        && label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// A domain of two labels or more whose last is no number.
fn is_domain(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.contains('.') && name.split('.').all(is_label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// A subdomain from a tenant's name, told from others of the same name by random letters.
pub fn subdomain_of(name: &str, random: [u8; 6]) -> String {
    let mut label = String::new();
    for letter in name.chars() {
        let letter = letter.to_ascii_lowercase();
        match letter.is_ascii_alphanumeric() {
            true => label.push(letter),
            false if !label.is_empty() && !label.ends_with('-') => label.push('-'),
            false => {}
        }
        if label.len() == 40 {
            break;
        }
    }
    let label = label.trim_matches('-');
    let label = if label.starts_with(|first: char| first.is_ascii_lowercase()) { label.to_owned() } else { format!("t{label}") };
    format!("{label}-{}", super::personal_code(random).to_lowercase())
}

/// Whether a member enters a tenant: a cancelled one is for its owner alone, to take what there is, until it is erased.
pub fn may_enter(tenant: &Doc, member: &Doc, now: Time) -> bool {
    let ends = doc::text(tenant, "erase_after").and_then(Time::parse);
    match doc::text(tenant, "status").unwrap_or_default() {
        "active" | "suspended" => true,
        "cancelled" => doc::text(member, "role") == Some("owner") && ends.is_some_and(|ends| ends > now),
        _ => false,
    }
}

/// The tenant is not one to enter.
pub fn tenant_inactive() -> Error {
    Error::unauthenticated("tenant-inactive", "This tenant is not active.")
}

/// What anybody may know of a tenant, such as whoever sees its login page.
pub fn public_facts(tenant: &Doc) -> Doc {
    let may_brand =
        tenant.get("features_enabled").and_then(Value::as_array).is_some_and(|on| on.iter().any(|f| f == "custom_branding"));
    let shown = |field: &&str| *field != "branding" || may_brand;
    let fields = ["name", "subdomain", "branding"].into_iter().filter(|field| shown(field));
    fields.filter_map(|field| Some((field.to_owned(), tenant.get(field)?.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Time, validate};

    fn codes(input: Value) -> Vec<&'static str> {
        let mut input = doc::fields(input);
        input.insert("name".to_owned(), "Acme".into());
        let moment = Moment { now: Time::from_ms(0), viewer: None };
        validate::create(&TENANT, input, moment)
            .map_or_else(|error| error.violations.iter().map(|one| one.code).collect(), |_| Vec::new())
    }

    #[test]
    fn host_names_are_labels_of_letters_digits_and_hyphens() {
        for (name, expected) in [
            ("acme", None),
            ("acme-2", None),
            ("ac", Some("bad-subdomain")),
            ("2acme", Some("bad-subdomain")),
            ("acme-", Some("bad-subdomain")),
            ("Acme", Some("bad-subdomain")),
            ("a.cme", Some("bad-subdomain")),
            ("admin", Some("reserved")),
            ("xn--acme", Some("reserved")),
        ] {
            assert_eq!(codes(json!({ "subdomain": name })).first().copied(), expected, "{name}");
        }
        for (name, is_right) in [
            ("crm.acme.com", true),
            ("acme", false),
            ("CRM.acme.com", false),
            ("crm..com", false),
            ("10.0.0.1", false),
            ("-a.com", false),
            ("a b.com", false),
        ] {
            assert_eq!(codes(json!({ "domain": name })).is_empty(), is_right, "{name}");
        }
    }

    #[test]
    fn colours_countries_and_digits_are_of_their_form() {
        assert_eq!(
            codes(json!({ "branding": { "primary_colour": "red" }, "default_country": "de" })),
            ["bad-country", "bad-colour"]
        );
        let method = |last4: &str| json!({ "billing_info": { "payment_method": { "token": "pm_1", "last4": last4 } } });
        assert_eq!(codes(method("424")), ["bad-digits"]);
        assert!(codes(method("4242")).is_empty());
    }

    #[test]
    fn a_name_gives_a_subdomain() {
        for (name, expected) in [("Acme Roofing GmbH & Co.", "acme-roofing-gmbh-co-"), ("3M", "t3m-"), ("日本", "t-")] {
            let made = subdomain_of(name, [0, 1, 2, 3, 4, 5]);
            assert_eq!(made, format!("{expected}abcdef"));
            assert!(wrong_subdomain(&made).is_none(), "{made}");
        }
        assert!(is_label(&subdomain_of(&"long ".repeat(40), [9; 6])));
    }

    #[test]
    fn anybody_sees_branding_that_the_plan_allows() {
        let tenant =
            json!({ "_id": "ten_1", "name": "Acme", "branding": { "from_name": "A" }, "billing_info": { "tax_id": "1" } });
        let with = |on: Value| public_facts(&doc::with(&doc::fields(tenant.clone()), json!({ "features_enabled": on })));
        assert_eq!(Value::Object(with(json!([]))), json!({ "name": "Acme" }));
        assert_eq!(with(json!(["custom_branding"]))["branding"], json!({ "from_name": "A" }));
    }
}
