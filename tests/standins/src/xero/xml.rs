//! Xero answers in XML unless JSON was asked for.

use crate::wire::{Call, Reply};
use serde_json::Value;

/// Turns a JSON reply into XML for a caller that did not accept JSON.
pub(crate) fn unless_json(call: &Call, mut reply: Reply) -> Reply {
    let is_json = reply.headers.iter().any(|(name, value)| *name == "content-type" && value == "application/json");
    if !is_json || call.path == "/connections" || call.has_media_type("accept", "application/json") {
        return reply;
    }
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let root = if reply.status < 300 { "Response" } else { "ApiException" };
    let mut xml = String::new();
    write(&mut xml, root, &body);
    reply.headers.retain(|(name, _)| *name != "content-type");
    reply.headers.push(("content-type", "text/xml; charset=utf-8".into()));
    reply.body = xml.into_bytes();
    reply
}

fn write(out: &mut String, name: &str, value: &Value) {
    out.push_str(&format!("<{name}>"));
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| write(out, name, value)),
        Value::Array(items) => {
            let item_name = name.strip_suffix('s').unwrap_or("Item");
            items.iter().for_each(|item| write(out, item_name, item));
        }
        Value::String(text) => {
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            out.push_str(&text);
        }
        Value::Null => {}
        other => out.push_str(&other.to_string()),
    }
    out.push_str(&format!("</{name}>"));
}
