//! Packets that cannot be read, and may have told of a query: what becomes of that query is then not known.

use netmon_common::DnsPorts;
use netmon_common::wire::ethernet::Payload;
use netmon_common::wire::icmp::{ICMPV4_UNREACHABLE, ICMPV6_UNREACHABLE};
use netmon_common::wire::ip::{Ip, Protocol};
use netmon_common::wire::{Bytes, Captured, Fault, Unreadable, ipv4, ipv6};

use crate::model::{Warning, WarningKind};

/// How many there are.
#[derive(Clone, Debug, Default)]
pub(super) struct UnreadablePackets {
    cut: u64,
    malformed: u64,
}

impl UnreadablePackets {
    /// Takes a packet that cannot be read, for this reason; `payload` is what its link header announces.
    pub fn note(
        &mut self,
        bytes: &Captured<'_>,
        payload: Result<Payload, Unreadable>,
        fault: Fault,
        ports: &DnsPorts,
    ) {
        let is_cut = fault == Fault::Cut;
        // What a cut packet does not show may be anything.
        if tells_of_a_query(bytes, payload, ports).unwrap_or(is_cut) {
            self.add(fault);
        }
    }

    /// Takes one that is known to be such a packet, or may be.
    pub fn add(&mut self, fault: Fault) {
        *if fault == Fault::Cut {
            &mut self.cut
        } else {
            &mut self.malformed
        } += 1;
    }

    /// What to say of them.
    pub fn warning(&self) -> Option<Warning> {
        let Self { cut, malformed } = *self;
        if cut + malformed == 0 {
            return None;
        }
        let what_to_do = match cut {
            0 => "look at them with tcpdump -vv",
            _ => "capture whole packets (tcpdump -s 0)",
        };
        let message = format!(
            "of the packets that are DNS or ICMP errors, or may be, {cut} are cut too short to be read and {malformed} are malformed: \
             errors and answers may be missed, and queries taken for unanswered; {what_to_do}"
        );
        Some(Warning::new(WarningKind::UnreadablePackets, message))
    }
}

/// Whether the packet is between a DNS port and a client, or an ICMP error. `None` where what is there of it does not say.
fn tells_of_a_query(
    bytes: &Captured<'_>,
    payload: Result<Payload, Unreadable>,
    ports: &DnsPorts,
) -> Option<bool> {
    let Ip {
        protocol, payload, ..
    } = match payload.ok()? {
        Payload::Ipv4(offset) => ipv4::parse(bytes, offset).ok()?,
        Payload::Ipv6(offset) => ipv6::parse(bytes, offset).ok()?,
        Payload::NotIp => return Some(false),
    };
    let is = |unreachable: u8| bytes.read(payload).map(|[kind]: [u8; 1]| kind == unreachable);
    match protocol {
        Protocol::ICMPV4 => is(ICMPV4_UNREACHABLE),
        Protocol::ICMPV6 => is(ICMPV6_UNREACHABLE),
        Protocol::UDP | Protocol::TCP => {
            let both: [[u8; 2]; 2] = bytes.read(payload)?;
            Some(
                both.into_iter()
                    .any(|port| ports.contains(u16::from_be_bytes(port))),
            )
        }
        _ => Some(false),
    }
}
