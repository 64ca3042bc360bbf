//! The tenant as those who run it see and change it.

use domain::entities::TENANT;
use domain::plan::{FEATURES, may_have};
use domain::{Doc, Error, doc};
use edge::{Call, Outcome, Reply, crud};
use serde_json::Value;
use store::Command;

const BRANDING: &str = "custom_branding";

/// The tenant.
pub async fn get(call: &Call) -> Outcome {
    let scope = call.scope()?;
    Ok(Reply::record(200, &TENANT, call.store.get(scope, &TENANT, scope.tenant()).await?))
}

/// Changes it by a merge patch.
pub async fn update(call: &Call) -> Outcome {
    let mut changing = match crud::change_one(call, call.scope()?.tenant()).await? {
        Ok(changing) => changing,
        Err(unchanged) => return Ok(unchanged),
    };
    require_features(&changing.before, &changing.after)?;
    let names = |tenant: &Doc, field: &str| doc::text(tenant, field).map(str::to_owned);
    for (field, taken) in [("subdomain", subdomain_taken()), ("verified_domain", domain_taken())] {
        let (was, is) = (names(&changing.before, field), names(&changing.after, field));
        rename(&mut changing.command, call, was, is, taken)?;
    }
    changing.answer().await
}

/// Lets go of a host name and takes another.
pub fn rename(
    command: &mut Command<'_>,
    call: &Call,
    was: Option<String>,
    is: Option<String>,
    taken: Error,
) -> Result<(), edge::Halt> {
    if was == is {
        return Ok(());
    }
    let tenant = call.scope()?.tenant();
    if let Some(was) = was {
        command.release_hostname(&was, tenant);
    }
    if let Some(is) = is {
        command.claim_hostname(&is, tenant, call.now(), taken);
    }
    Ok(())
}

/// Another tenant has verified this domain.
pub fn domain_taken() -> Error {
    Error::conflict("domain-taken", "Another tenant has this domain.")
}

fn subdomain_taken() -> Error {
    Error::conflict("subdomain-taken", "Another tenant has this subdomain.")
}

/// A tenant turns on what its plan has, and uses what is on; what was there before a smaller plan came stands in nobody's way.
fn require_features(before: &Doc, after: &Doc) -> Result<(), Error> {
    let switch =
        |tenant: &Doc, feature: &str| tenant.get("features").and_then(|switches| switches.get(feature)).and_then(Value::as_bool);
    let turned_on = |feature: &&str| switch(after, feature) == Some(true) && switch(before, feature) != Some(true);
    let brands = before.get("branding") != after.get("branding") && after.contains_key("branding");
    let mut used = FEATURES.iter().copied().filter(turned_on).chain(brands.then_some(BRANDING));
    if let Some(feature) = used.find(|feature| !may_have(after, feature)) {
        return Err(refused("feature-not-in-plan", "The plan does not have this feature.", feature));
    }
    match brands && switch(after, BRANDING) == Some(false) {
        true => Err(refused("feature-off", "The feature is switched off.", BRANDING)),
        false => Ok(()),
    }
}

fn refused(code: &'static str, detail: &'static str, feature: &str) -> Error {
    Error { more: Some(Box::new(("feature", feature.to_owned()))), ..Error::forbidden(code, detail) }
}
