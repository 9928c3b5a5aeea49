//! Evidence of one ICMP error about DNS, as the ring carries it from the kernel.

use crate::address::Address;
use crate::limits::QUOTE_BYTES;

/// Where in the kernel a packet was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Hook {
    /// XDP, what arrives.
    Xdp,
    /// TC, what arrives.
    Ingress,
    /// TC, what leaves.
    Egress,
}

/// What stands before the quoted packet in an evidence record.
///
/// User space reads the code, the addresses and the ports again from the quote, with the same parser;
/// only what the quote does not hold stands here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct EvidenceHeader {
    /// When, in nanoseconds of the boot clock (`CLOCK_BOOTTIME`: a suspend counts).
    pub time_ns: u64,
    /// The interface.
    pub ifindex: u32,
    /// How many bytes of the quoted packet follow, 0 to [`QUOTE_BYTES`].
    pub quote_len: u16,
    /// The [`Code`](crate::Code), as a number.
    pub code: u8,
    /// The [`Hook`], as a number.
    pub hook: u8,
    /// Who sent the error.
    pub reporter: Address,
    /// Whom it was sent to.
    pub receiver: Address,
    /// The quoted packet's source.
    pub client: Address,
    /// The quoted packet's destination.
    pub server: Address,
    /// The quoted packet's source port, host order.
    pub client_port: u16,
    /// The quoted packet's destination port, host order.
    pub server_port: u16,
    /// The quoted packet's [`Transport`](crate::Transport), as a number.
    pub transport: u8,
    /// Not used, 0.
    pub reserved: u8,
    /// Where the UDP or TCP header starts in the quote, in bytes.
    pub transport_offset: u16,
}

/// One record of the ring.
#[repr(C)]
pub struct Evidence {
    /// What stands before the quote.
    pub header: EvidenceHeader,
    /// The quoted packet; only the first [`EvidenceHeader::quote_len`] bytes are meant.
    pub quote: [u8; QUOTE_BYTES],
}

const _: () = assert!(size_of::<EvidenceHeader>() == 88 && align_of::<EvidenceHeader>() == 8);
const _: () = assert!(size_of::<Evidence>() == 88 + QUOTE_BYTES && size_of::<Evidence>().is_multiple_of(8));
