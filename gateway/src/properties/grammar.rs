//! Made-up values, filters, updates, expressions, pipelines and requests: mostly well-formed, with every odd value in every place.

use bson::{Binary, Bson, DateTime, Decimal128, Document, Regex, Timestamp, doc, oid::ObjectId, spec::BinarySubtype};
use proptest::{
    collection::vec,
    option,
    prelude::{BoxedStrategy, Strategy, any, prop_oneof},
    sample::select,
};

use super::words;

const DEPTH: u32 = 4;
const NODES: u32 = 24;
const BREADTH: u32 = 4;

/// One of these, which are parted by spaces.
fn word(words: &'static str) -> impl Strategy<Value = String> + Clone {
    one_of(words.split_whitespace().collect())
}

fn one_of(words: Vec<&'static str>) -> impl Strategy<Value = String> + Clone {
    select(words).prop_map(str::to_owned)
}

fn field() -> impl Strategy<Value = String> + Clone {
    one_of(words::FIELDS.to_vec())
}

fn integer() -> impl Strategy<Value = i64> {
    let edges = [
        0,
        1,
        -1,
        2,
        7,
        31,
        63,
        64,
        100,
        -100,
        1 << 31,
        -(1 << 31),
        (1 << 31) - 1,
        i64::MAX,
        i64::MIN,
        1 << 53,
        253_402_300_800_000,
    ];
    prop_oneof![select(edges.to_vec()), -5..20_i64]
}

fn scalar() -> impl Strategy<Value = Bson> {
    let doubles =
        vec![0.0, -0.0, 0.5, -1.5, 1e308, -1e308, 1e-320, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 9.3e18, 2_147_483_648.0];
    let decimals = ["0", "-0", "1.5", "NaN", "Infinity", "9.99E6144", "1E-6176", "12345678901234567890.5"];
    prop_oneof![
        4 => integer().prop_map(|number| i32::try_from(number).map_or(Bson::Int64(number), Bson::Int32)),
        1 => integer().prop_map(Bson::Int64),
        2 => select(doubles).prop_map(Bson::Double),
        1 => select(decimals.to_vec()).prop_map(|text| Bson::Decimal128(text.parse::<Decimal128>().unwrap())),
        4 => one_of(words::TEXTS.to_vec()).prop_map(Bson::String),
        2 => word(words::PATHS).prop_map(Bson::String),
        2 => integer().prop_map(|millis| Bson::DateTime(DateTime::from_millis(millis))),
        1 => any::<bool>().prop_map(Bson::Boolean),
        1 => one_of(words::TEXTS.to_vec()).prop_map(|pattern| Bson::RegularExpression(Regex {
            pattern: pattern.try_into().unwrap(),
            options: "i".try_into().unwrap(),
        })),
        1 => select(vec![
            Bson::Null, Bson::MinKey, Bson::MaxKey, Bson::Undefined, Bson::ObjectId(ObjectId::from_bytes([7; 12])),
            Bson::Timestamp(Timestamp { time: u32::MAX, increment: 0 }),
            Bson::Binary(Binary { subtype: BinarySubtype::Uuid, bytes: vec![1; 3] }),
            Bson::Symbol("s".into()), Bson::JavaScriptCode("x".into()),
        ]),
    ]
}

fn object(names: impl Strategy<Value = String>, values: impl Strategy<Value = Bson>) -> impl Strategy<Value = Document> {
    vec((names, values), 0..4).prop_map(|pairs| pairs.into_iter().collect())
}

/// Any value, with plain field names.
pub(super) fn value() -> BoxedStrategy<Bson> {
    let nested = scalar().prop_recursive(DEPTH, NODES, BREADTH, |inner| {
        prop_oneof![vec(inner.clone(), 0..4).prop_map(Bson::Array), object(field(), inner).prop_map(Bson::Document)]
    });
    nested.boxed()
}

pub(super) fn document() -> impl Strategy<Value = Document> {
    object(word("_id a b list when text é"), value())
}

/// An expression of the aggregation language.
pub(super) fn expression() -> BoxedStrategy<Bson> {
    let leaf = prop_oneof![word(words::PATHS).prop_map(Bson::String), scalar()];
    let nested = leaf.prop_recursive(DEPTH, NODES, BREADTH, |inner| {
        let operator = || word(words::EXPRESSION);
        let named = object(word(words::ARGUMENTS), inner.clone());
        prop_oneof![
            3 => (operator(), vec(inner.clone(), 0..4)).prop_map(|(name, items)| one(name, items)),
            2 => (operator(), inner.clone()).prop_map(|(name, item)| one(name, item)),
            3 => (operator(), named).prop_map(|(name, named)| one(name, named)),
            1 => vec(inner.clone(), 0..3).prop_map(Bson::Array),
            1 => object(field(), inner).prop_map(Bson::Document),
        ]
    });
    nested.boxed()
}

pub(super) fn filter() -> BoxedStrategy<Bson> {
    let condition = prop_oneof![value(), object(word(words::QUERY), value()).prop_map(Bson::Document)];
    let leaf = object(field(), condition).prop_map(Bson::Document);
    let nested = leaf.prop_recursive(DEPTH, NODES, BREADTH, |inner| {
        prop_oneof![
            3 => (word(words::QUERY), vec(inner.clone(), 0..3)).prop_map(|(name, items)| one(name, items)),
            3 => (field(), word(words::QUERY), inner.clone()).prop_map(|(field, name, inner)| one(field, one(name, inner))),
            1 => expression().prop_map(|expression| one("$expr".into(), expression)),
            1 => (field(), inner).prop_map(|(field, inner)| one(field, inner)),
        ]
    });
    nested.boxed()
}

pub(super) fn update() -> BoxedStrategy<Bson> {
    let modified = object(word(words::MODIFIERS), value()).prop_map(Bson::Document);
    let argument = prop_oneof![3 => value(), 2 => modified, 1 => filter()];
    let operators = object(word(words::UPDATE), object(field(), argument).prop_map(Bson::Document));
    let pipeline = vec(stage(), 0..3).prop_map(Bson::Array);
    prop_oneof![6 => operators.prop_map(Bson::Document), 2 => pipeline, 1 => value()].boxed()
}

pub(super) fn pipeline() -> impl Strategy<Value = Bson> {
    vec(stage(), 0..4).prop_map(Bson::Array)
}

fn stage() -> BoxedStrategy<Bson> {
    let accumulator = (word(words::ACCUMULATORS), expression()).prop_map(|(name, argument)| one(name, argument));
    let window = vec(prop_oneof![scalar(), word("current unbounded").prop_map(Bson::String)], 0..3);
    let windowed = (accumulator.clone(), option::of(window)).prop_map(|(accumulator, window)| {
        let Bson::Document(mut accumulator) = accumulator else { return accumulator };
        if let Some(window) = window {
            accumulator.insert("window", doc! {"documents": window});
        }
        Bson::Document(accumulator)
    });
    let group = object(field(), accumulator.clone()).prop_map(|mut group| {
        group.insert("_id", "$a");
        one("$group".into(), group)
    });
    let windows =
        object(field(), windowed).prop_map(|output| one("$setWindowFields".into(), doc! {"sortBy": {"a": 1}, "output": output}));
    let shaped = object(field(), expression());
    let options = object(word(words::STAGE_OPTIONS), prop_oneof![expression(), filter()]);
    prop_oneof![
        2 => filter().prop_map(|filter| one("$match".into(), filter)),
        2 => group,
        2 => windows,
        3 => (word(words::STAGES), shaped).prop_map(|(name, shaped)| one(name, shaped)),
        2 => (word(words::STAGES), options).prop_map(|(name, options)| one(name, options)),
        2 => (word(words::STAGES), expression()).prop_map(|(name, argument)| one(name, argument)),
        1 => value(),
    ]
    .boxed()
}

/// A request's action and body.
pub(super) fn request() -> BoxedStrategy<(String, Document)> {
    let single = single();
    let operation = single.clone().prop_map(|(action, mut body)| {
        body.remove("database");
        doc! {action: body}
    });
    let pairs = || {
        object(one_of(vec!["filter.a", "document.a", "update.$set.a", "pipeline.0.$match.a", "expect.count", "", "."]), scalar())
    };
    let expected = object(word("matchedCount insertedCount count document upserted unheardOf"), value());
    let operation = (operation, option::of(pairs()), option::of(expected)).prop_map(|(mut operation, refs, expect)| {
        for body in operation.iter_mut().filter_map(|(_, body)| body.as_document_mut()) {
            body.extend(refs.clone().map(|refs| ("refs".to_owned(), Bson::Document(refs))));
            body.extend(expect.clone().map(|expect| ("expect".to_owned(), Bson::Document(expect))));
        }
        operation
    });
    let transaction =
        vec(operation, 0..4).prop_map(|operations| ("transaction".to_owned(), doc! {"database": "d", "operations": operations}));
    prop_oneof![4 => single, 1 => transaction].boxed()
}

fn single() -> BoxedStrategy<(String, Document)> {
    const OTHERS: &str = "projection sort limit skip upsert arrayFilters returnDocument ordered field replacement index indexes";
    let found = || filter().prop_map(|filter| doc! {"filter": filter});
    let changed = || (filter(), update()).prop_map(|(filter, update)| doc! {"filter": filter, "update": update});
    let replaced = (filter(), document()).prop_map(|(filter, document)| doc! {"filter": filter, "replacement": document});
    let projected = object(field(), expression()).prop_map(|projection| doc! {"filter": {}, "projection": projection});
    let sorted = object(field(), scalar()).prop_map(|sort| doc! {"filter": {}, "sort": sort, "skip": 1, "limit": 2});
    let indexes = vec(object(word("key unique sparse partialFilterExpression expireAfterSeconds name"), filter()), 0..3);
    let shaped = prop_oneof![
        3 => (word("find findOne countDocuments deleteOne deleteMany findOneAndDelete"), found()),
        3 => (word("updateOne updateMany findOneAndUpdate"), changed()),
        1 => (word("replaceOne findOneAndReplace"), replaced),
        2 => (word("find findOne findOneAndDelete"), projected),
        2 => (word("find findOneAndDelete"), sorted),
        2 => (word("aggregate"), pipeline().prop_map(|pipeline| doc! {"pipeline": pipeline})),
        2 => (word("insertOne"), document().prop_map(|document| doc! {"document": document})),
        1 => (word("insertMany"), vec(document(), 0..3).prop_map(|documents| doc! {"documents": documents, "ordered": false})),
        1 => (word("distinct"), (field(), filter()).prop_map(|(field, filter)| doc! {"field": field, "filter": filter})),
        1 => (word("createIndexes"), indexes.prop_map(|indexes| doc! {"indexes": indexes})),
        1 => (word("dropIndexes"), field().prop_map(|index| doc! {"index": index})),
        1 => (word("collMod"), filter().prop_map(|validator| doc! {"validator": validator})),
        1 => (word("explain"), found().prop_map(|mut find| {
            find.insert("collection", "c");
            doc! {"operation": {"find": find}}
        })),
        1 => (word("find updateOne aggregate insertOne"), changed()),
    ];
    let others = object(word(OTHERS), prop_oneof![value(), filter()]);
    (shaped, option::weighted(0.2, others))
        .prop_map(|((action, shaped), others)| {
            let mut body = doc! {"database": "d", "collection": "c"};
            body.extend(shaped);
            body.extend(others.unwrap_or_default());
            (action, body)
        })
        .boxed()
}

fn one(name: String, value: impl Into<Bson>) -> Bson {
    let mut document = Document::new();
    document.insert(name, value);
    Bson::Document(document)
}
