//! Runs of due jobs, in every lane.

use domain::Time;
use domain::lane::LANES;
use serde_json::Value;

use crate::{Caller, JOBS_SECRET, Request};

/// What runs came to, in all lanes.
#[derive(Debug, Default)]
pub struct Ran {
    /// How many jobs were taken.
    pub taken: u64,
    /// How many of them were not done.
    pub failed: u64,
}

impl Caller {
    /// A run of the due jobs of one lane.
    pub fn run(&self, lane: &str) -> Request {
        self.post(&format!("/v1/{lane}/run?limit=100"), Value::Null).header("x-jobs-secret", JOBS_SECRET)
    }

    /// Runs the due jobs of every lane once, as of a time or now.
    pub async fn run_lanes(&self, time: Option<Time>) -> Ran {
        let mut all = Ran::default();
        for (_, lane) in LANES {
            let run = time.into_iter().fold(self.run(lane), Request::at);
            let ran = run.send().await.expect(200).json;
            all.taken += ran["taken"].as_u64().unwrap();
            all.failed += ran["failed"].as_u64().unwrap();
        }
        all
    }
}
