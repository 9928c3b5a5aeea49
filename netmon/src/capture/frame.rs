//! One packet of a capture, whatever the file's format.

use crate::time::Time;

/// A packet of a capture. Its bytes are the reader's, until the next packet is read.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// When it was captured, as the file says; files may go back in time.
    pub time: Time,
    /// What kind of link header it starts with.
    pub link: LinkType,
    /// As much of it as was captured. A frame check sequence that was captured too counts as padding.
    pub bytes: &'a [u8],
    /// How many bytes it had on the wire.
    pub wire_len: usize,
    /// Which packet of its file it is, counted from 1 as other tools do.
    pub number: u64,
    /// Which file it is from, counted from 0 in the order in which they were given.
    pub file: usize,
    /// At which interface it was captured, where its file is of several and says so.
    pub interface: Option<u32>,
}

/// Where the next packet lies in its reader's buffer, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub time: Time,
    pub link: LinkType,
    pub start: usize,
    pub len: usize,
    pub wire_len: usize,
    pub interface: Option<u32>,
}

/// The kind of link header that packets start with (<https://www.tcpdump.org/linktypes.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkType {
    /// 1, Ethernet II.
    Ethernet,
    /// 113, what Linux captures on the `any` device.
    LinuxCookedV1,
    /// 276, the same with an interface number.
    LinuxCookedV2,
    /// 101, also 12 and 14 where a BSD's own number was written: an IP packet, its version says which.
    RawIp,
    /// 228, an IPv4 packet.
    RawIpv4,
    /// 229, an IPv6 packet.
    RawIpv6,
    /// 0, the family in the byte order of the host that captured, and 108, the same in network order.
    BsdLoopback,
    /// Any other: its packets are counted as `not_ip`, with a warning.
    Unknown(u16),
}

impl LinkType {
    /// The kind with this number in capture files.
    pub const fn from_number(number: u16) -> Self {
        match number {
            0 | 108 => Self::BsdLoopback,
            1 => Self::Ethernet,
            12 | 14 | 101 => Self::RawIp,
            113 => Self::LinuxCookedV1,
            228 => Self::RawIpv4,
            229 => Self::RawIpv6,
            276 => Self::LinuxCookedV2,
            _ => Self::Unknown(number),
        }
    }
}
