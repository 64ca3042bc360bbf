//! Values that come from results, as the gateway's `refs` take them: a path that ends with `?` may lead nowhere.

use serde_json::Value;

/// The value of a source in the results: a path such as `0.document.value`, or a template such as `SU-{0.document.value:06}`.
pub fn fill(source: &str, results: &Value) -> Option<Value> {
    if !source.contains('{') {
        return look_up(source.strip_suffix('?').unwrap_or(source), results).cloned();
    }
    let mut text = String::new();
    let mut rest = source;
    while let Some((before, after)) = rest.split_once('{') {
        let (inner, after) = after.split_once('}')?;
        let (path, width) = inner.split_once(':').unwrap_or((inner, "0"));
        let value = match look_up(path, results)? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let width = width.parse::<usize>().ok()?;
        text.push_str(before);
        text.push_str(&format!("{value:0>width$}"));
        rest = after;
    }
    text.push_str(rest);
    Some(text.into())
}

fn look_up<'a>(path: &str, results: &'a Value) -> Option<&'a Value> {
    path.split('.').try_fold(results, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_keeps_its_type_and_a_template_pads() {
        let results = json!([{ "document": { "value": 42, "name": "a" } }]);
        let cases = [
            ("0.document.value", Some(json!(42))),
            ("SU-{0.document.value:06}", Some(json!("SU-000042"))),
            ("{0.document.name}-{0.document.value}", Some(json!("a-42"))),
            ("0.document.missing", None),
            ("0.document.missing?", None),
            ("0.document.value?", Some(json!(42))),
            ("{1.document}", None),
        ];
        for (source, expected) in cases {
            assert_eq!(fill(source, &results), expected, "{source}");
        }
    }
}
