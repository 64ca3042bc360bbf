//! A domain of the tenant's own, and what anybody sees of a tenant by its name.

use serde_json::json;
use support::App;

use super::{on_plan, word};

async fn look(query: &str) -> support::Answered {
    App::shared().anyone().get(&format!("/v1/tenant/branding?{query}")).await
}

#[tokio::test]
async fn a_domain_is_the_tenants_once_its_record_is_there() {
    let ((tenant, owner), (other, stranger)) = (on_plan("professional").await, on_plan("basic").await);
    let domain = format!("crm.{}.example", word());
    let verify = |who: &support::Caller| who.post("/v1/tenant/domain/verify", json!({}));
    assert_eq!(verify(&owner).send().await.expect(409).code(), "no-domain");
    for who in [&owner, &stranger] {
        who.patch("/v1/tenant", json!({ "domain": domain })).send().await.expect(200);
    }
    let asked = owner.get("/v1/tenant/domain").await.expect(200);
    assert_eq!(
        (&asked.json["is_verified"], &asked.json["record"]["name"]),
        (&json!(false), &json!(format!("_edgewise.{domain}")))
    );
    assert_eq!(verify(&owner).send().await.expect(409).code(), "domain-not-verified");
    let theirs = stranger.get("/v1/tenant/domain").await.expect(200);
    assert_ne!(theirs.json["record"]["value"], asked.json["record"]["value"], "each tenant proves it by a text of its own");
    let record =
        |asked: &support::Answered| ["name", "value"].map(|part| asked.json["record"][part].as_str().unwrap().to_owned());
    let [name, value] = record(&asked);
    let standins = &App::shared().standins;
    standins.dns_text(&name, "v=spf1 -all").await;
    standins.dns_text(&name, &value).await;
    look(&format!("domain={domain}")).await.expect(404);
    let verified = verify(&owner).send().await.expect(200);
    assert_eq!(verified.json["verified_domain"], domain);
    assert_eq!(verify(&owner).send().await.expect(200).json["version"], verified.json["version"]);
    assert_eq!(look(&format!("domain={domain}")).await.expect(200).json["tenant"], tenant.id);
    let [name, value] = record(&theirs);
    standins.dns_text(&name, &value).await;
    assert_eq!(verify(&stranger).send().await.expect(409).code(), "domain-taken");
    owner.patch("/v1/tenant", json!({ "domain": null })).send().await.expect(200);
    verify(&stranger).send().await.expect(200);
    assert_eq!(look(&format!("domain={domain}")).await.expect(200).json["tenant"], other.id);
}

#[tokio::test]
async fn a_resolver_in_trouble_is_said_so() {
    let (_, owner) = on_plan("basic").await;
    let domain = format!("{}.example", word());
    owner.patch("/v1/tenant", json!({ "domain": domain })).send().await.expect(200);
    App::shared().standins.dns_dies(&format!("_edgewise.{domain}")).await;
    let refused = owner.post("/v1/tenant/domain/verify", json!({})).send().await.expect(503);
    assert!(refused.header("retry-after").is_some());
}

#[tokio::test]
async fn anybody_sees_how_a_tenant_looks_and_no_more() {
    let (tenant, owner) = on_plan("professional").await;
    let name = word();
    let looks = json!({ "from_name": "Acme", "primary_colour": "#1a2b3c", "logo": "https://cdn.example/logo.svg" });
    let change = json!({ "subdomain": name, "branding": looks, "billing_info": { "contact_name": "Ada" } });
    owner.patch("/v1/tenant", change).send().await.expect(200);
    let seen = look(&format!("subdomain={name}")).await.expect(200);
    let expected = json!({ "name": "Test tenant", "subdomain": name, "branding": looks, "tenant": tenant.id });
    assert_eq!(seen.json, expected);
    assert_eq!(seen.header("cache-control"), Some("public, max-age=60"));
    super::set(&tenant.id, json!({ "plan": "basic" })).send().await.expect(200);
    assert!(look(&format!("subdomain={name}")).await.expect(200).json.get("branding").is_none());
    look("subdomain=nobody-has-this").await.expect(404);
    for (query, place) in [("", "domain"), ("subdomain=a.b", "subdomain"), ("domain=a.b&subdomain=a", "subdomain"), ("x=1", "x")]
    {
        assert_eq!(look(query).await.expect(400).places(), [place], "{query}");
    }
}
