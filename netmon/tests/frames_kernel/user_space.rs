//! User space's side of the comparison: the same parser and the same counters, and what the kernel should
//! report of an error.

use netmon_common::classify::{Classified, Concern, Meaning, Sink, classify, classify_into};
use netmon_common::limits::QUOTE_BYTES;
use netmon_common::records::{EventHeader, EventKind, RECURSION_DESIRED, RECURSION_KNOWN};
use netmon_common::wire::Captured;
use netmon_common::{Address, DnsPorts, Offload};
use netmon_testkit::frames::Counted;

use crate::side::Failure;

/// Counts a frame; the failure that the kernel should report of it.
pub fn count(counted: &mut Counted, frame: &[u8], ports: &DnsPorts) -> Option<Failure> {
    let packet = Captured::whole(frame);
    let len = u64::try_from(frame.len()).unwrap();
    let classified = counted.count(&packet, Offload::default(), ports, len);
    failure(&classified.meaning, &packet)
}

fn meaning(frame: &[u8], ports: &DnsPorts) -> Meaning {
    classify(&Captured::whole(frame), Offload::default(), ports).meaning
}

/// Whether the frame is an error.
pub fn is_error(frame: &[u8], ports: &[u16]) -> bool {
    let ports = DnsPorts::new(ports).unwrap();
    matches!(meaning(frame, &ports), Meaning::Unreachable(_))
}

/// Whether the frames before decide what the frame means: it is an error that does not show whether it is about a query.
pub fn is_undecided(frame: &[u8], ports: &DnsPorts) -> bool {
    matches!(
        meaning(frame, ports),
        Meaning::Unreachable(error) if matches!(error.concern, Concern::Undecided(_))
    )
}

/// Where the frame's IP packet ends, in bytes from the start of the frame.
pub fn ip_end(frame: &[u8]) -> usize {
    struct End(usize);
    impl Sink for End {
        fn take(&mut self, _classified: &Classified, end: usize) {
            self.0 = end;
        }
    }
    let mut end = End(0);
    classify_into(
        &Captured::whole(frame),
        Offload::default,
        &DnsPorts::DEFAULT,
        &mut end,
    );
    end.0
}

fn failure(meaning: &Meaning, packet: &Captured<'_>) -> Option<Failure> {
    let Meaning::Unreachable(error) = meaning else {
        return None;
    };
    if !matches!(error.concern, Concern::DnsUnreachable(_)) {
        return None;
    }
    let quoted = error.unreachable.quoted;
    let ports = quoted.ports.unwrap();
    let from = quoted.header.offset;
    let quote = &packet.bytes()[from..quoted.end.min(from + QUOTE_BYTES)];
    // The third byte of a DNS header has RD in its lowest bit.
    let flags = match quote.get(ports.offset - from + 8 + 2) {
        Some(byte) if byte & 1 != 0 => RECURSION_KNOWN | RECURSION_DESIRED,
        _ => RECURSION_KNOWN,
    };
    let header = EventHeader {
        time_ns: 0,
        query_time_ns: 0,
        last_answer_ns: 0,
        ifindex: 0,
        payload_len: u16::try_from(quote.len()).unwrap(),
        kind: EventKind::Failure as u8,
        hook: 0,
        reporter: error.header.source().read(packet).unwrap(),
        receiver: error.header.destination().read(packet).unwrap(),
        client: quoted.header.source().read(packet).unwrap(),
        server: quoted.header.destination().read(packet).unwrap(),
        client_port: ports.source,
        server_port: ports.destination,
        transport_offset: u16::try_from(ports.offset - from).unwrap(),
        transport: ports.transport as u8,
        detail: error.unreachable.code as u8,
        flags,
        asker: [0; 7],
    };
    Some(Failure::new(header, quote))
}

/// What two countings differ in, in few words.
pub fn difference(kernel: &Counted, expected: &Counted) -> String {
    let mut words = Vec::new();
    if kernel.totals != expected.totals {
        words.push(format!(
            "totals {:?}, expected {:?}",
            kernel.totals, expected.totals
        ));
    }
    let addresses = kernel.destinations.keys().chain(expected.destinations.keys());
    let mut addresses: Vec<&Address> = addresses.collect();
    addresses.sort();
    addresses.dedup();
    for address in addresses {
        let (found, wanted) = (
            kernel.destinations.get(address),
            expected.destinations.get(address),
        );
        if found != wanted {
            words.push(format!("{address}: {found:?}, expected {wanted:?}"));
        }
    }
    words.join("; ")
}
