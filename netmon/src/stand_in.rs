//! Addresses that stand for the names of hosts, where a text has names in place of addresses.
//!
//! They are of a block that the Internet does not use, in `6000::/3`, of which nothing is assigned: `6e65:746d:6f6e::/48`. The
//! fourth group says by which protocol the host was seen.

use std::net::IpAddr;

use netmon_common::Address;
use netmon_common::wire::ip::Family;

const BLOCK: [u8; 6] = *b"netmon";

/// What the text of each of them begins with.
pub const PREFIX: &str = "6e65:746d:6f6e:";

/// The address of that number.
pub fn address(number: u32, family: Family) -> Option<Address> {
    let mut octets = [0; 16];
    *octets.first_chunk_mut::<6>()? = BLOCK;
    *octets.get_mut(7)? = match family {
        Family::V4 => 4,
        Family::V6 => 6,
    };
    // From 1 on: no address is then the start of another.
    *octets.last_chunk_mut::<4>()? = number.checked_add(1)?.to_be_bytes();
    Some(Address::from_octets(octets))
}

/// Which number an address is of; `None` for one that stands for no name.
pub fn number(address: Address) -> Option<u32> {
    let octets = address.octets();
    let (block, number) = (octets.first_chunk::<6>()?, octets.last_chunk::<4>()?);
    (*block == BLOCK).then(|| u32::from_be_bytes(*number).checked_sub(1))?
}

/// Whether packets of this host are IPv4's.
pub fn is_v4(address: Address) -> bool {
    match (number(address), address.ip()) {
        (Some(_), _) => address.octets().get(7) == Some(&4),
        (None, ip) => matches!(ip, IpAddr::V4(_)),
    }
}
