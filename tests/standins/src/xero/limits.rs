//! Xero's limits: per minute, per day and at once for an organisation, per minute for the app.

use crate::wire::Reply;
use crate::world::World;
use serde_json::json;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// What has been used.
#[derive(Default)]
pub(crate) struct Counts {
    app: VecDeque<i64>,
    organisations: HashMap<String, Used>,
}

#[derive(Default)]
struct Used {
    day: VecDeque<i64>,
    /// One strong reference more for each running call.
    running: Arc<()>,
}

/// Counts a call, or refuses it.
pub(crate) fn count(world: &mut World, tenant_id: &str) -> Result<Arc<()>, Reply> {
    let (now_ms, limits) = (world.clock.now_ms(), world.config.limits);
    let counts = &mut world.xero.limits;
    let used = counts.organisations.entry(tenant_id.to_owned()).or_default();
    forget(&mut used.day, now_ms, DAY_MS);
    forget(&mut counts.app, now_ms, MINUTE_MS);
    if Arc::strong_count(&used.running) > limits.concurrent {
        return Err(refusal("concurrent", 1));
    }
    let minute_ago = now_ms - MINUTE_MS;
    let mut in_minute = used.day.iter().filter(|at| **at > minute_ago);
    if used.day.iter().filter(|at| **at > minute_ago).count() >= limits.minute {
        return Err(refusal("minute", wait_s(in_minute.next(), now_ms, MINUTE_MS)));
    }
    if used.day.len() >= limits.day {
        return Err(refusal("day", wait_s(used.day.front(), now_ms, DAY_MS)));
    }
    if counts.app.len() >= limits.app_minute {
        return Err(refusal("appminute", wait_s(counts.app.front(), now_ms, MINUTE_MS)));
    }
    used.day.push_back(now_ms);
    counts.app.push_back(now_ms);
    Ok(Arc::clone(&used.running))
}

/// What is left, as every reply tells.
pub(crate) fn headers(world: &World, tenant_id: Option<&str>) -> Vec<(&'static str, String)> {
    let (now_ms, limits) = (world.clock.now_ms(), world.config.limits);
    let counts = &world.xero.limits;
    let mut headers = Vec::new();
    if let Some(used) = tenant_id.and_then(|tenant_id| counts.organisations.get(tenant_id)) {
        let minute = used.day.iter().filter(|at| **at > now_ms - MINUTE_MS).count();
        headers.push(("x-daylimit-remaining", limits.day.saturating_sub(used.day.len()).to_string()));
        headers.push(("x-minlimit-remaining", limits.minute.saturating_sub(minute).to_string()));
    }
    let app = limits.app_minute.saturating_sub(counts.app.len());
    headers.push(("x-appminlimit-remaining", app.to_string()));
    headers
}

fn forget(calls: &mut VecDeque<i64>, now_ms: i64, window_ms: i64) {
    while calls.front().is_some_and(|at| *at <= now_ms - window_ms) {
        calls.pop_front();
    }
}

fn wait_s(oldest: Option<&i64>, now_ms: i64, window_ms: i64) -> i64 {
    let left_ms = oldest.map_or(window_ms, |at| at + window_ms - now_ms);
    (left_ms + 999).div_euclid(1_000).max(1)
}

fn refusal(problem: &str, retry_after_s: i64) -> Reply {
    let body =
        json!({"Type": null, "Title": "TooManyRequests", "Status": 429, "Detail": format!("The {problem} limit is used up")});
    Reply::json(429, &body).with("retry-after", retry_after_s).with("x-rate-limit-problem", problem)
}
