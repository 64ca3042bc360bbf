//! What expressions give, in tables.

use bson::{Bson, DateTime, Decimal128, Document, bson, doc};

use super::{Expression, Variables};

fn document() -> Document {
    doc! {
        "n": 5, "d": 2.5, "s": "Hello", "l": [3, 1, 2], "o": {"a": 1, "b": [{"c": 1}, {"c": 2}]}, "null": Bson::Null,
        "at": DateTime::from_millis(1_700_000_000_123),
    }
}

fn evaluate(expression: Bson) -> Result<Bson, i32> {
    let variables = Variables::new();
    Expression::parse_in(&expression, &variables)
        .and_then(|parsed| parsed.evaluate(&document(), &variables))
        .map_err(|error| error.code)
}

fn check(cases: Vec<(Bson, Bson)>) {
    for (expression, expected) in cases {
        assert_eq!(evaluate(expression.clone()), Ok(expected), "{expression}");
    }
}

fn decimal(text: &str) -> Bson {
    Bson::Decimal128(text.parse::<Decimal128>().unwrap())
}

#[test]
fn the_widest_type_wins_and_whole_numbers_grow() {
    check(vec![
        (bson!({"$add": ["$n", 1]}), bson!(6)),
        (bson!({"$add": [i32::MAX, 1]}), Bson::Int64(2_147_483_648)),
        (bson!({"$add": [i64::MAX, 1]}), bson!(9_223_372_036_854_775_808.0)),
        (bson!({"$add": [decimal("1"), 2.5]}), decimal("3.50000000000000")),
        (bson!({"$add": ["$at", 1]}), Bson::DateTime(DateTime::from_millis(1_700_000_000_124))),
        (bson!({"$subtract": ["$at", "$at"]}), Bson::Int64(0)),
        (bson!({"$divide": ["$n", 2]}), bson!(2.5)),
        (bson!({"$mod": [-5, 3]}), bson!(-2)),
        (bson!({"$pow": [2, 31]}), Bson::Int64(1 << 31)),
        (bson!({"$pow": [2, -1]}), bson!(0.5)),
        (bson!({"$round": [2.5]}), bson!(2.0)),
        (bson!({"$round": [1234, -2]}), bson!(1200)),
        (bson!({"$trunc": [-2.7]}), bson!(-2.0)),
        (bson!({"$add": ["$missing", 1]}), Bson::Null),
    ]);
}

#[test]
fn missing_is_less_than_null_and_paths_go_through_arrays() {
    check(vec![
        (bson!({"$lt": ["$missing", "$null"]}), bson!(true)),
        (bson!({"$type": "$missing"}), bson!("missing")),
        (bson!("$o.b.c"), bson!([1, 2])),
        (bson!({"$ifNull": ["$missing", "$null", 7]}), bson!(7)),
        (bson!({"$cond": ["$null", 1, 2]}), bson!(2)),
        (bson!({"$switch": {"branches": [{"case": {"$gt": ["$n", 9]}, "then": 1}], "default": 2}}), bson!(2)),
        (bson!(["$missing", "$n"]), bson!([Bson::Null, 5])),
    ]);
}

#[test]
fn arrays_are_mapped_filtered_and_folded() {
    check(vec![
        (bson!({"$map": {"input": "$l", "as": "x", "in": {"$multiply": ["$$x", "$n"]}}}), bson!([15, 5, 10])),
        (bson!({"$filter": {"input": "$l", "cond": {"$gt": ["$$this", 1]}}}), bson!([3, 2])),
        (bson!({"$reduce": {"input": "$l", "initialValue": 0, "in": {"$add": ["$$value", "$$this"]}}}), bson!(6)),
        (bson!({"$let": {"vars": {"x": 2}, "in": {"$add": ["$$x", "$n"]}}}), bson!(7)),
        (bson!({"$sortArray": {"input": "$l", "sortBy": -1}}), bson!([3, 2, 1])),
        (bson!({"$slice": ["$l", -2]}), bson!([1, 2])),
        (bson!({"$arrayElemAt": ["$l", -1]}), bson!(2)),
        (bson!({"$indexOfArray": ["$l", 2.0]}), bson!(2)),
        (bson!({"$setUnion": ["$l", [1, 9]]}), bson!([1, 2, 3, 9])),
        (bson!({"$zip": {"inputs": [[1, 2], ["a"]], "useLongestLength": true}}), bson!([[1, "a"], [2, Bson::Null]])),
        (bson!({"$max": "$l"}), bson!(3)),
        (bson!({"$firstN": {"input": "$l", "n": 2}}), bson!([3, 1])),
    ]);
}

#[test]
fn text_and_dates_are_taken_apart() {
    check(vec![
        (bson!({"$concat": ["$s", "!"]}), bson!("Hello!")),
        (bson!({"$substrCP": ["$s", 1, 3]}), bson!("ell")),
        (bson!({"$regexFind": {"input": "$s", "regex": "l(.)"}}), bson!({"match": "ll", "idx": 2, "captures": ["l"]})),
        (bson!({"$split": ["a,b", ","]}), bson!(["a", "b"])),
        (bson!({"$trim": {"input": " x "}}), bson!("x")),
        (bson!({"$toInt": "12"}), bson!(12)),
        (bson!({"$convert": {"input": "x", "to": "int", "onError": -1}}), bson!(-1)),
        (bson!({"$year": "$at"}), bson!(2023)),
        (bson!({"$hour": {"date": "$at", "timezone": "+02:00"}}), bson!(0)),
        (bson!({"$hour": {"date": "$at", "timezone": "America/New_York"}}), bson!(17)),
        (bson!({"$dateToString": {"date": "$at", "format": "%Y-%m-%d"}}), bson!("2023-11-14")),
        (bson!({"$dateTrunc": {"date": "$at", "unit": "month"}}), Bson::DateTime(DateTime::from_millis(1_698_796_800_000))),
        (
            bson!({"$dateDiff": {"startDate": "$at", "endDate": {"$dateAdd": {"startDate": "$at", "unit": "month", "amount": 3}}, "unit": "month"}}),
            Bson::Int64(3),
        ),
        (bson!({"$toDate": "2026-11-20T05:00:00Z"}), Bson::DateTime(DateTime::from_millis(1_795_150_800_000))),
    ]);
}

#[test]
fn what_cannot_be_evaluated_has_its_code() {
    for (expression, code) in [
        (bson!({"$unknown": 1}), 168),
        (bson!({"$function": {}}), 168),
        (bson!({"$add": 1, "$subtract": 2}), 15983),
        (bson!("$$nobody"), 17276),
        (bson!("$a..b"), 15998),
        (bson!({"$divide": [1, 0]}), 2),
        (bson!({"$add": ["$s", 1]}), 14),
        (bson!({"$eq": [1]}), 16020),
        (bson!({"$toInt": "x"}), 241),
        (bson!({"$size": "$n"}), 17124),
        (bson!({"$setEquals": [[1]]}), 17045),
        (bson!({"$getField": {"field": "a"}}), 3041703),
        (bson!({"$regexMatch": {"input": "a"}}), 31023),
        (bson!({"$regexMatch": {"input": "a", "regex": "("}}), 51111),
        (bson!({"$replaceOne": {"input": "a", "find": "a"}}), 51747),
        (bson!({"$filter": {"input": [1], "cond": true, "limit": 0}}), 327392),
        (bson!({"$filter": {"input": [1], "cond": true, "limit": 0.5}}), 327391),
        (bson!({"$zip": {"inputs": []}}), 34465),
        (bson!({"$zip": {"inputs": [[1]], "useLongestLength": 1}}), 34463),
        (bson!({"$zip": {"inputs": [[1]], "useLongestLength": true, "defaults": [1, 2]}}), 34467),
        (bson!({"$arrayToObject": [[["a", 1], {"k": "b", "v": 1}]]}), 40396),
        (bson!({"$arrayToObject": [[{"k": "b", "v": 1}, ["a", 1]]]}), 40391),
    ] {
        assert_eq!(evaluate(expression.clone()), Err(code), "{expression}");
    }
}
