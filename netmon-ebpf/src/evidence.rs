//! Evidence of ICMP errors about DNS, sent to user space at once.

use aya_ebpf::btf_maps::RingBuf;
use aya_ebpf::check_bounds_signed;
use aya_ebpf::helpers::bpf_ktime_get_boot_ns;
use aya_ebpf::macros::btf_map;
use netmon_common::Address;
use netmon_common::classify::Error;
use netmon_common::limits::{EVENT_RING_BYTES, QUOTE_BYTES};
use netmon_common::records::{EventKind, Evidence};
use netmon_common::wire::Bytes;
use netmon_common::wire::ip::{AddressAt, HeaderAt};

use crate::packet::Packet;

#[btf_map]
static EVENTS: RingBuf<(), EVENT_RING_BYTES> = RingBuf::new();

/// An error and the packet that it quotes, as places and numbers.
pub struct Quote {
    /// The quoted packet's IP header.
    pub header: HeaderAt,
    end: usize,
    error: HeaderAt,
    code: u8,
    transport: u8,
    client_port: u16,
    server_port: u16,
    transport_offset: usize,
}

impl Quote {
    /// No quote.
    pub const NONE: Self = Self {
        header: HeaderAt::NOWHERE,
        end: 0,
        error: HeaderAt::NOWHERE,
        code: 0,
        transport: 0,
        client_port: 0,
        server_port: 0,
        transport_offset: 0,
    };

    /// The quote of an error that has ports.
    #[inline(always)]
    pub fn of(error: &Error) -> Self {
        let quoted = &error.unreachable.quoted;
        let mut quote = Self {
            header: quoted.header,
            end: quoted.end,
            error: error.header,
            code: error.unreachable.code as u8,
            ..Self::NONE
        };
        if let Some(ports) = quoted.ports {
            quote.transport = ports.transport as u8;
            quote.client_port = ports.source;
            quote.server_port = ports.destination;
            quote.transport_offset = ports.offset;
        }
        quote
    }
}

/// Sends the error and the packet that it quotes; `false` when the ring is full.
#[inline(always)]
pub fn send<P: Packet, B: Bytes>(packet: &P, bytes: &B, quote: &Quote) -> bool {
    let Some(mut entry) = EVENTS.reserve_untyped::<Evidence>(0) else {
        return false;
    };
    let record = entry.as_mut_ptr();
    let from = quote.header.offset;
    let mut quote_len = quote.end - from;
    if quote_len > QUOTE_BYTES {
        quote_len = QUOTE_BYTES;
    }
    // SAFETY: `record` is this program's own until it is submitted, and has room for `QUOTE_BYTES`.
    let copied = check_bounds_signed(quote_len as i64, 1, QUOTE_BYTES as i64)
        && unsafe { packet.copy(from, (&raw mut (*record).quote).cast(), quote_len) };
    // SAFETY: as above. Field by field, straight into the record: the stack is small.
    unsafe {
        let header = &raw mut (*record).header;
        (*header).time_ns = bpf_ktime_get_boot_ns();
        (*header).ifindex = packet.ifindex();
        (*header).payload_len = if copied { quote_len as u16 } else { 0 };
        (*header).query_time_ns = 0;
        (*header).kind = EventKind::Failure as u8;
        (*header).detail = quote.code;
        (*header).hook = packet.hook() as u8;
        (*header).reporter = address(bytes, quote.error.source());
        (*header).receiver = address(bytes, quote.error.destination());
        (*header).client = address(bytes, quote.header.source());
        (*header).server = address(bytes, quote.header.destination());
        (*header).client_port = quote.client_port;
        (*header).server_port = quote.server_port;
        (*header).transport = quote.transport;
        (*header).flags = 0;
        (*header).reserved = [0; 7];
        (*header).transport_offset = (quote.transport_offset - from) as u16;
    }
    entry.submit(0);
    true
}

/// The address there, which was read before.
#[inline(always)]
fn address<B: Bytes>(bytes: &B, at: AddressAt) -> Address {
    at.read(bytes).unwrap_or(Address::UNSPECIFIED)
}
