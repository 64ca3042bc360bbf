//! Ids for the records of one request: in order, from one draw of randomness.

use std::cell::Cell;

use domain::{Entity, Time, id};

/// A source of ids that sort in the order they were taken.
pub struct Ids {
    now: Time,
    random: Cell<u128>,
}

impl Ids {
    /// Ids of this moment.
    pub fn new(now: Time, random: [u8; 10]) -> Self {
        let random = random.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        // The upper half of the space stays free, so counting up never wraps.
        Self { now, random: Cell::new(random >> 1) }
    }

    /// The next id of an entity.
    pub fn next(&self, entity: &Entity) -> String {
        let random = self.random.get();
        self.random.set(random + 1);
        let [.., a, b, c, d, e, f, g, h, i, j] = random.to_be_bytes();
        id::from_parts(entity.prefix, self.now.ms(), [a, b, c, d, e, f, g, h, i, j])
    }
}

#[cfg(test)]
mod tests {
    use domain::entities::LEAD;

    use super::*;

    #[test]
    fn ids_of_one_request_sort_in_the_order_they_were_taken() {
        let ids = Ids::new(Time::from_ms(1_000), [255; 10]);
        let taken: Vec<String> = (0..3).map(|_| ids.next(&LEAD)).collect();
        assert!(taken.is_sorted() && taken[0] != taken[1]);
        assert!(id::is("lead", &taken[0]));
    }
}
