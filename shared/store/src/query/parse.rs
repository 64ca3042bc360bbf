//! Reads `?status=new&budget_max[gte]=1000&sort=-created_at&limit=50&fields=…&expand=customer&q=…` against an entity's table.

use std::borrow::Cow;

use domain::custom::WORDS_FIELD;
use domain::entity::{CUSTOM, Entity, Field};
use domain::filter::Op;
use domain::json;
use domain::search::{self, SEARCH_FIELD};
use domain::{Doc, Error, Filter, Kind, Result, Time, Viewer, access, entities, id, lifecycle, phone, validate};
use serde_json::Value;

use super::{Cursor, EXPAND_MAX, LIMIT_MAX, Query, SortKey, custom};

const FILTERS_MAX: usize = 20;
pub(super) const IN_MAX: usize = 100;
const SORT_MAX: usize = 3;
const SEARCH_WORDS_MAX: usize = 10;
const ENCRYPTED: &str = "This field is encrypted: nothing but `exists` asks about it.";

/// What is asked of, and by whom: fields that are hidden from them are no fields.
#[derive(Clone, Copy)]
struct Asked<'a> {
    entity: &'static Entity,
    viewer: Option<&'a Viewer>,
    /// The definitions of the tenant's own fields, where the query asks about them.
    definitions: &'a [Doc],
}

impl Asked<'_> {
    fn field(self, name: &str) -> Option<&'static Field> {
        self.entity.field(name).filter(|field| self.shows(field))
    }

    fn shows(self, field: &Field) -> bool {
        access::may_read(self.entity, field, self.viewer)
    }
}

impl Query {
    /// The query of a raw query string, as a viewer may ask it; nobody stands for the system.
    pub fn parse(entity: &'static Entity, raw: &str, viewer: Option<&Viewer>) -> Result<Self> {
        Self::parse_with(entity, raw, viewer, &[])
    }

    /// Whether a query asks about custom values, so that their definitions must be known. Whoever may read some of them searches
    /// those by themselves.
    pub fn names_custom(entity: &Entity, raw: &str, viewer: &Viewer) -> bool {
        custom::is_named(raw, viewer.policy.hides_custom(entity.name))
    }

    /// As [`Query::parse`], with the definitions of the custom fields that the viewer may read.
    pub fn parse_with(entity: &'static Entity, raw: &str, viewer: Option<&Viewer>, definitions: &[Doc]) -> Result<Self> {
        let mut query = Self::parse_any(Asked { entity, viewer, definitions }, raw)?;
        let says = |name: &str| form_urlencoded::parse(raw.as_bytes()).any(|(said, _)| said == name);
        // What is archived is out of the way until somebody asks for it.
        if !query.trash && !says("archived") {
            query.filter = query.filter.and(lifecycle::unarchived(entity));
        }
        Ok(query)
    }

    fn parse_any(asked: Asked<'_>, raw: &str) -> Result<Self> {
        let (entity, viewer) = (asked.entity, asked.viewer);
        let mut query = Query::all(entity, viewer.cloned());
        let mut cursor = None;
        for (count, (name, value)) in form_urlencoded::parse(raw.as_bytes()).enumerate() {
            if count >= FILTERS_MAX {
                return Err(Error::parameter(&name, format!("Expected at most {FILTERS_MAX} parameters.")));
            }
            match name.as_ref() {
                "limit" => query.limit = limit(&value)?,
                "cursor" => cursor = Some(value.into_owned()),
                "sort" => query.sort = sort(asked, &value)?,
                "fields" => query.fields = Some(fields(asked, &value)?),
                "expand" => query.expand = expand(asked, &value)?,
                "count" => query.count = flag("count", &value)?,
                "q" => query.filter = query.filter.and(search(asked, &value)?),
                "trash" if lifecycle::has_trash(entity) => query.trash = trash(asked, &value)?,
                "archived" if lifecycle::is_archivable(entity) => query.filter = query.filter.and(archived(&value)?),
                _ => query.filter = query.filter.and(condition(asked, &name, &value)?),
            }
        }
        if let Some(text) = cursor {
            let unfit = || Error::parameter("cursor", "Expected a cursor that came from this list, with the same sort.");
            query.cursor = Some(Cursor::decode(&text, &query.sort).ok_or_else(unfit)?);
        }
        Ok(query)
    }

    /// The query of one record, which takes only what shapes it.
    pub fn parse_of_one(entity: &'static Entity, raw: &str, viewer: Option<&Viewer>) -> Result<Self> {
        let query = Self::parse_any(Asked { entity, viewer, definitions: &[] }, raw)?;
        let other =
            form_urlencoded::parse(raw.as_bytes()).map(|(name, _)| name).find(|name| !matches!(&**name, "fields" | "expand"));
        match other {
            Some(name) => Err(Error::parameter(&name, "One record takes `fields` and `expand` alone.")),
            None => Ok(query),
        }
    }
}

fn limit(text: &str) -> Result<usize> {
    let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| Error::parameter("limit", format!("Expected a number from 1 to {LIMIT_MAX}.")))
}

pub(super) fn flag(name: &str, text: &str) -> Result<bool> {
    text.parse().map_err(|_| Error::parameter(name, "Expected true or false."))
}

/// The trash is for those who may put something into it.
fn trash(asked: Asked<'_>, text: &str) -> Result<bool> {
    let is_asked = flag("trash", text)?;
    let may = |viewer: &Viewer| viewer.policy.reach(&format!("{}:delete", asked.entity.name)).is_some();
    if is_asked && !asked.viewer.is_none_or(may) {
        let name = asked.entity.name;
        return Err(Error::forbidden("forbidden", format!("Your role lacks the permission {name}:delete.")));
    }
    Ok(is_asked)
}

fn archived(text: &str) -> Result<Filter> {
    match text {
        "true" => Ok(Filter::is_not(lifecycle::ARCHIVED_AT, Value::Null)),
        "false" => Ok(Filter::is(lifecycle::ARCHIVED_AT, Value::Null)),
        "all" => Ok(Filter::All),
        _ => Err(Error::parameter("archived", "Expected true, false or all.")),
    }
}

fn sort(asked: Asked<'_>, text: &str) -> Result<Vec<SortKey>> {
    let mut keys: Vec<SortKey> = Vec::new();
    for name in text.split(',') {
        let (name, descending) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
        let key = match name {
            "id" => Some(("id".into(), "_id".to_owned(), false)),
            name => sortable(asked, name),
        };
        let Some((name, path, is_date)) = key.filter(|_| keys.iter().all(|key| key.name != name)) else {
            return Err(Error::parameter("sort", format!("`{}` is not a field to sort by, or stands twice.", shorten(name))));
        };
        keys.push(SortKey { name, path, descending, is_date });
    }
    if keys.len() > SORT_MAX {
        return Err(Error::parameter("sort", format!("Expected at most {SORT_MAX} fields.")));
    }
    Ok(keys)
}

/// The name of a field that can be sorted by, where it stands in the document, and whether it is a date.
fn sortable(asked: Asked<'_>, name: &str) -> Option<(Cow<'static, str>, String, bool)> {
    if custom::key(name).is_some() && asked.field(CUSTOM.name).is_some() {
        return Some((name.to_owned().into(), custom::sortable(asked.definitions, name)?, false));
    }
    let field = asked.field(name).filter(|field| !field.encrypted && !matches!(field.kind, Kind::List(..)))?;
    Some((field.name.into(), validate::comparable(field)?, matches!(field.kind, Kind::Date)))
}

fn fields(asked: Asked<'_>, text: &str) -> Result<Vec<&'static Field>> {
    let named = text.split(',').filter(|name| *name != "id").map(|name| {
        asked.field(name).ok_or_else(|| Error::parameter("fields", format!("There is no field `{}`.", shorten(name))))
    });
    named.collect()
}

fn expand(asked: Asked<'_>, text: &str) -> Result<Vec<(&'static Field, &'static Entity)>> {
    let named = text.split(',').map(|name| {
        let expansion = asked.field(name).and_then(|field| Some((field, lifecycle::target(field)?)));
        expansion.ok_or_else(|| Error::parameter("expand", format!("`{}` refers to no record.", shorten(name))))
    });
    let expand: Vec<_> = named.collect::<Result<_>>()?;
    if expand.len() > EXPAND_MAX {
        return Err(Error::parameter("expand", format!("Expected at most {EXPAND_MAX} fields.")));
    }
    Ok(expand)
}

/// Every word must be there; the last may be the beginning of one. The index holds the words of all fields that are searched,
/// so who may not read all of them is answered from those they may read, without it.
fn search(asked: Asked<'_>, text: &str) -> Result<Filter> {
    let searched = || asked.entity.fields.iter().filter(|field| field.searchable);
    if !searched().any(|field| asked.shows(field)) {
        return Err(Error::parameter("q", "These records have no text to search."));
    }
    let words: Vec<String> = search::words(text).take(SEARCH_WORDS_MAX).collect();
    if words.is_empty() {
        return Err(Error::parameter("q", "Expected at least one letter or digit."));
    }
    let (encrypted, plain): (Vec<&Field>, Vec<&Field>) = searched().partition(|field| field.encrypted);
    let hides = asked.viewer.is_some_and(|viewer| viewer.policy.hides_custom(asked.entity.name));
    let sees_all = !hides && !plain.is_empty() && plain.iter().all(|field| asked.shows(field));
    let last = words.len() - 1;
    let found = words.into_iter().enumerate().map(|(at, word)| {
        let op = if at == last { Op::Starts } else { Op::Is };
        let condition = |name: String, op| Filter::Field(name.into(), op, word.as_str().into());
        // Words of encrypted fields are kept field by field.
        let blind = encrypted.iter().filter(|field| asked.shows(field)).map(|field| condition(field.words_name(), op));
        let readable = plain.iter().filter(|field| !sees_all && asked.shows(field));
        let places = |field: &&Field| match field.name == CUSTOM.name {
            true if hides => custom::searched(asked.definitions).collect(),
            true => vec![WORDS_FIELD.to_owned()],
            false => vec![field.name.to_owned()],
        };
        let readable = readable.flat_map(places).map(|place| condition(place, Op::Contains));
        let indexed = sees_all.then(|| condition(SEARCH_FIELD.to_owned(), op));
        indexed.into_iter().chain(blind).chain(readable).fold(Filter::Nothing, Filter::or)
    });
    Ok(found.fold(Filter::All, Filter::and))
}

/// A typed condition such as `status=new` or `budget_max[gte]=1000`.
fn condition(asked: Asked<'_>, parameter: &str, text: &str) -> Result<Filter> {
    if custom::key(parameter).is_some() && asked.field(CUSTOM.name).is_some() {
        return custom::condition(asked.definitions, parameter, text);
    }
    let unknown = || Error::parameter(parameter, "There is no such field to filter by.");
    let (name, op) = match parameter.split_once('[') {
        Some((name, op)) => (name, op.strip_suffix(']').ok_or_else(unknown)?),
        None => (parameter, "is"),
    };
    let (path, kind) = field_path(asked, name).ok_or_else(unknown)?;
    let op = match op {
        "is" => Op::Is,
        "ne" => Op::IsNot,
        "gt" => Op::Over,
        "gte" => Op::AtLeast,
        "lt" => Op::Under,
        "lte" => Op::AtMost,
        "in" => {
            let items: Vec<&str> = text.split(',').collect();
            if items.len() > IN_MAX {
                return Err(Error::parameter(parameter, format!("Expected at most {IN_MAX} values.")));
            }
            require_comparable(asked, parameter, name, Op::In)?;
            let values: Result<Vec<Value>> = items.into_iter().map(|item| typed(&kind, parameter, item)).collect();
            return Ok(Filter::Field(path.into(), Op::In, values?.into()));
        }
        "exists" => {
            let op = if flag(parameter, text)? { Op::IsNot } else { Op::Is };
            return Ok(Filter::Field(path.into(), op, Value::Null));
        }
        _ => return Err(Error::parameter(parameter, "Expected one of: ne, gt, gte, lt, lte, in, exists.")),
    };
    require_comparable(asked, parameter, name, op)?;
    Ok(Filter::Field(path.into(), op, typed(&kind, parameter, text)?))
}

/// Encrypted values are found by being equal, where anything finds them.
fn require_comparable(asked: Asked<'_>, parameter: &str, name: &str, op: Op) -> Result<()> {
    match asked.field(name).filter(|field| field.encrypted) {
        Some(field) if !(field.blind && matches!(op, Op::Is | Op::IsNot | Op::In)) => {
            let detail = if field.blind { "This field is encrypted: it takes equality, ne, in and exists." } else { ENCRYPTED };
            Err(Error::parameter(parameter, detail))
        }
        _ => Ok(()),
    }
}

/// Where a field to filter by stands in the document, and what it holds there.
fn field_path(asked: Asked<'_>, name: &str) -> Option<(String, Kind)> {
    if name == "id" {
        return Some(("_id".to_owned(), Kind::Text(100)));
    }
    let (name, inner) = name.split_once('.').map_or((name, None), |(name, inner)| (name, Some(inner)));
    let field = asked.field(name)?;
    match (field.kind, inner) {
        (Kind::Object(fields), Some(inner)) => {
            let inner = fields.iter().find(|field| field.name == inner)?;
            Some((format!("{name}.{}", inner.name), inner.kind)).filter(|_| validate::comparable(inner).is_some())
        }
        (Kind::Money, Some("currency")) => Some((format!("{name}.currency"), Kind::Text(3))),
        (Kind::List(of, _), None) => Some((name.to_owned(), *of)).filter(|(_, of)| !matches!(of, Kind::Object(_))),
        (kind, None) => Some((validate::comparable(field)?, kind)),
        _ => None,
    }
}

/// The value of a parameter in the type of its field.
pub(super) fn typed(kind: &Kind, parameter: &str, text: &str) -> Result<Value> {
    let wrong = |detail: String| Err(Error::parameter(parameter, detail));
    match kind {
        Kind::Integer(..) | Kind::Money => match text.parse::<i64>() {
            Ok(number) => Ok(number.into()),
            Err(_) => wrong("Expected a whole number.".to_owned()),
        },
        // Whole numbers are kept as such.
        Kind::Number => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => Ok(whole.into()),
            (_, Ok(number)) if number.fract() == 0.0 => Ok((number as i64).into()),
            (_, Ok(number)) if number.is_finite() => Ok(number.into()),
            _ => wrong("Expected a number.".to_owned()),
        },
        Kind::Flag => flag(parameter, text).map(Value::from),
        Kind::Date => match Time::parse(text) {
            Some(time) => Ok(time.ejson()),
            None => wrong("Expected an RFC 3339 time such as 2026-11-20T09:00:00Z.".to_owned()),
        },
        Kind::Choice(words) if !words.contains(&text) => wrong(format!("Expected one of: {}.", words.join(", "))),
        Kind::Reference(name) => match entities::by_name(name) {
            Some(entity) if id::is(entity.prefix, text) => Ok(text.into()),
            _ => wrong(format!("Expected the id of a {name}.")),
        },
        Kind::Email => Ok(text.trim().to_lowercase().into()),
        Kind::Phone => Ok(phone::normal(text, None).map_or_else(|| text.into(), Value::from)),
        Kind::Text(_) | Kind::Choice(_) | Kind::FileUrl | Kind::Url => Ok(text.into()),
        Kind::List(..) | Kind::Object(_) | Kind::Opaque(_) | Kind::Custom => Ok(json!(text)),
    }
}

fn shorten(name: &str) -> String {
    name.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use domain::entities::{LEAD, PERSON};
    use domain::error::Place;

    use super::*;
    use crate::query::compile;

    #[test]
    fn filters_are_typed_by_the_table() {
        let query =
            Query::parse(&LEAD, "status=new&budget_max[gte]=1000&created_at[lt]=2026-01-01T00:00:00Z&bid_pool=true", None)
                .unwrap();
        let expected = json!({
            "status": "new", "budget_max.minor": { "$gte": 1000 },
            "created_at": { "$lt": { "$date": "2026-01-01T00:00:00.000Z" } }, "bid_pool": true, "archived_at": null,
        });
        assert_eq!(compile(&query.filter), expected);
    }

    #[test]
    fn a_bad_parameter_is_named() {
        let cases = [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("sort=attachments", "sort"),
            ("sort=search_words", "sort"),
            ("status=paid", "status"),
            ("colour=red", "colour"),
            ("status[where]=1", "status[where]"),
            ("$where=1", "$where"),
            ("customer=lead_1", "customer"),
            ("expand=category", "expand"),
            ("fields=nope", "fields"),
            ("cursor=abc", "cursor"),
            ("q=%20", "q"),
            ("bid_pool=yes", "bid_pool"),
        ];
        for (raw, name) in cases {
            let error = Query::parse(&LEAD, raw, None).err().unwrap();
            assert_eq!(error.violations[0].place, Place::Parameter(name.to_owned()), "{raw}");
        }
    }

    #[test]
    fn encrypted_values_are_found_by_being_equal_alone() {
        for raw in ["email=a@b.example", "email[ne]=a@b.example", "email[in]=a@b.example,c@d.example", "email[exists]=true"] {
            assert!(Query::parse(&PERSON, raw, None).is_ok(), "{raw}");
        }
        assert!(Query::parse(&PERSON, "name[exists]=false", None).is_ok());
        for raw in ["email[gt]=a", "sort=email", "sort=-name", "name=Ada", "name[in]=Ada,Bea", "phone[lte]=1"] {
            assert_eq!(Query::parse(&PERSON, raw, None).err().map(|error| error.code), Some("bad-parameter"), "{raw}");
        }
    }

    #[test]
    fn a_search_asks_for_the_words_of_encrypted_fields_apart() {
        let filter = Query::parse(&PERSON, "q=Ada%20Lo", None).unwrap().filter;
        let expected = json!({
            "$or": [{ "search_words": "ada" }, { "name_words": "ada" }],
            "$and": [{ "$or": [{ "search_words": { "$regex": "^lo" } }, { "name_words": { "$regex": "^lo" } }] }],
            "archived_at": null,
        });
        assert_eq!(compile(&filter), expected);
    }
}
