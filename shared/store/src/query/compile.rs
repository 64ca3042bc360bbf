//! Conditions in the database's words.

use domain::Filter;
use domain::filter::Op;
use domain::json;
use serde_json::{Map, Value};

/// The condition as a filter document; equalities stay on top, where indexes see them.
pub fn compile(filter: &Filter) -> Value {
    match filter {
        Filter::All => json!({}),
        Filter::Nothing => json!({ "_id": { "$in": [] } }),
        Filter::Field(path, op, value) => json!({ (path.as_ref()): condition(*op, value) }),
        Filter::Or(some) => json!({ "$or": some.iter().map(compile).collect::<Vec<_>>() }),
        Filter::And(all) => conjunction(all),
    }
}

fn conjunction(all: &[Filter]) -> Value {
    let mut document = Map::new();
    let mut rest = Vec::new();
    for part in all {
        match part {
            Filter::All => {}
            Filter::Field(path, op, value) if !document.contains_key(path.as_ref()) => {
                document.insert(path.to_string(), condition(*op, value));
            }
            Filter::Or(some) if !document.contains_key("$or") => {
                document.insert("$or".to_owned(), some.iter().map(compile).collect());
            }
            other => rest.push(compile(other)),
        }
    }
    if !rest.is_empty() {
        document.insert("$and".to_owned(), rest.into());
    }
    document.into()
}

fn condition(op: Op, value: &Value) -> Value {
    match op {
        Op::Is => value.clone(),
        Op::IsNot => json!({ "$ne": value }),
        Op::Over => json!({ "$gt": value }),
        Op::AtLeast => json!({ "$gte": value }),
        Op::Under => json!({ "$lt": value }),
        Op::AtMost => json!({ "$lte": value }),
        Op::In => json!({ "$in": value }),
        Op::Contains => json!({ "$regex": escape(value.as_str().unwrap_or_default()), "$options": "i" }),
        Op::Starts => json!({ "$regex": format!("^{}", escape(value.as_str().unwrap_or_default())) }),
    }
}

fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, letter| {
        // Nothing beyond ASCII means anything to a pattern, and not all of it may be escaped.
        if letter.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(letter);
        escaped
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equalities_stay_on_top_and_conflicts_go_below() {
        let filter = Filter::is("tenant_id", "t").and(Filter::is("status", "new")).and(Filter::is_not("status", "lost"));
        let filter = filter.and(Filter::is("a", 1).or(Filter::is("b", 2)));
        let expected = json!({
            "tenant_id": "t", "status": "new", "$or": [{ "a": 1 }, { "b": 2 }], "$and": [{ "status": { "$ne": "lost" } }],
        });
        assert_eq!(compile(&filter), expected);
    }

    #[test]
    fn nothing_matches_no_record_whatever_else_is_asked() {
        assert_eq!(compile(&Filter::Nothing.and(Filter::is("a", 1))), json!({ "_id": { "$in": [] } }));
    }
}
