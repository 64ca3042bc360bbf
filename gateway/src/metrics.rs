//! Counts and latencies, told in Prometheus' text format.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::seen::Seen;

/// The upper bounds of the latency buckets.
const BOUNDS_US: [u64; 12] = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 2_500_000];
/// How many partitions are told apart; the rest is counted together.
const PARTITIONS: usize = 10_000;
const OTHERS: &str = "(others)";
/// Longer ones are counted with the rest.
const LABEL_BYTES: usize = 128;

/// What is counted since the start.
#[derive(Default)]
pub(crate) struct Metrics(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    requests: BTreeMap<(&'static str, u16), u64>,
    latencies: BTreeMap<&'static str, Latency>,
    partitions: BTreeMap<(String, String), u64>,
    seen: Seen,
}

#[derive(Default)]
struct Latency {
    buckets: [u64; BOUNDS_US.len()],
    sum_us: u64,
    count: u64,
}

/// One request that was answered.
pub(crate) struct Answered<'a> {
    pub action: &'static str,
    pub status: u16,
    pub duration: Duration,
    pub partition: Option<&'a str>,
    pub class: Option<&'a str>,
    pub count_id: Option<&'a str>,
}

impl Metrics {
    pub(crate) fn count(&self, answered: &Answered) {
        let mut counts = self.lock();
        *counts.requests.entry((answered.action, answered.status)).or_default() += 1;
        counts.latencies.entry(answered.action).or_default().add(answered.duration);
        if let Some(partition) = answered.partition
            && answered.count_id.is_none_or(|id| counts.seen.insert(id.as_bytes()))
        {
            // What follows a slash tells callers apart for the rates alone: there is no end of them.
            let partition = partition.split('/').next().unwrap_or_default();
            counts.add_partition(partition, answered.class.unwrap_or_default());
        }
    }

    /// All counts as text, with those of the log.
    pub(crate) fn text(&self, lost_lines: u64) -> String {
        let counts = self.lock();
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = counts.write(&mut text);
        let _ = writeln!(text, "# TYPE gateway_log_lines_lost_total counter\ngateway_log_lines_lost_total {lost_lines}");
        text
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn add_partition(&mut self, partition: &str, class: &str) {
        let known = (partition.to_owned(), class.to_owned());
        let is_short = partition.len() <= LABEL_BYTES && class.len() <= LABEL_BYTES;
        let has_room = self.partitions.len() < PARTITIONS || self.partitions.contains_key(&known);
        let key = if is_short && has_room { known } else { (OTHERS.to_owned(), String::new()) };
        *self.partitions.entry(key).or_default() += 1;
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "# TYPE gateway_requests_total counter")?;
        for ((action, status), number) in &self.requests {
            writeln!(text, "gateway_requests_total{{action=\"{action}\",status=\"{status}\"}} {number}")?;
        }
        writeln!(text, "# TYPE gateway_request_seconds histogram")?;
        for (action, latency) in &self.latencies {
            latency.write(text, action)?;
        }
        writeln!(text, "# TYPE gateway_partition_requests_total counter")?;
        for ((partition, class), number) in &self.partitions {
            let (partition, class) = (escaped(partition), escaped(class));
            writeln!(text, "gateway_partition_requests_total{{partition=\"{partition}\",class=\"{class}\"}} {number}")?;
        }
        Ok(())
    }
}

impl Latency {
    fn add(&mut self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        for (bucket, bound) in self.buckets.iter_mut().zip(BOUNDS_US) {
            *bucket += u64::from(us <= bound);
        }
        self.sum_us = self.sum_us.saturating_add(us);
        self.count += 1;
    }

    #[expect(clippy::cast_precision_loss, reason = "seconds are told as decimals")]
    fn write(&self, text: &mut String, action: &str) -> std::fmt::Result {
        for (number, bound) in self.buckets.iter().zip(BOUNDS_US) {
            let bound = bound as f64 / 1e6;
            writeln!(text, "gateway_request_seconds_bucket{{action=\"{action}\",le=\"{bound}\"}} {number}")?;
        }
        let (count, sum) = (self.count, self.sum_us as f64 / 1e6);
        writeln!(text, "gateway_request_seconds_bucket{{action=\"{action}\",le=\"+Inf\"}} {count}")?;
        writeln!(text, "gateway_request_seconds_sum{{action=\"{action}\"}} {sum}")?;
        writeln!(text, "gateway_request_seconds_count{{action=\"{action}\"}} {count}")
    }
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_of_one_request_count_once_for_its_partition() {
        let metrics = Metrics::default();
        for id in [Some("r1"), Some("r1"), Some("r2"), None] {
            metrics.count(&Answered {
                action: "find",
                status: 200,
                duration: Duration::from_micros(300),
                partition: Some("a\"b"),
                class: Some("api"),
                count_id: id,
            });
        }
        let text = metrics.text(0);
        for line in [
            r#"gateway_requests_total{action="find",status="200"} 4"#,
            r#"gateway_request_seconds_bucket{action="find",le="0.00025"} 0"#,
            r#"gateway_request_seconds_bucket{action="find",le="0.0005"} 4"#,
            r#"gateway_partition_requests_total{partition="a\"b",class="api"} 3"#,
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }

    #[test]
    fn callers_within_a_partition_are_counted_together() {
        let metrics = Metrics::default();
        for partition in ["platform", "platform/a", "platform/b"] {
            let duration = Duration::ZERO;
            metrics.count(&Answered {
                action: "find",
                status: 200,
                duration,
                partition: Some(partition),
                class: None,
                count_id: None,
            });
        }
        let text = metrics.text(0);
        assert!(text.contains(r#"gateway_partition_requests_total{partition="platform",class=""} 3"#), "{text}");
    }

    #[test]
    fn partitions_take_bounded_memory() {
        let metrics = Metrics::default();
        let long = "p".repeat(LABEL_BYTES + 1);
        for partition in (0..PARTITIONS + 5).map(|number| number.to_string()).chain([long]) {
            let partition = Some(partition.as_str());
            let duration = Duration::ZERO;
            metrics.count(&Answered { action: "find", status: 200, duration, partition, class: None, count_id: None });
        }
        let text = metrics.text(0);
        assert!(text.contains("gateway_partition_requests_total{partition=\"(others)\",class=\"\"} 6"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("gateway_partition_requests_total{")).count(), PARTITIONS + 1);
    }
}
