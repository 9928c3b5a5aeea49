//! A range of addresses, as people write it: `10.96.0.0/12`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use netmon_common::Address;

/// The addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prefix {
    first: IpAddr,
    length: u32,
}

/// What is no range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a range of addresses; write one such as 10.96.0.0/12 or fd00:10:96::/112")]
pub struct PrefixError(String);

impl Prefix {
    /// Whether the address is one of them.
    pub fn contains(&self, address: Address) -> bool {
        match (self.first, address.ip()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let differ = first.to_bits() ^ address.to_bits();
                differ.leading_zeros() >= self.length
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let differ = first.to_bits() ^ address.to_bits();
                differ.leading_zeros() >= self.length
            }
            _ => false,
        }
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let wrong = || PrefixError(text.to_owned());
        let (first, length) = text.split_once('/').ok_or_else(wrong)?;
        let first: IpAddr = first.parse().map_err(|_| wrong())?;
        let length: u32 = length.parse().map_err(|_| wrong())?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        (length <= most)
            .then_some(Self { first, length })
            .ok_or_else(wrong)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_the_addresses_that_begin_with_its_bits() {
        let cases = [
            ("10.96.0.0/12", "10.96.0.10", true),
            ("10.96.0.0/12", "10.111.255.255", true),
            ("10.96.0.0/12", "10.112.0.0", false),
            ("10.96.0.10/32", "10.96.0.11", false),
            ("0.0.0.0/0", "255.0.0.1", true),
            ("0.0.0.0/0", "::1", false),
            ("fd00:10:96::/112", "fd00:10:96::a", true),
            ("fd00:10:96::/112", "fd00:10:96::1:0", false),
        ];
        for (prefix, address, inside) in cases {
            let address = address.parse::<IpAddr>().unwrap().into();
            assert_eq!(
                prefix.parse::<Prefix>().unwrap().contains(address),
                inside,
                "{prefix} {address}"
            );
        }
        for wrong in [
            "10.96.0.0",
            "10.96.0.0/33",
            "::/129",
            "cluster/12",
            "10.96.0.0/",
            "10.96.0.0/-1",
        ] {
            let error = wrong.parse::<Prefix>().unwrap_err().to_string();
            assert!(error.contains(wrong), "{error}");
        }
    }
}
