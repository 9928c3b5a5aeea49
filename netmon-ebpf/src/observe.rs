//! What happens to each packet: read it, classify it, count it, and send evidence when it says that DNS is
//! unreachable.

use netmon_common::classify::{Classified, Concern, Meaning, Sink, classify_into};
use netmon_common::records::Tally;
use netmon_common::wire::ip::AddressAt;
use netmon_common::wire::{Bytes, Fault, Unreadable};
use netmon_common::{Offload, Transport};

use crate::destinations::destination;
use crate::evidence::{self, Quote};
use crate::packet::{Linear, Packet, Whole};
use crate::settings::dns_ports;
use crate::totals::totals;

/// Counts the packet.
#[inline(always)]
pub fn observe<P: Packet>(packet: &P) {
    let bytes = Linear::of(packet);
    let offload = packet.offload();
    let mut finding = Finding::NONE;
    classify_into(&bytes, offload, &dns_ports(), &mut finding);
    if finding.beyond_linear {
        observe_whole(packet);
    } else {
        count(packet, &bytes, offload, &finding);
    }
}

/// The same with every header copied out, wherever it lies. Apart, because few packets need it.
#[inline(never)]
fn observe_whole<P: Packet>(packet: &P) {
    let bytes = Whole::of(packet);
    let offload = packet.offload();
    let mut finding = Finding::NONE;
    classify_into(&bytes, offload, &dns_ports(), &mut finding);
    count(packet, &bytes, offload, &finding);
}

/// What a packet means, flat: numbers side by side, not one enum over the other. The compiler would pack
/// the variants of an enum into shared words, and the verifier would lose what it knows of each.
struct Finding {
    /// A header lies beyond the part that can be read in place.
    beyond_linear: bool,
    tally: Tally,
    payload: usize,
    only_first_segment: bool,
    counted: bool,
    destination: AddressAt,
    evidence: bool,
    late: bool,
    quote: Quote,
}

impl Finding {
    const NONE: Self = Self {
        beyond_linear: false,
        tally: Tally::OTHER,
        payload: 0,
        only_first_segment: false,
        counted: false,
        destination: AddressAt::NOWHERE,
        evidence: false,
        late: false,
        quote: Quote::NONE,
    };
}

impl Sink for Finding {
    #[inline(always)]
    fn take(&mut self, classified: &Classified) {
        let meaning = &classified.meaning;
        // Nothing in the kernel is cut: what looks so lies beyond the linear part.
        if let Meaning::Unreadable(Unreadable {
            fault: Fault::Cut, ..
        }) = meaning
        {
            self.beyond_linear = true;
            return;
        }
        self.tally = Tally::of(meaning);
        self.payload = classified.payload;
        self.only_first_segment = only_first_segment_has(meaning);
        if let Some(destination) = meaning.destination() {
            self.counted = true;
            self.destination = destination;
        }
        if let Meaning::Unreachable(error) = meaning {
            match error.concern {
                Concern::DnsUnreachable => {
                    self.evidence = true;
                    self.quote = Quote::of(error);
                }
                Concern::LateResponse => {
                    self.late = true;
                    self.quote = Quote::of(error);
                }
                Concern::None => {}
            }
        }
    }
}

/// A super-packet of UDP is as many datagrams; one of TCP is one stream, whose first segment starts a message.
#[inline(always)]
fn only_first_segment_has(meaning: &Meaning) -> bool {
    match meaning {
        Meaning::Query(message) | Meaning::Response(message) => matches!(message.transport, Transport::Tcp),
        Meaning::Connect(_)
        | Meaning::Reset(_)
        | Meaning::Unreachable(_)
        | Meaning::Fragment
        | Meaning::Unreadable(_)
        | Meaning::NotIp
        | Meaning::Other => false,
    }
}

#[inline(always)]
fn count<P: Packet, B: Bytes>(packet: &P, bytes: &B, offload: Offload, finding: &Finding) {
    let Some(totals) = totals() else { return };
    let mut packets = 1;
    let mut on_the_wire = packet.len() as u64;
    if offload.segment_size != 0 {
        let segments = u64::from(packet.segments());
        // Every segment on the wire has the headers again.
        on_the_wire += (segments - 1) * finding.payload as u64;
        if finding.only_first_segment {
            totals.count(&Tally::OTHER, segments - 1, 0);
        } else {
            packets = segments;
        }
    }
    totals.count(&finding.tally, packets, on_the_wire);
    if !finding.counted {
        return;
    }
    let Some(address) = finding.destination.read(bytes) else {
        return;
    };
    match destination(&address) {
        Some(counters) => counters.count(&finding.tally, packets),
        None => totals.overflow += packets,
    }
    if finding.evidence {
        if !evidence::send(packet, bytes, &finding.quote) {
            totals.events_lost += 1;
        }
    } else if finding.late {
        let server = finding.quote.header.source().read(bytes);
        match server.and_then(|server| destination(&server)) {
            Some(counters) => counters.late_responses += packets,
            None => totals.late_overflow += packets,
        }
    }
}
