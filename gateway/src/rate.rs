//! How many requests a partition may make: one token bucket each, in bounded memory.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{config::Rate, failure::Failure, seen::Seen};

/// Buckets that are kept; partitions beyond them share one.
const BUCKETS: usize = 50_000;
/// Looking for buckets to drop takes longer than a request, so it is done seldom.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

/// The buckets of all partitions.
pub(crate) struct Rates {
    rate: Rate,
    hasher: RandomState,
    state: Mutex<State>,
}

struct State {
    buckets: HashMap<u64, Bucket>,
    others: Bucket,
    counted: Seen,
    swept: Instant,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Rates {
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        let state = State { buckets: HashMap::new(), others: Bucket::full(rate, now), counted: Seen::default(), swept: now };
        Self { rate, hasher: RandomState::new(), state: Mutex::new(state) }
    }

    /// Lets a request in, or tells when to come again; the calls with one count id are one request.
    pub(crate) fn admit(&self, partition: &[u8], count_id: Option<&[u8]>, now: Instant) -> Result<(), Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if count_id.is_some_and(|id| state.counted.contains(id)) {
            return Ok(());
        }
        let missing = state.bucket(self.hasher.hash_one(partition), self.rate, now).take(self.rate, now);
        let Some(missing) = missing else {
            // One that was refused is counted when it comes again.
            count_id.map(|id| state.counted.insert(id));
            return Ok(());
        };
        let failure = Failure::too_many_requests("too many requests of this partition");
        Err(Failure { retry_after_s: Some(whole_seconds(missing)), ..failure })
    }
}

impl State {
    fn bucket(&mut self, partition: u64, rate: Rate, now: Instant) -> &mut Bucket {
        let is_new = !self.buckets.contains_key(&partition);
        if is_new && self.buckets.len() >= BUCKETS && now.duration_since(self.swept) >= SWEEP_PAUSE {
            self.swept = now;
            // A full bucket is as good as none.
            self.buckets.retain(|_, bucket| !bucket.is_full(rate, now));
        }
        if is_new && self.buckets.len() >= BUCKETS {
            return &mut self.others;
        }
        self.buckets.entry(partition).or_insert_with(|| Bucket::full(rate, now))
    }
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { tokens: f64::from(rate.burst), filled: now }
    }

    /// Takes a token; where there is none, the time until there will be.
    fn take(&mut self, rate: Rate, now: Instant) -> Option<Duration> {
        self.tokens = self.tokens_at(rate, now);
        self.filled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return None;
        }
        Some(Duration::from_secs_f64((1.0 - self.tokens) / f64::from(rate.per_second)))
    }

    fn is_full(&self, rate: Rate, now: Instant) -> bool {
        self.tokens_at(rate, now) >= f64::from(rate.burst)
    }

    fn tokens_at(&self, rate: Rate, now: Instant) -> f64 {
        let passed_s = now.duration_since(self.filled).as_secs_f64();
        (self.tokens + passed_s * f64::from(rate.per_second)).min(f64::from(rate.burst))
    }
}

/// Rounded up, so that whoever waits that long does not come too early.
fn whole_seconds(time: Duration) -> u32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 2, burst: 3 };

    #[test]
    fn a_burst_is_let_in_and_then_as_many_as_the_rate() {
        let start = Instant::now();
        let rates = Rates::new(RATE, start);
        let at_ms = |ms: u64| rates.admit(b"a", None, start + Duration::from_millis(ms)).is_ok();
        assert_eq!([at_ms(0), at_ms(0), at_ms(0), at_ms(0)], [true, true, true, false]);
        assert_eq!([at_ms(400), at_ms(500), at_ms(900), at_ms(1000)], [false, true, false, true]);
        assert!(rates.admit(b"b", None, start).is_ok(), "each has its own");
        assert_eq!(
            [at_ms(60_000), at_ms(60_000), at_ms(60_000), at_ms(60_000)],
            [true, true, true, false],
            "no more than a burst"
        );
    }

    #[test]
    fn who_is_refused_is_told_when_there_is_a_token() {
        let start = Instant::now();
        let slow = Rates::new(Rate { per_second: 1, burst: 1 }, start);
        assert!(slow.admit(b"a", None, start).is_ok());
        let refused = slow.admit(b"a", None, start + Duration::from_millis(100)).unwrap_err();
        assert_eq!((refused.status, refused.retry_after_s), (429, Some(1)));
        assert!(slow.admit(b"a", None, start + Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn the_calls_of_one_request_are_one() {
        let start = Instant::now();
        let rates = Rates::new(Rate { per_second: 1, burst: 1 }, start);
        let admit = |id: &str, ms: u64| rates.admit(b"a", Some(id.as_bytes()), start + Duration::from_millis(ms)).is_ok();
        assert!(admit("one", 0) && admit("one", 0), "let in once, let in again");
        assert!(!admit("two", 0) && !admit("two", 0), "refused once is not let in");
        assert!(admit("two", 1000));
    }

    #[test]
    fn partitions_without_number_take_bounded_memory() {
        let start = Instant::now();
        let rates = Rates::new(Rate { per_second: 1, burst: 1 }, start);
        let admit =
            |number: usize, s: u64| rates.admit(number.to_string().as_bytes(), None, start + Duration::from_secs(s)).is_ok();
        assert!((0..BUCKETS).all(|number| admit(number, 0)));
        assert!(admit(BUCKETS, 0) && !admit(BUCKETS + 1, 0), "those beyond share a bucket");
        assert!(!admit(0, 0), "those before keep theirs");
        assert!(admit(BUCKETS + 2, 2) && admit(BUCKETS + 3, 2), "full ones made room");
        assert!(rates.state.lock().unwrap().buckets.len() <= BUCKETS);
    }
}
