//! How a caller follows a conversation: `?after=<seq>`, and `?wait=<seconds>` for the long-poll form.

use domain::Error;

/// How often the store is asked for something new.
pub const POLL_MS: u64 = 1_000;
/// The longest wait of the long-poll form.
const WAIT_MAX_S: u32 = 25;

/// Where a caller is and how long they wait.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Follow {
    /// The last message they have.
    pub after: Option<i64>,
    /// How long to wait for another, in seconds.
    pub wait_s: u32,
    /// The rest of the query.
    pub rest: String,
}

impl Follow {
    /// Reads a raw query.
    pub fn parse(raw: &str) -> Result<Self, Error> {
        let mut follow = Self::default();
        let mut rest = Vec::new();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("after", value) => follow.after = Some(seq(value).ok_or_else(|| Error::parameter("after", SEQ))?),
                ("wait", value) => follow.wait_s = wait_s(value)?,
                _ => rest.push(pair),
            }
        }
        follow.rest = rest.join("&");
        Ok(follow)
    }
}

const SEQ: &str = "Expected the `seq` of a message, or 0.";

/// The number of a message, or 0 for the place before the first.
pub fn seq(text: &str) -> Option<i64> {
    text.trim().parse().ok().filter(|seq| *seq >= 0)
}

fn wait_s(text: &str) -> Result<u32, Error> {
    let wait_s = text.parse().ok().filter(|wait_s| *wait_s <= WAIT_MAX_S);
    wait_s.ok_or_else(|| Error::parameter("wait", format!("Expected whole seconds from 0 to {WAIT_MAX_S}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_is_taken_out_of_the_query() {
        let follow = Follow::parse("limit=5&after=7&wait=25&kind=human").unwrap();
        assert_eq!(follow, Follow { after: Some(7), wait_s: 25, rest: "limit=5&kind=human".to_owned() });
        assert_eq!(Follow::parse("").unwrap(), Follow::default());
    }

    #[test]
    fn a_place_is_a_number_and_a_wait_is_bounded() {
        for bad in ["after=-1", "after=x", "after", "after=9223372036854775808", "wait=26", "wait=-1", "wait=1.5", "wait="] {
            assert_eq!(Follow::parse(bad).unwrap_err().code, "bad-parameter", "{bad}");
        }
    }
}
