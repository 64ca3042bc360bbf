//! Which ids came lately, in bounded memory whatever their number and length.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
};

/// How many ids are remembered; the oldest is forgotten first.
const REMEMBERED: usize = 8_192;

/// Ids by their hashes: nobody outside can make two of them meet.
#[derive(Default)]
pub(crate) struct Seen {
    hasher: RandomState,
    known: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Seen {
    pub(crate) fn contains(&self, id: &[u8]) -> bool {
        self.known.contains(&self.hasher.hash_one(id))
    }

    /// Remembers the id; whether it is new.
    pub(crate) fn insert(&mut self, id: &[u8]) -> bool {
        let hash = self.hasher.hash_one(id);
        if !self.known.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_id_is_forgotten_first() {
        let mut seen = Seen::default();
        let name = |number: usize| number.to_be_bytes();
        for number in 0..=REMEMBERED {
            assert!(seen.insert(&name(number)));
        }
        assert!(!seen.contains(&name(0)) && seen.contains(&name(1)));
        assert!(!seen.insert(&name(REMEMBERED)));
        assert_eq!((seen.known.len(), seen.order.len()), (REMEMBERED, REMEMBERED));
    }
}
