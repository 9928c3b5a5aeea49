//! To whom the input shows packets. Silence toward a client is judged only where an answer to it would be seen, and the first packet
//! toward it may come later: the answer that ends the silence. Then the input is read once more, with that known.

use std::cell::RefCell;
use std::collections::HashSet;

use netmon_common::Address;

use super::limits::MISSED;

/// Clients of whom something is known that the input has not shown yet, or that would have had to be known.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    /// To these it shows packets later.
    known: HashSet<Address>,
    /// The silence toward these was not judged, because it had not shown them a packet.
    missed: RefCell<HashSet<Address>>,
}

impl Hearing {
    /// For an input that is read once more.
    pub fn knowing(known: HashSet<Address>) -> Self {
        Self {
            known,
            ..Self::default()
        }
    }

    /// Whether an answer to that client would be seen; `shown` says whether the input has shown a packet toward it by now.
    pub fn hears(&self, client: Address, shown: bool) -> bool {
        if shown || self.known.contains(&client) {
            return true;
        }
        let mut missed = self.missed.borrow_mut();
        if missed.len() < MISSED {
            missed.insert(client);
        }
        false
    }

    /// The clients that were missed, and that the input shows packets to all the same.
    pub fn late(self, shown: impl Fn(Address) -> bool) -> HashSet<Address> {
        let mut missed = self.missed.into_inner();
        missed.retain(|client| shown(*client));
        missed
    }
}
