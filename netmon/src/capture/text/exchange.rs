//! What became of a query.

use netmon_common::Address;

use crate::capture::exchange::{Sent, Transmissions};
use crate::observation::Name;
use crate::time::Time;

/// A query by its number: each time that it was sent, and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub sent: Transmissions,
    pub id: Option<u16>,
    pub name: Option<Name>,
    pub answered: bool,
    /// When the newest error about it came, and which client that quotes.
    pub error: Option<(Time, Address)>,
}

impl Exchange {
    /// One that was sent once.
    pub fn new(sent: Sent, id: Option<u16>, name: Option<&Name>) -> Self {
        Self {
            sent: Transmissions::new(sent),
            id,
            name: name.cloned(),
            answered: false,
            error: None,
        }
    }

    /// Whether an answer or an error may still be about it.
    pub fn waits(&self, now: Time) -> bool {
        !self.answered && self.sent.waits(now)
    }

    /// Whether it may be about that name: it is, or one of the two is not known.
    pub fn may_ask_for(&self, name: Option<&Name>) -> bool {
        self.name
            .as_ref()
            .zip(name)
            .is_none_or(|(asked, named)| asked == named)
    }
}
