//! The other side of a `$lookup` that no index serves, by value, read when it is first asked.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use bson::{Bson, Document};

use crate::{
    budget::Budget,
    error::{Error, Result},
    expression::Variables,
    fields::Fields,
    key,
    matcher::Matcher,
    path::{Leaf, Path},
    search::Query,
    sort::SortOrder,
    storage::{Access, Collection, Store},
};

/// The largest collection that is read at once.
const SIZE_LIMIT: usize = 200_000;

pub(super) struct Table {
    collection: Arc<Collection>,
    documents: Vec<Document>,
    positions: Option<HashMap<Vec<u8>, Vec<usize>>>,
    budget: Budget,
}

impl Table {
    pub fn unless_indexed(store: &Store, collection: &Arc<Collection>, path: &Path) -> Result<Option<Table>> {
        let plan = query(Matcher::any_of(path, vec![Bson::Int32(1)])).plan(collection, &Variables::new())?;
        let small = usize::try_from(store.extent(collection)?).is_ok_and(|count| count <= SIZE_LIMIT);
        let serves = small && matches!(plan.access, Access::Scan);
        Ok(serves.then(|| Table {
            collection: Arc::clone(collection),
            documents: Vec::new(),
            positions: None,
            budget: Budget::operator("$lookup"),
        }))
    }

    /// In the order of their insertion.
    pub fn find(&mut self, store: &Store, path: &Path, values: Vec<Bson>) -> Result<Vec<Document>> {
        if self.positions.is_none() {
            self.positions = Some(self.read(store, path)?);
        }
        let positions = self.positions.as_ref().ok_or_else(|| Error::new(1, "the table was not read"))?;
        let found: BTreeSet<usize> =
            values.iter().filter_map(|value| positions.get(&key::of(value))).flatten().copied().collect();
        Ok(found.into_iter().filter_map(|position| self.documents.get(position).cloned()).collect())
    }

    fn read(&mut self, store: &Store, path: &Path) -> Result<HashMap<Vec<u8>, Vec<usize>>> {
        let mut positions: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        for found in query(Matcher::everything()).search(store, &self.collection, Arc::new(Variables::new()))? {
            let document = found?.document;
            let mut keys = BTreeSet::new();
            path.visit(&document, Leaf::Elements, &mut |reached| {
                keys.insert(key::of(reached.value.unwrap_or(&Bson::Null)));
                false
            });
            for key in keys {
                positions.entry(key).or_default().push(self.documents.len());
            }
            self.budget.take(&document)?;
            self.documents.push(document);
        }
        Ok(positions)
    }
}

fn query(matcher: Matcher) -> Query {
    Query { matcher, sort: SortOrder::default(), skip: 0, limit: None, fields: Fields::All }
}
