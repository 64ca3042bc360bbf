//! Forms: a signed response is kept and answered in one trip; a job makes the lead.

use domain::json;
use domain::{Doc, Error};
use edge::{Call, Outcome, Reply};
use integrations::typeform;
use store::proof::Hook;

use crate::receipt::receiving;

/// Takes a form's response.
pub async fn receive(call: &Call) -> Outcome {
    let (key, body) = (call.param("key"), call.body());
    let hook = Hook::open(call.store.vault(), key, "typeform").ok_or_else(Error::not_found)?;
    let signature = call.header("typeform-signature");
    let hook = hook.verify(|secret| typeform::verify(secret.as_bytes(), body.as_bytes(), signature.as_deref()));
    let hook = hook.ok_or_else(|| Error::unauthenticated("bad-signature", "The signature is not that of this body."))?;
    let malformed = |malformed| Error::malformed("malformed-delivery", format!("The delivery {malformed}."));
    let response = typeform::parse(body.as_bytes()).map_err(malformed)?;
    let mut receiving = receiving(call, &hook, key);
    receiving.keep(&response.token, body, "form", Doc::new());
    receiving.commit().await?;
    Ok(Reply::json(200, &json!({ "received": true })))
}
