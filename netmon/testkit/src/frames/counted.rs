//! Counters in memory, and the code under test that adds to them in user space.

use std::collections::BTreeMap;

use netmon_common::classify::{Concern, Meaning};
use netmon_common::records::{Destination, Tally, Totals};
use netmon_common::wire::Captured;
use netmon_common::wire::ip::AddressAt;
use netmon_common::{Address, Classified, DnsPorts, Offload, classify};

/// The counters that frames add to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Of everything.
    pub totals: Totals,
    /// By destination.
    pub destinations: BTreeMap<Address, Destination>,
}

impl Counted {
    /// Reads, classifies and counts a packet, as the kernel programs do. For a super-packet this counts one.
    pub fn count(
        &mut self,
        packet: &Captured<'_>,
        offload: Offload,
        ports: &DnsPorts,
        wire_len: u64,
    ) -> Classified {
        let classified = classify(packet, offload, ports);
        let tally = Tally::of(&classified.meaning);
        self.totals.count(&tally, 1, wire_len);
        // An address that cannot be read would be a packet lost: `laws` finds it.
        let read = |address: AddressAt| address.read(packet);
        if let Some(address) = classified.meaning.destination().and_then(read) {
            self.at(address).count(&tally, 1);
        }
        // No query was seen here, so that what is undecided is about an answer.
        if let Meaning::Unreachable(error) = classified.meaning
            && matches!(error.concern, Concern::LateResponse | Concern::Undecided(_))
            && let Some(server) = read(error.unreachable.quoted.header.source())
        {
            self.at(server).late_responses += 1;
            self.totals.late_responses += u64::from(error.concern != Concern::LateResponse);
        }
        classified
    }

    /// The counters of a destination.
    pub(super) fn at(&mut self, address: Address) -> &mut Destination {
        self.destinations.entry(address).or_default()
    }
}
