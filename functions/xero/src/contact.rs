//! Contacts: a customer is made known to Xero once.

use domain::Doc;
use domain::entities::MEMBERSHIP;
use domain::json::object;
use integrations::xero::{self, Contact};
use runner::{Stop, Work, text};
use serde_json::Value;

use crate::connection::{Connection, Refused};

const NAME_LEN_MAX: usize = 255;

/// Xero's id of the customer of a quote or an invoice; nothing as long as it has none.
pub async fn of_customer(work: &Work<'_>, connection: &Connection<'_>, doc: &Doc) -> Result<Option<String>, Refused> {
    let customer = text(doc, "customer");
    if customer.is_empty() {
        return Ok(None);
    }
    let Some(member) = work.find(&MEMBERSHIP, customer).await? else { return Ok(None) };
    let known = member.get("xero_contact").filter(|known| known.get("organisation") == Some(&connection.organisation().into()));
    if let Some(id) = known.and_then(|known| known.get("id")).and_then(Value::as_str) {
        return Ok(Some(id.to_owned()));
    }
    let (name, email) = (text(&member, "name"), text(&member, "email"));
    let save = async |name: &str, key: &str| {
        let name: String = name.trim().chars().take(NAME_LEN_MAX).collect();
        let (contact, key) =
            (Contact { number: customer, name: &name, email: Some(email) }, format!("{}-{key}", work.lease.id()));
        connection.call(|api| api.save_contact(&contact, &key), xero::contact_id).await
    };
    let id = match save(if name.is_empty() { email } else { name }, "contact").await {
        // Names are unique in Xero, and people's are not.
        Err(Refused::ByXero(failure)) if failure.code == "xero-name-taken" => {
            save(&format!("{name} ({email})"), "namesake").await?
        }
        other => other?,
    };
    remember(work, connection, customer, &id).await?;
    Ok(Some(id))
}

/// Nobody sees this of a membership, so its version stays.
async fn remember(work: &Work<'_>, connection: &Connection<'_>, customer: &str, id: &str) -> Result<(), Stop> {
    let contact = object(vec![("organisation", connection.organisation().into()), ("id", id.into())]);
    work.set_silently(&MEMBERSHIP, customer, "xero_contact", contact).await
}
