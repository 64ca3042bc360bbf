//! Xero: a signed delivery is kept and answered in one trip; jobs fetch what changed.

use domain::{Doc, Error};
use edge::{Call, Outcome, Reply};
use integrations::xero::{self, Event};
use store::proof::Hook;

use crate::receipt::receiving;

/// What one transaction holds; Xero bundles far fewer.
const EVENTS_MAX: usize = 450;

/// Takes a delivery of events. Xero wants an empty answer, without cookies, within five seconds; also to a wrong signature.
pub async fn receive(call: &Call) -> Outcome {
    let (key, body) = (call.param("key"), call.body());
    let hook = Hook::open(call.store.vault(), key, "xero").ok_or_else(Error::not_found)?;
    let signature = call.header("x-xero-signature");
    let hook = hook.verify(|secret| xero::verify_delivery(secret.as_bytes(), body.as_bytes(), signature.as_deref()));
    let Some(hook) = hook else { return Ok(Reply::empty(401)) };
    let malformed = |malformed| Error::malformed("malformed-delivery", format!("The delivery {malformed}."));
    let delivery = xero::parse_delivery(body.as_bytes()).map_err(malformed)?;
    let invoices: Vec<&Event> = delivery.events.iter().filter(|event| event.category == "INVOICE").collect();
    if invoices.len() > EVENTS_MAX {
        let detail = format!("Expected at most {EVENTS_MAX} events in a delivery.");
        return Err(Error::malformed("too-many-events", detail).into());
    }
    // An intent to receive, and news of what is not ours, leave nothing to do.
    if !invoices.is_empty() {
        let mut receiving = receiving(call, &hook, key);
        for event in invoices {
            receiving.keep(&event.dedupe_key(), None, "xero.fetch", payload(event));
        }
        receiving.commit().await?;
    }
    Ok(Reply::empty(200))
}

fn payload(event: &Event) -> Doc {
    let parts = [("resource", &event.resource_id), ("organisation", &event.tenant_id)];
    parts.into_iter().map(|(name, value)| (name.to_owned(), value.clone().into())).collect()
}
