//! A bound on the memory that one command's documents take.

use std::mem::size_of;

use bson::{Bson, Document};

use crate::error::{Error, Result};

/// The most that a sort, a stage or an answer holds.
const LIMIT_BYTES: usize = 512 << 20;

#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    what: &'static str,
}

impl Budget {
    /// `what` names who holds, for the error.
    pub fn of(what: &'static str) -> Budget {
        Budget { left: LIMIT_BYTES, what }
    }

    pub fn take(&mut self, document: &Document) -> Result<()> {
        let weight = weigh(document);
        self.left = self.left.checked_sub(weight).ok_or_else(|| {
            Error::new(292, format!("{} holds too many documents in memory: narrow it down or use a limit", self.what))
        })?;
        Ok(())
    }

    /// What is let go.
    pub fn give(&mut self, document: &Document) {
        self.left += weigh(document);
    }
}

/// About the memory of a document.
fn weigh(document: &Document) -> usize {
    let field = |(name, value): (&String, &Bson)| size_of::<(u64, String)>() + name.len() + weigh_value(value);
    document.iter().map(field).sum::<usize>() + size_of::<Document>()
}

fn weigh_value(value: &Bson) -> usize {
    let inner = match value {
        Bson::Document(document) => weigh(document),
        Bson::Array(items) => items.iter().map(weigh_value).sum(),
        Bson::String(text) => text.len(),
        Bson::Binary(binary) => binary.bytes.len(),
        _ => 0,
    };
    size_of::<Bson>() + inner
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    #[test]
    fn what_is_beyond_the_budget_is_refused() {
        let document = doc! {"text": "x".repeat(1000)};
        let mut budget = Budget { left: 1500, what: "a sort" };
        budget.take(&document).unwrap();
        assert_eq!(budget.take(&document).unwrap_err().code, 292);
        budget.give(&document);
        budget.take(&document).unwrap();
    }
}
