//! What a packet means that is counted for a destination, or is a super-packet.

use netmon_common::Address;
use netmon_common::records::Tally;

use crate::exchange::Kind;

/// What a packet means that is counted for a destination, or is a super-packet.
#[repr(C)]
pub struct Finding {
    /// Its counters.
    pub tally: Tally,
    /// Whom it is counted for, if the tally names a counter of a destination.
    pub destination: Address,
    /// Where the payload of UDP or TCP starts.
    pub payload: usize,
    /// How many packets it is counted as; 0 if it was counted where it entered.
    pub packets: u64,
    /// What of an exchange it is.
    pub kind: Kind,
    /// Whether it is a message of a stream.
    pub is_stream: bool,
}

impl Finding {
    /// Whether the packet was counted, and told of, where it entered.
    #[inline(always)]
    pub fn is_counted_before(&self) -> bool {
        self.packets == 0
    }
}
