//! What netmon should count for a frame, from what tshark says of its headers.
//!
//! Written from docs/contract.md, section 1, and sharing no code with netmon's parser: the values of all fields are
//! tshark's. Only where a header is, and whether it is inside the packet and inside what was captured, is
//! reckoned here.

mod ip;
mod link;
mod transport;
mod unreachable;

use netmon_common::Outcome;

use super::columns::{Column, Row, Untold};
use crate::comparison::reading::Reading;
use ip::Family;

/// What tshark says of a frame, and how long the frame is.
struct Frame<'a> {
    row: &'a mut Row,
    /// On the wire, in bytes.
    len: usize,
    /// As much of it as was captured.
    captured: usize,
}

/// Why a frame is not read further.
enum Stop {
    /// It is this, and nothing more can be said of it.
    Is(Outcome),
    /// A header does not fit into the packet.
    Short,
    /// A header has a value that cannot be.
    Wrong,
    /// A header was not captured.
    Cut,
    /// tshark does not tell what should be there.
    Untold(Untold),
}

type Step<T> = Result<T, Stop>;

impl From<Untold> for Stop {
    fn from(untold: Untold) -> Self {
        Self::Untold(untold)
    }
}

/// What netmon should say of the frame.
pub fn reading(row: &mut Row) -> Result<Reading, Untold> {
    let mut frame = Frame {
        len: row.number(Column::FrameLength)?,
        captured: row.number(Column::CapturedLength)?,
        row,
    };
    // More bytes than the packet had on the wire are the packet.
    frame.len = frame.len.max(frame.captured);
    let outcome = match frame.reading() {
        Ok(reading) => return Ok(reading),
        Err(Stop::Is(outcome)) => outcome,
        Err(Stop::Short | Stop::Wrong) => Outcome::Malformed,
        Err(Stop::Cut) => Outcome::Truncated,
        Err(Stop::Untold(untold)) => return Err(untold),
    };
    Ok(Reading::of(outcome))
}

impl Frame<'_> {
    fn reading(&mut self) -> Step<Reading> {
        let (family, offset) = self.link()?;
        let fixed = self.fixed_ip(family, offset, self.len)?;
        let ip = self.variable_ip(fixed)?;
        if ip.later_fragment {
            return Err(Stop::Is(Outcome::Fragment));
        }
        match (family, ip.protocol) {
            (_, 17) => self.udp(&ip),
            (_, 6) => self.tcp(&ip),
            (Family::V4, 1) | (Family::V6, 58) => self.icmp(&ip),
            _ => Err(Stop::Is(Outcome::Other)),
        }
    }

    /// A header of `len` bytes must be in a packet that ends at `end`, and must have been captured.
    fn header(&self, offset: usize, len: usize, end: usize) -> Step<()> {
        if offset + len > end {
            Err(Stop::Short)
        } else if offset + len > self.captured {
            Err(Stop::Cut)
        } else {
            Ok(())
        }
    }
}
