//! Which interfaces' drivers say that they run XDP programs: the netdev family of generic netlink (Linux 6.3,
//! `Documentation/netlink/specs/netdev.yaml`). Nothing is tried for that: attaching makes some network cards
//! restart.

use std::collections::BTreeSet;
use std::io;

use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP};
use netlink_sys::protocols::NETLINK_GENERIC;

use super::netlink::{ask, attribute, message, value};

/// The family that knows families.
const CONTROL: u16 = 0x10;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;

const NETDEV: &[u8] = b"netdev\0";
const NETDEV_CMD_DEV_GET: u8 = 1;
const NETDEV_A_DEV_IFINDEX: u16 = 1;
const NETDEV_A_DEV_XDP_FEATURES: u16 = 3;
/// `NETDEV_XDP_ACT_BASIC`: programs run, and may pass, drop or send back.
const BASIC: u64 = 1;

/// The length of `struct genlmsghdr`.
const HEADER: usize = 4;

/// The indexes of interfaces whose drivers have native XDP; `None` where the kernel does not say.
pub fn native_xdp() -> Option<BTreeSet<u32>> {
    read().ok().flatten()
}

fn read() -> io::Result<Option<BTreeSet<u32>>> {
    let mut family = None;
    let name = attribute(CTRL_ATTR_FAMILY_NAME, NETDEV);
    let request = request(CONTROL, NLM_F_ACK, CTRL_CMD_GETFAMILY, &name);
    ask(NETLINK_GENERIC, &request, |answer| {
        family = family.or_else(|| number(answer.payload, CTRL_ATTR_FAMILY_ID));
    })?;
    let Some(family) = family.and_then(|family| u16::try_from(family).ok()) else {
        return Ok(None);
    };
    let mut native = BTreeSet::new();
    let request = self::request(family, NLM_F_DUMP, NETDEV_CMD_DEV_GET, &[]);
    ask(NETLINK_GENERIC, &request, |device| {
        let index = number(device.payload, NETDEV_A_DEV_IFINDEX);
        let features = number(device.payload, NETDEV_A_DEV_XDP_FEATURES).unwrap_or_default();
        if features & BASIC != 0 {
            native.extend(index.and_then(|index| u32::try_from(index).ok()));
        }
    })?;
    Ok(Some(native))
}

/// `struct genlmsghdr`, attributes.
fn request(family: u16, flag: u16, command: u8, attributes: &[u8]) -> Vec<u8> {
    message(family, flag, &[&[command, 1, 0, 0][..], attributes].concat())
}

/// The value of an attribute that is a number of 16, 32 or 64 bits.
fn number(message: &[u8], wanted: u16) -> Option<u64> {
    let value = value(message.get(HEADER..)?, wanted)?;
    match value.len() {
        2 => value.try_into().ok().map(u16::from_ne_bytes).map(u64::from),
        4 => value.try_into().ok().map(u32::from_ne_bytes).map(u64::from),
        _ => value.try_into().ok().map(u64::from_ne_bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_by_their_number_as_far_as_they_are_whole() {
        let message = [
            vec![0; HEADER],
            attribute(1, &7_u32.to_ne_bytes()),
            attribute(2, b"netdev\0"),
            attribute(3, &0x7f_u64.to_ne_bytes()),
            attribute(4, &9_u16.to_ne_bytes()),
        ]
        .concat();
        for (kind, value) in [(1, Some(7)), (2, None), (3, Some(0x7f)), (4, Some(9)), (5, None)] {
            assert_eq!(number(&message, kind), value, "{kind}");
        }
        assert_eq!(number(&message[..HEADER + 6], 1), None);
        assert_eq!(number(&[], 1), None);
    }
}
