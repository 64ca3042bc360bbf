//! The operator of the platform: whoever knows its secret may set what a tenant's owner may not.

use crate::constant_time_eq;

/// The right to set a tenant's plan, limits and status.
#[derive(Debug)]
pub struct Operator(());

impl Operator {
    /// For whoever presents the secret; for nobody where none is configured.
    pub fn verify(presented: &str, secret: &str) -> Option<Self> {
        (!secret.is_empty() && constant_time_eq(presented.as_bytes(), secret.as_bytes())).then_some(Self(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_proves_an_operator_and_no_secret_proves_none() {
        assert!(Operator::verify("hush", "hush").is_some());
        for (presented, secret) in [("", ""), ("hush", ""), ("", "hush"), ("hus", "hush"), ("hush!", "hush")] {
            assert!(Operator::verify(presented, secret).is_none(), "{presented} {secret}");
        }
    }
}
