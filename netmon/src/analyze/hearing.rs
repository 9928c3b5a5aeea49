//! To whom the input shows packets. Silence toward a client is judged only where an answer to it would be seen, and the first packet
//! toward it may come later: the answer that ends the silence. Then the input is read once more, with that known.

use std::cell::RefCell;
use std::collections::HashSet;

use netmon_common::Address;

use super::limits::MISSED;
use crate::detect::Hears;

/// What is known and what the input has shown by now.
pub(super) struct Over<'a, F> {
    hearing: &'a Hearing,
    shown: F,
}

impl<F: Fn(Address) -> bool> Hears for Over<'_, F> {
    fn hears(&self, client: Address) -> bool {
        (self.shown)(client) || self.hearing.known.contains(&client)
    }

    fn missed(&self, client: Address) {
        let mut missed = self.hearing.missed.borrow_mut();
        if missed.len() < MISSED {
            missed.insert(client);
        }
    }
}

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

    /// What it hears of an input; `shown` says whether that has shown a packet toward a client by now.
    pub fn over<F: Fn(Address) -> bool>(&self, shown: F) -> Over<'_, F> {
        Over { hearing: self, shown }
    }

    /// The clients that were missed, and that the input shows packets to all the same.
    pub fn late(self, shown: impl Fn(Address) -> bool) -> HashSet<Address> {
        let mut missed = self.missed.into_inner();
        missed.retain(|client| shown(*client));
        missed
    }
}
