//! Lanes: which function works off which kinds of job.

/// Every lane, which is also the name of its function, after what the kinds in it begin with. The last takes all others.
pub const LANES: &[(&str, &str)] = &[("privacy.", "privacy"), ("tenant.", "tenants"), ("xero.", "xero"), ("", "jobs")];

/// The lane of a kind: there is one for every kind.
pub fn lane_of(kind: &str) -> &'static str {
    LANES.iter().find(|(begin, _)| kind.starts_with(begin)).map_or("jobs", |(_, lane)| lane)
}

/// Whether jobs of a kind wait while their tenant is suspended: those that reach outward, those that make records, and those that
/// erase what its members could not take back meanwhile.
pub fn waits_while_suspended(kind: &str) -> bool {
    matches!(kind, "erase" | "form" | "invite" | "mail") || kind.starts_with("xero.")
}

/// How often a job of a kind is tried at most: mails whose text holds for days are tried for half a day, all others for a quarter
/// of an hour.
pub fn attempts_max(kind: &str) -> i64 {
    if matches!(kind, "invite" | "mail" | "password-changed" | "payout-changed") { 24 } else { 10 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_lane() {
        for (kind, lane) in
            [("xero.quote", "xero"), ("xero", "jobs"), ("notify", "jobs"), ("never heard of", "jobs"), ("", "jobs")]
        {
            assert_eq!(lane_of(kind), lane, "{kind}");
        }
        assert!(LANES.last().is_some_and(|(begin, _)| begin.is_empty()), "the last lane takes all others");
    }
}
