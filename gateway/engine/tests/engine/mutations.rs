//! Whatever a filter, an update or a pipeline is made of, it gives an answer or an error with a code.

use bson::{Bson, DateTime, Document, bson, doc};
use engine::{Command, Mode, Update};

use crate::open::Database;

/// A fixed sequence of numbers that look random.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

fn oddities() -> Vec<Bson> {
    let decimal = |text: &str| Bson::Decimal128(text.parse().unwrap());
    vec![
        Bson::Null,
        bson!(true),
        bson!(0),
        bson!(-1),
        bson!(i32::MIN),
        bson!(i64::MAX),
        bson!(i64::MIN),
        bson!(f64::NAN),
        bson!(f64::NEG_INFINITY),
        bson!(1e308),
        decimal("9.999999999999999999999999999999999E+6144"),
        decimal("NaN"),
        bson!(""),
        bson!("$"),
        bson!("$$"),
        bson!("$a.b"),
        bson!("a..b"),
        bson!("é\0"),
        bson!([]),
        bson!({}),
        bson!([[]]),
        bson!({"": 1}),
        bson!({"$a": 1}),
        Bson::DateTime(DateTime::from_millis(i64::MAX)),
        Bson::DateTime(DateTime::from_millis(i64::MIN)),
        Bson::MinKey,
        Bson::MaxKey,
        bson!({"$regex": "[^a", "$options": "z"}),
    ]
}

fn mutate(value: &Bson, names: &[String], odd: &[Bson], next: &mut Sequence) -> Bson {
    if next.below(9) == 0 {
        return odd[next.below(odd.len())].clone();
    }
    match value {
        Bson::Document(document) => Bson::Document(mutate_document(document, names, odd, next)),
        Bson::Array(items) => Bson::Array(items.iter().map(|item| mutate(item, names, odd, next)).collect()),
        other => other.clone(),
    }
}

fn mutate_document(document: &Document, names: &[String], odd: &[Bson], next: &mut Sequence) -> Document {
    let field = |(name, value): (&String, &Bson)| {
        let swapped = name.starts_with('$') && next.below(6) == 0;
        let name = if swapped { names[next.below(names.len())].clone() } else { name.clone() };
        (name, mutate(value, names, odd, next))
    };
    document.iter().map(field).collect()
}

fn operators(value: &Bson, names: &mut Vec<String>) {
    match value {
        Bson::Document(document) => {
            for (name, inner) in document {
                names.extend(name.starts_with('$').then(|| name.clone()));
                operators(inner, names);
            }
        }
        Bson::Array(items) => items.iter().for_each(|item| operators(item, names)),
        _ => {}
    }
}

fn seeds() -> Vec<Document> {
    vec![
        doc! {"filter": {"a": {"$gt": 1, "$lt": 5}, "$or": [{"l": {"$elemMatch": {"x": 1}}}, {"s": {"$regex": "^a", "$options": "i"}}]}},
        doc! {"filter": {"a": {"$in": [1, "b"], "$not": {"$size": 2}}, "l": {"$all": [1], "$mod": [2, 1]}, "b": {"$bitsAllSet": [1, 5], "$type": "int"}}},
        doc! {"filter": {"$jsonSchema": {"required": ["a"], "properties": {"a": {"bsonType": "int", "minimum": 1}}}, "$expr": {"$eq": ["$a", 1]}}},
        doc! {"update": {"$set": {"a.b": 1}, "$inc": {"n": 1}, "$mul": {"m": 2}, "$push": {"l": {"$each": [1], "$slice": -2, "$sort": 1, "$position": 0}}}},
        doc! {"update": {"$pull": {"l": {"$gt": 1}}, "$addToSet": {"s": {"$each": [1]}}, "$rename": {"a": "z"}, "$bit": {"n": {"and": 3}}, "$currentDate": {"d": true}}},
        doc! {"pipeline": [{"$match": {"a": 1}}, {"$group": {"_id": "$a", "n": {"$sum": "$n"}, "top": {"$topN": {"n": 2, "sortBy": {"n": 1}, "output": "$n"}}}}, {"$sort": {"n": 1}}]},
        doc! {"pipeline": [{"$project": {"x": {"$dateTrunc": {"date": "$d", "unit": "month", "binSize": 2}}, "y": {"$substrCP": ["$s", 1, 2]}, "z": {"$slice": ["$l", 1, 2]}}}]},
        doc! {"pipeline": [{"$set": {"x": {"$dateAdd": {"startDate": "$d", "unit": "day", "amount": 3}}, "y": {"$round": ["$n", 2]}, "z": {"$pow": ["$n", 2]}}}]},
        doc! {"pipeline": [{"$unwind": {"path": "$l", "includeArrayIndex": "i"}}, {"$bucketAuto": {"groupBy": "$n", "buckets": 2, "granularity": "R5"}}, {"$limit": 3}]},
        doc! {"pipeline": [{"$setWindowFields": {"sortBy": {"n": 1}, "output": {"r": {"$avg": "$n", "window": {"range": [-1, 1]}}, "s": {"$shift": {"output": "$n", "by": 1}}}}}]},
        doc! {"pipeline": [{"$lookup": {"from": "c", "localField": "a", "foreignField": "a", "as": "o", "pipeline": [{"$sort": {"a": 1}}]}}, {"$facet": {"f": [{"$count": "n"}]}}]},
        doc! {"pipeline": [{"$graphLookup": {"from": "c", "startWith": "$a", "connectFromField": "a", "connectToField": "n", "as": "g", "maxDepth": 2}}, {"$sample": {"size": 2}}]},
        doc! {"index": {"key": {"a": 1, "l.x": -1}, "unique": true, "sparse": false, "expireAfterSeconds": 5, "partialFilterExpression": {"a": {"$gt": 1}}}},
    ]
}

#[test]
fn odd_commands_are_answered_or_refused() {
    let db = Database::new();
    let odd = oddities();
    let documents = odd.iter().enumerate().map(|(id, value)| {
        doc! {"_id": id as i32, "a": value.clone(), "l": [value.clone(), {"x": 1}], "n": id as i32, "s": "abc", "d": DateTime::from_millis(0)}
    });
    db.insert(documents.collect()).unwrap();
    let mut names = Vec::new();
    seeds().into_iter().for_each(|seed| operators(&Bson::Document(seed), &mut names));
    let mut next = Sequence(7);
    let mut refused = 0;
    for _ in 0..200 {
        for seed in seeds() {
            let mutated = mutate_document(&seed, &names, &odd, &mut next);
            let Some(command) = command(&mutated) else {
                continue;
            };
            let mut session = db.engine.begin(Mode::Write).unwrap();
            if let Err(error) = session.run("test", &command) {
                assert!(error.code != 0 && !error.message.is_empty());
                refused += 1;
            }
        }
    }
    assert!(refused > 500, "{refused}");
    assert_eq!(db.engine.verify().unwrap(), Vec::<String>::new());
}

fn command(mutated: &Document) -> Option<Command> {
    let collection = "c".to_owned();
    let (name, value) = mutated.iter().next()?;
    match (name.as_str(), value) {
        ("filter", Bson::Document(filter)) => Some(crate::open::find(filter.clone(), doc! {"a": 1}, 0)),
        ("update", Bson::Document(update)) => Some(Command::UpdateMany {
            collection,
            filter: doc! {},
            update: Update::Document(update.clone()),
            upsert: true,
            array_filters: Vec::new(),
        }),
        ("pipeline", Bson::Array(stages)) => {
            let pipeline = stages.iter().filter_map(Bson::as_document).cloned().collect();
            Some(Command::Aggregate { collection, pipeline })
        }
        ("index", Bson::Document(index)) => Some(Command::CreateIndexes { collection, indexes: vec![index.clone()] }),
        _ => None,
    }
}
