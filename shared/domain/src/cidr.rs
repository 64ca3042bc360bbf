//! Ranges of network addresses: `192.0.2.0/24`, `2001:db8::/32`, or one address alone.

use std::net::IpAddr;

/// A range of addresses. Those of version 4 are a part of version 6 (RFC 4291 § 2.5.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    bits: u128,
    len: u32,
}

impl Cidr {
    /// The longest text of a range.
    pub const LEN_MAX: usize = 49;

    /// A range from its text.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, len) = text.split_once('/').map_or((text, None), |(address, len)| (address, Some(len)));
        let address: IpAddr = address.parse().ok()?;
        let (own, above) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        let len = match len {
            Some(len) if len.bytes().all(|byte| byte.is_ascii_digit()) => len.parse().ok().filter(|len| *len <= own)?,
            Some(_) => return None,
            None => own,
        };
        Some(Self { bits: bits(address), len: above + len })
    }

    /// Whether an address is in it.
    pub fn contains(self, address: &str) -> bool {
        let differs = |address: IpAddr| (self.bits ^ bits(address)).checked_shr(128 - self.len).unwrap_or(0);
        address.parse().is_ok_and(|address| differs(address) == 0)
    }
}

/// What stands for the network that an address is of: one address of version 4, or the 64 bits of version 6 that every household
/// and every rented server has to itself (RFC 6177).
pub fn network(address: &str) -> String {
    let Ok(address) = address.parse() else { return address.to_owned() };
    let bits = bits(address);
    let kept = if bits >> 32 == 0xffff { bits } else { bits >> 64 };
    u64::try_from(kept).unwrap_or_default().to_string()
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_begins_as_it_does() {
        let cases = [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.77/24", "192.0.2.1", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("192.0.2.0/24", "::ffff:192.0.2.9", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "203.0.113.9", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::1", "2001:0db8:0:0:0:0:0:1", true),
            ("192.0.2.0/24", "", false),
            ("192.0.2.0/24", "192.0.2.1, 10.0.0.1", false),
        ];
        for (range, address, expected) in cases {
            assert_eq!(Cidr::parse(range).unwrap().contains(address), expected, "{range} {address}");
        }
    }

    #[test]
    fn a_network_is_one_address_of_version_4_or_64_bits_of_version_6() {
        for (one, other, is_same) in [
            ("192.0.2.7", "192.0.2.8", false),
            ("192.0.2.7", "::ffff:192.0.2.7", true),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
            ("::1", "192.0.2.7", false),
            ("not an address", "nor this", false),
        ] {
            assert_eq!(network(one) == network(other), is_same, "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_range_is_not_taken() {
        for bad in ["", "/", "192.0.2.0/33", "192.0.2/24", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/", "::/129", "localhost"] {
            assert_eq!(Cidr::parse(bad), None, "{bad}");
        }
    }
}
