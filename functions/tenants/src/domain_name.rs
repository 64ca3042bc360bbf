//! A domain of the tenant's own: a text in its DNS proves that it is theirs.

use domain::entities::TENANT;
use domain::validate::{self, change};
use domain::{Doc, Error, doc, json};
use edge::{Call, Halt, Outcome, Reply, crud};
use integrations::dns;
use store::Vault;

use crate::tenant::{domain_taken, rename};

const DNS_URL: &str = "https://cloudflare-dns.com";

/// The domain, whether it is verified, and the record that proves it.
pub async fn get(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let tenant = call.store.get(scope, &TENANT, scope.tenant()).await?;
    let tenant = validate::render(&TENANT, tenant, Some(call.viewer()?));
    let domain = doc::text(&tenant, "domain");
    let record = domain.map(|domain| {
        let (name, value) = challenge(&call.config.vault, scope.tenant(), domain);
        json!({ "type": "TXT", "name": name, "value": value })
    });
    let is_verified = domain.is_some() && domain == doc::text(&tenant, "verified_domain");
    Ok(Reply::json(200, &json!({ "domain": domain, "is_verified": is_verified, "record": record })))
}

/// Looks for the record, and takes the domain when it is there; one that was verified before is let go.
pub async fn verify(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let before = read(call).await?;
    let Some(domain) = doc::text(&before, "domain") else {
        return Err(Error::conflict("no-domain", "The tenant has no domain to verify.").into());
    };
    let verified = doc::text(&before, "verified_domain");
    if verified == Some(domain) {
        return Ok(Reply::record(200, &TENANT, before));
    }
    require_record(call, domain).await?;
    let mut command = call.store.command(scope);
    rename(&mut command, call, verified.map(str::to_owned), Some(domain.to_owned()), domain_taken())?;
    let after = doc::with(&before, json!({ "verified_domain": domain, "domain_verified_at": call.now() }));
    let after = crud::apply(call, &mut command, &TENANT, &before, &change(&before, after), "tenant.domain_verified")?;
    command.answer_record(200, &TENANT, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}

/// The name and the text that prove a tenant's domain: they follow from the two, and nobody else can tell them.
pub fn challenge(vault: &Vault, tenant: &str, domain: &str) -> (String, String) {
    let token = vault.sign("domain", &[tenant, domain]);
    (format!("_edgewise.{domain}"), format!("edgewise-verification={token}"))
}

async fn read(call: &Call) -> Result<Doc, Halt> {
    let scope = call.scope()?;
    let mut reading = call.store.reading(scope);
    let own = scope.reach(&TENANT, "update").and(domain::Filter::is("_id", scope.tenant()));
    let step = reading.one(&TENANT, &own, Error::not_found());
    Ok(reading.run().await?.doc(step))
}

async fn require_record(call: &Call, domain: &str) -> Result<(), Error> {
    let (name, value) = challenge(&call.config.vault, call.scope().map_or("", |scope| scope.tenant()), domain);
    let url = call.host.var("DNS_URL").unwrap_or_else(|| DNS_URL.to_owned());
    let asked = runner::send(&call.host, dns::ask_texts(&format!("{}/dns-query", url.trim_end_matches('/')), &name)).await;
    let texts = asked.and_then(|answer| answer.read(dns::texts)).map_err(|failure| Error::unavailable(failure.to_string()))?;
    match texts.contains(&value) {
        true => Ok(()),
        false => {
            let detail =
                format!("There is no TXT record {name} with the text of GET /v1/tenant/domain. New records take a while.");
            Err(Error::conflict("domain-not-verified", detail))
        }
    }
}
