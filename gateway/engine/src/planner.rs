//! Chooses how a filter's documents are found: by `_id`, by an index in order, by several, or by reading all.

use std::sync::Arc;

use bson::{Bson, Document, doc};

use crate::{
    bounds::{self, Conjunct, Interval, after, conjuncts},
    expression::Variables,
    key,
    matcher::{Node, Relation, Test},
    path::Path,
    sort::{SortField, SortOrder},
    storage::{Access, Collection, Index, Range},
};

/// The most ranges of one index that one filter is turned into.
const RANGE_LIMIT: usize = 500;

/// How documents will be found.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub access: Access,
    /// They come in the order that was asked for.
    pub sorted: bool,
}

pub(crate) fn plan(collection: &Collection, node: &Node, sort: &SortOrder, variables: &Variables) -> Plan {
    let conjuncts = conjuncts(node, variables);
    if let Some(plan) = by_id(&conjuncts, sort) {
        return plan;
    }
    let candidates = collection.indexes.iter().filter_map(|index| consider(index, &conjuncts, sort));
    let best = candidates.max_by_key(|candidate| candidate.score);
    match best {
        Some(best) if best.bounded => best.plan,
        other => union(collection, node, variables)
            .map(|access| Plan { access, sorted: sort.is_empty() })
            .or_else(|| by_id_range(&conjuncts, sort))
            .or_else(|| other.map(|candidate| candidate.plan))
            .unwrap_or(Plan { access: Access::Scan, sorted: sort.is_empty() }),
    }
}

/// What `explain` shows of a plan.
pub(crate) fn describe(plan: &Plan) -> Document {
    let mut stage = describe_access(&plan.access);
    if !plan.sorted {
        stage = doc! {"stage": "SORT", "inputStage": stage};
    }
    stage
}

struct Candidate {
    plan: Plan,
    score: usize,
    bounded: bool,
}

fn describe_access(access: &Access) -> Document {
    match access {
        Access::Scan => doc! {"stage": "COLLSCAN"},
        Access::Ids(ids) => doc! {"stage": "IDHACK", "ids": ids.len() as i64},
        Access::IdRange { reverse, .. } => {
            doc! {"stage": "IXSCAN", "indexName": "_id_", "keyPattern": {"_id": 1}, "direction": direction(*reverse)}
        }
        Access::Index { index, ranges, reverse } => doc! {
            "stage": "IXSCAN",
            "indexName": index.name.as_str(),
            "keyPattern": index.pattern(),
            "isMultiKey": index.multikey != 0,
            "direction": direction(*reverse),
            "ranges": ranges.len() as i64,
        },
        Access::Text { index, query } => doc! {"stage": "TEXT", "indexName": index.name.as_str(), "query": query.as_str()},
        Access::Union(parts) => {
            let parts: Vec<Bson> = parts.iter().map(|part| Bson::Document(describe_access(part))).collect();
            doc! {"stage": "OR", "inputStages": parts}
        }
    }
}

fn direction(reverse: bool) -> &'static str {
    if reverse { "backward" } else { "forward" }
}

fn by_id(conjuncts: &[Conjunct], sort: &SortOrder) -> Option<Plan> {
    let intervals = bounds::intervals(conjuncts, "_id", false)?;
    if !intervals.iter().all(Interval::is_point) || conjuncts.iter().any(is_id_pattern) {
        return None;
    }
    let ids: Vec<Vec<u8>> = intervals.into_iter().map(|interval| interval.low).collect();
    let sorted = sort.is_empty() || ids.len() < 2;
    Some(Plan { access: Access::Ids(ids), sorted })
}

/// A prefix is a point of a kind too, but no whole key.
fn is_id_pattern(conjunct: &Conjunct) -> bool {
    conjunct.path == "_id"
        && match &conjunct.test {
            Test::Regex(_) => true,
            Test::In(choices) => !choices.patterns.is_empty(),
            _ => false,
        }
}

fn by_id_range(conjuncts: &[Conjunct], sort: &SortOrder) -> Option<Plan> {
    let by_id = match sort.fields() {
        [field, ..] if field.path.as_str() == "_id" => Some(field.descending),
        _ => None,
    };
    let range = match bounds::intervals(conjuncts, "_id", false).as_deref() {
        Some([interval]) => {
            let (from, to) = interval.bytes(false);
            Range { from, to }
        }
        _ if by_id.is_some() => Range { from: Vec::new(), to: vec![0xff] },
        _ => return None,
    };
    let access = Access::IdRange { range, reverse: by_id.unwrap_or(false) };
    Some(Plan { access, sorted: sort.is_empty() || by_id.is_some() })
}

/// Every branch of some `$or` by an index of its own.
fn union(collection: &Collection, node: &Node, variables: &Variables) -> Option<Access> {
    let branches = match node {
        Node::Or(branches) => branches,
        Node::And(nodes) => nodes.iter().find_map(|node| match node {
            Node::Or(branches) => Some(branches),
            _ => None,
        })?,
        _ => return None,
    };
    let parts = branches.iter().map(|branch| match plan(collection, branch, &SortOrder::default(), variables).access {
        Access::Scan => None,
        access => Some(access),
    });
    parts.collect::<Option<Vec<Access>>>().map(Access::Union)
}

fn consider(index: &Arc<Index>, conjuncts: &[Conjunct], sort: &SortOrder) -> Option<Candidate> {
    if !index.serves() || !is_complete_for(index, conjuncts) {
        return None;
    }
    let mut prefixes = vec![Vec::new()];
    let mut fixed = 0;
    let mut score = 0;
    let mut ranges: Option<Vec<Range>> = None;
    let mut singles = Vec::new();
    for (position, field) in index.fields.iter().enumerate() {
        let Some(intervals) = field_intervals(index, position, conjuncts) else {
            break;
        };
        let whole_points = intervals.iter().all(|interval| interval.is_point() && is_whole(interval));
        if !whole_points || prefixes.len() * intervals.len() > RANGE_LIMIT {
            ranges = Some(spread(&prefixes, &intervals, field.descending));
            score += 3;
            break;
        }
        if intervals.len() == 1 {
            singles.push(field.path.as_str());
        }
        prefixes = extend(&prefixes, &intervals, field.descending);
        score += if intervals.len() == 1 { 6 } else { 5 };
        fixed = position + 1;
    }
    let bounded = fixed > 0 || ranges.is_some();
    let direction = sort_direction(index, sort, &singles);
    if !bounded && (direction.is_none() || sort.is_empty()) {
        return None;
    }
    let mut ranges = ranges.unwrap_or_else(|| prefixes.iter().map(|key| Range { from: key.clone(), to: after(key) }).collect());
    ranges.sort();
    let sorted = sort.is_empty() || direction.is_some();
    score += if sorted && !sort.is_empty() { 4 } else { 0 };
    let access = Access::Index { index: Arc::clone(index), ranges, reverse: direction.unwrap_or(false) };
    Some(Candidate { plan: Plan { access, sorted }, score, bounded })
}

/// On fields below the same array, an index entry holds what one element has; tests may hold for several.
fn field_intervals(index: &Index, position: usize, conjuncts: &[Conjunct]) -> Option<Vec<Interval>> {
    let field = index.fields.get(position)?;
    let crosses = |at: usize| index.multikey >> at.min(31) & 1 == 1;
    let shares_array = crosses(position)
        && index
            .fields
            .iter()
            .take(position)
            .enumerate()
            .any(|(at, earlier)| crosses(at) && earlier.path.root() == field.path.root());
    if shares_array {
        return None;
    }
    if crosses(position) && field.path.has_position() {
        return positional_intervals(&field.path, conjuncts);
    }
    bounds::intervals(conjuncts, field.path.as_str(), crosses(position))
}

/// A position in an array may be a field of its elements too. The index holds what either reading reaches, but not that one of them reaches
/// nothing, nor what the elements of an element are.
fn positional_intervals(path: &Path, conjuncts: &[Conjunct]) -> Option<Vec<Interval>> {
    let plain: Vec<Conjunct> = conjuncts.iter().filter(|conjunct| !conjunct.element).cloned().collect();
    let null = key::of(&Bson::Null);
    let intervals = bounds::intervals(&plain, path.as_str(), true)?;
    let takes_null = |interval: &Interval| {
        let (from, to) = interval.bytes(false);
        from <= null && null < to
    };
    (!intervals.iter().any(takes_null)).then_some(intervals)
}

/// Prefixes of strings stand for ranges, not for one key.
fn is_whole(interval: &Interval) -> bool {
    const STRING: u8 = 0x0f;
    interval.low.first() != Some(&STRING) || interval.low.ends_with(&[0, 0])
}

fn extend(prefixes: &[Vec<u8>], points: &[Interval], descending: bool) -> Vec<Vec<u8>> {
    let part = |point: &Interval| if descending { key::complement(&point.low) } else { point.low.clone() };
    let parts: Vec<Vec<u8>> = points.iter().map(part).collect();
    prefixes.iter().flat_map(|prefix| parts.iter().map(move |part| [prefix.as_slice(), part].concat())).collect()
}

fn spread(prefixes: &[Vec<u8>], intervals: &[Interval], descending: bool) -> Vec<Range> {
    let parts: Vec<(Vec<u8>, Vec<u8>)> = intervals.iter().map(|interval| interval.bytes(descending)).collect();
    prefixes
        .iter()
        .flat_map(|prefix| {
            parts
                .iter()
                .map(move |(from, to)| Range { from: [prefix.as_slice(), from].concat(), to: [prefix.as_slice(), to].concat() })
        })
        .collect()
}

/// Whether to walk backward for the index to give the order; `None` if it cannot.
fn sort_direction(index: &Index, sort: &SortOrder, singles: &[&str]) -> Option<bool> {
    let is_single = |field: &SortField| singles.contains(&field.path.as_str());
    let crosses = |at: usize| index.multikey >> at.min(31) & 1 == 1;
    let mut reverse = None;
    let mut positions = index.fields.iter().enumerate().filter(|(_, field)| !is_single(field));
    for wanted in sort.fields().iter().filter(|field| !is_single(field)) {
        let (position, field) = positions.next()?;
        if field.path != wanted.path || crosses(position) {
            return None;
        }
        let backward = field.descending != wanted.descending;
        if *reverse.get_or_insert(backward) != backward {
            return None;
        }
    }
    Some(reverse.unwrap_or(false))
}

/// Whether a sparse or partial index holds every document that can match.
fn is_complete_for(index: &Index, conjuncts: &[Conjunct]) -> bool {
    let asks_presence = |conjunct: &Conjunct| {
        index.fields.iter().any(|field| field.path.as_str() == conjunct.path) && implies_presence(&conjunct.test)
    };
    if index.sparse && !conjuncts.iter().any(asks_presence) {
        return false;
    }
    match &index.partial {
        None => true,
        Some((_, filter)) => is_implied(filter.node(), conjuncts),
    }
}

fn implies_presence(test: &Test) -> bool {
    match test {
        Test::Compare(_, value) => !matches!(value, Bson::Null | Bson::MinKey | Bson::MaxKey),
        Test::In(choices) => !choices.values.contains(&Bson::Null),
        _ => true,
    }
}

fn is_implied(node: &Node, conjuncts: &[Conjunct]) -> bool {
    match node {
        Node::And(nodes) => nodes.iter().all(|node| is_implied(node, conjuncts)),
        Node::Or(nodes) => nodes.iter().any(|node| is_implied(node, conjuncts)),
        Node::Field { path, test } => {
            conjuncts.iter().any(|conjunct| !conjunct.element && conjunct.path == path.as_str() && implies(&conjunct.test, test))
        }
        _ => false,
    }
}

fn implies(known: &Test, wanted: &Test) -> bool {
    match (known, wanted) {
        (Test::Exists, Test::Exists) => true,
        (_, Test::Exists) => implies_presence(known),
        (Test::Compare(Relation::Equal, value), _) => wanted.holds(Some(value)),
        (Test::Compare(a, x), Test::Compare(b, y)) => a == b && x == y,
        (Test::In(choices), _) => choices.patterns.is_empty() && choices.values.iter().all(|value| wanted.holds(Some(value))),
        (Test::Type(a), Test::Type(b)) => a == b,
        _ => false,
    }
}
