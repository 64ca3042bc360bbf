//! How a tenant looks from outside: what a login page needs before anybody has logged in.

use domain::entities::public_facts;
use domain::{Error, doc};
use edge::{Call, Outcome, Reply};
use serde_json::Value;

/// The most that a host name has.
const NAME_LEN_MAX: usize = 253;

/// The tenant of a subdomain or a verified domain, as anybody may know it. Its id only says which of one's tenants to enter.
pub async fn get(call: &Call) -> Outcome {
    let name = host_name(call.query())?;
    let tenant = call.store.tenant_of_hostname(&name).await?.ok_or_else(Error::not_found)?;
    let mut facts = public_facts(&tenant);
    facts.insert("tenant".to_owned(), doc::text(&tenant, "_id").into());
    Ok(Reply::json(200, &Value::Object(facts)).with("cache-control", "public, max-age=60"))
}

fn host_name(query: &str) -> Result<String, Error> {
    let mut found = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let is_whole = value.contains('.') == (name == "domain");
        match (&*name, &found) {
            ("domain" | "subdomain", None) if is_whole && value.len() <= NAME_LEN_MAX => found = Some(value.to_ascii_lowercase()),
            ("domain" | "subdomain", None) => return Err(Error::parameter(&name, "Expected a host name.")),
            ("domain" | "subdomain", Some(_)) => return Err(Error::parameter(&name, "Expected one of domain and subdomain.")),
            _ => return Err(Error::parameter(&name, "There is no such parameter.")),
        }
    }
    found.ok_or_else(|| Error::parameter("domain", "Expected a domain or a subdomain."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_is_a_domain_or_a_subdomain() {
        assert_eq!(host_name("subdomain=Acme").unwrap(), "acme");
        assert_eq!(host_name("domain=crm.acme.com").unwrap(), "crm.acme.com");
        for bad in ["", "x=1", "domain=acme", "subdomain=a.b", "domain=a.b&subdomain=a", &format!("domain={}.b", "a".repeat(260))]
        {
            assert!(host_name(bad).is_err(), "{bad}");
        }
    }
}
