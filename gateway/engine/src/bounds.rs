//! What a filter says about where in an index its documents can be.

use bson::Bson;

use crate::{
    expression::Variables,
    key,
    matcher::{Node, Relation, Test},
    order::rank,
    path::Path,
};

/// Keys between two prefixes; an inclusive end takes in everything that begins with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Interval {
    pub low: Vec<u8>,
    pub low_inclusive: bool,
    pub high: Vec<u8>,
    pub high_inclusive: bool,
}

/// One test of a filter that must hold.
#[derive(Debug, Clone)]
pub(crate) struct Conjunct {
    pub path: String,
    pub test: Test,
    /// It asks about an element of an array.
    pub element: bool,
    /// Tests of one group hold for the same value.
    group: usize,
}

impl Interval {
    pub fn point(key: Vec<u8>) -> Interval {
        Interval { low: key.clone(), low_inclusive: true, high: key, high_inclusive: true }
    }

    pub fn is_point(&self) -> bool {
        self.low == self.high
    }

    /// The first byte string of the interval and the first after it, in an index of the given direction.
    pub fn bytes(&self, descending: bool) -> (Vec<u8>, Vec<u8>) {
        let open = |bytes: Vec<u8>, inclusive: bool| if inclusive { bytes } else { after(&bytes) };
        let close = |bytes: Vec<u8>, inclusive: bool| if inclusive { after(&bytes) } else { bytes };
        if descending {
            (open(key::complement(&self.high), self.high_inclusive), close(key::complement(&self.low), self.low_inclusive))
        } else {
            (open(self.low.clone(), self.low_inclusive), close(self.high.clone(), self.high_inclusive))
        }
    }

    fn meet(&self, other: &Interval) -> Option<Interval> {
        let low = if (&other.low, !other.low_inclusive) > (&self.low, !self.low_inclusive) { other } else { self };
        let high = if (&other.high, other.high_inclusive) < (&self.high, self.high_inclusive) { other } else { self };
        let met = Interval {
            low: low.low.clone(),
            low_inclusive: low.low_inclusive,
            high: high.high.clone(),
            high_inclusive: high.high_inclusive,
        };
        let (from, to) = met.bytes(false);
        (from < to).then_some(met)
    }
}

/// The least byte string above all that begin with `prefix`.
pub(crate) fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return end;
        }
    }
    vec![0xff; 16]
}

/// The tests that all must hold.
pub(crate) fn conjuncts(node: &Node, variables: &Variables) -> Vec<Conjunct> {
    let mut all = Vec::new();
    let place = Place { prefix: "", element: false, group: None };
    collect(node, variables, &place, &mut all);
    all
}

/// Where in a filter a test stands.
struct Place<'a> {
    prefix: &'a str,
    element: bool,
    group: Option<usize>,
}

fn collect(node: &Node, variables: &Variables, place: &Place<'_>, all: &mut Vec<Conjunct>) {
    let group = place.group.unwrap_or(all.len());
    match node {
        Node::And(nodes) => nodes.iter().for_each(|node| collect(node, variables, place, all)),
        Node::Field { path, test } => {
            all.push(Conjunct { path: join(place.prefix, path), test: test.clone(), element: place.element, group });
        }
        Node::ElemMatch { path, inner, documents_only } => {
            // A field of an element can be an array again, whose elements can differ; the element itself cannot.
            let group = (!documents_only).then_some(group);
            let prefix = join(place.prefix, path);
            collect(inner, variables, &Place { prefix: &prefix, element: true, group }, all);
        }
        Node::Expression(expression) => {
            for (path, value) in expression.equalities(variables) {
                let test = Test::Compare(Relation::Equal, value);
                all.push(Conjunct { path, test, element: place.element, group: all.len() });
            }
        }
        _ => {}
    }
}

fn join(prefix: &str, path: &Path) -> String {
    match (prefix.is_empty(), path.is_here()) {
        (true, _) => path.as_str().to_owned(),
        (false, true) => prefix.to_owned(),
        (false, false) => format!("{prefix}.{}", path.as_str()),
    }
}

/// The intervals of keys that can satisfy the tests on one path, in order; `None`: any key.
pub(crate) fn intervals(conjuncts: &[Conjunct], path: &str, multikey: bool) -> Option<Vec<Interval>> {
    let mut groups: Vec<(usize, Vec<Interval>)> = Vec::new();
    for conjunct in conjuncts.iter().filter(|conjunct| conjunct.path == path) {
        let Some(next) = of_test(&conjunct.test) else {
            continue;
        };
        match groups.iter_mut().find(|(group, _)| !multikey || *group == conjunct.group) {
            Some((_, known)) => *known = intersect(known, &next),
            None => groups.push((conjunct.group, next)),
        }
    }
    groups.into_iter().map(|(_, intervals)| intervals).reduce(narrower)
}

fn intersect(a: &[Interval], b: &[Interval]) -> Vec<Interval> {
    let mut met: Vec<Interval> = a.iter().flat_map(|one| b.iter().filter_map(move |other| one.meet(other))).collect();
    met.sort();
    met.dedup();
    met
}

/// On a path with arrays, tests can hold for different elements, so only one of them bounds.
fn narrower(a: Vec<Interval>, b: Vec<Interval>) -> Vec<Interval> {
    let points = |intervals: &[Interval]| intervals.iter().all(Interval::is_point);
    if points(&b) && (!points(&a) || b.len() < a.len()) { b } else { a }
}

fn of_test(test: &Test) -> Option<Vec<Interval>> {
    match test {
        Test::Compare(relation, value) => of_comparison(*relation, value).map(|interval| vec![interval]),
        Test::In(choices) => {
            let mut all = Vec::with_capacity(choices.values.len());
            for value in &choices.values {
                all.push(of_comparison(Relation::Equal, value)?);
            }
            for pattern in &choices.patterns {
                all.extend(of_pattern(pattern)?);
            }
            all.sort();
            all.dedup();
            Some(all)
        }
        Test::Regex(pattern) => of_pattern(pattern),
        _ => None,
    }
}

fn of_comparison(relation: Relation, value: &Bson) -> Option<Interval> {
    let extreme = matches!(value, Bson::MinKey | Bson::MaxKey) && relation != Relation::Equal;
    if extreme || matches!(value, Bson::Array(_) | Bson::Undefined) {
        return None;
    }
    let at = key::of(value);
    let type_start = vec![rank(value)];
    let type_end = after(&type_start);
    let below = |high, high_inclusive| Interval { low: type_start.clone(), low_inclusive: true, high, high_inclusive };
    let above = |low, low_inclusive| Interval { low, low_inclusive, high: type_end.clone(), high_inclusive: false };
    Some(match relation {
        Relation::Equal => Interval::point(at),
        Relation::Less => below(at, false),
        Relation::LessOrEqual => below(at, true),
        Relation::Greater => above(at, false),
        Relation::GreaterOrEqual => above(at, true),
    })
}

/// Strings with the expression's prefix, and the expression itself as a value.
fn of_pattern(pattern: &crate::matcher::Pattern) -> Option<Vec<Interval>> {
    let mut prefix = key::of(&Bson::String(pattern.prefix()?));
    prefix.truncate(prefix.len().saturating_sub(2));
    let itself = key::of(&pattern.to_bson()?);
    Some(vec![Interval::point(prefix), Interval::point(itself)])
}
