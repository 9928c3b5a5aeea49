//! IPv4 and IPv6 headers.

use super::{Frame, Step, Stop};
use crate::comparison::tshark::columns::Column;

/// The most extension headers that are read.
const MOST_EXTENSIONS: usize = 8;
/// The most that an IPv6 payload length can say.
const LONGEST_PAYLOAD: usize = 65_535;

/// An IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

/// An IP packet.
#[derive(Clone)]
pub struct Ip {
    pub family: Family,
    /// Where it starts.
    pub offset: usize,
    /// What it carries.
    pub protocol: usize,
    /// Where that starts.
    pub payload: usize,
    /// Where the packet ends.
    pub end: usize,
    pub later_fragment: bool,
}

/// From whom it is, and for whom.
pub struct Addresses {
    pub source: String,
    pub destination: String,
}

impl Frame<'_> {
    /// As much of the header at `offset`, in something that ends at `end`, as every packet of its version has.
    pub fn fixed_ip(&mut self, family: Family, offset: usize, end: usize) -> Step<Ip> {
        match family {
            Family::V4 => self.ipv4(offset, end),
            Family::V6 => self.ipv6(offset, end),
        }
    }

    /// The rest of the header: options or extension headers.
    pub fn variable_ip(&mut self, fixed: Ip) -> Step<Ip> {
        match fixed.family {
            Family::V4 => {
                self.header(fixed.offset, fixed.payload - fixed.offset, fixed.end)?;
                Ok(fixed)
            }
            Family::V6 => self.extensions(fixed),
        }
    }

    /// The addresses in a header.
    pub fn addresses(&mut self, ip: &Ip) -> Step<Addresses> {
        let has_options = ip.payload > ip.offset + 20;
        let (source, destination) = match ip.family {
            // The destination is the end of a source route to tshark. The one in the header is the next on it.
            Family::V4 if has_options && self.row.peek(Column::Ipv4CurrentRoute).is_some() => {
                (Column::Ipv4Source, Column::Ipv4CurrentRoute)
            }
            Family::V4 => (Column::Ipv4Source, Column::Ipv4Destination),
            Family::V6 => (Column::Ipv6Source, Column::Ipv6Destination),
        };
        Ok(Addresses {
            source: self.row.text(source)?,
            destination: self.row.text(destination)?,
        })
    }

    fn ipv4(&mut self, offset: usize, end: usize) -> Step<Ip> {
        self.header(offset, 20, end)?;
        if self.row.number(Column::Version)? != 4 {
            return Err(Stop::Wrong);
        }
        let header_len = self.row.number(Column::Ipv4HeaderLength)?;
        if header_len < 20 {
            return Err(Stop::Wrong);
        }
        let total_length = self.row.number(Column::Ipv4TotalLength)?;
        // For a total length of 0 tshark tells the length of what is there, and reads on.
        let is_read_on = self.row.peek(Column::Ipv4Protocol).is_some();
        let is_zero = total_length == 0 || (total_length == end - offset && is_read_on);
        if !is_zero && total_length < header_len {
            return Err(Stop::Wrong);
        }
        Ok(Ip {
            family: Family::V4,
            offset,
            later_fragment: self.row.number(Column::Ipv4FragmentOffset)? != 0,
            protocol: self.row.number(Column::Ipv4Protocol)?,
            payload: offset + header_len,
            end: if is_zero {
                end
            } else {
                end.min(offset + total_length)
            },
        })
    }

    fn ipv6(&mut self, offset: usize, end: usize) -> Step<Ip> {
        self.header(offset, 40, end)?;
        if self.row.number(Column::Version)? != 6 {
            return Err(Stop::Wrong);
        }
        let payload = offset + 40;
        let payload_length = self.row.number(Column::Ipv6PayloadLength)?;
        let is_jumbo = payload_length == 0 && end > payload + LONGEST_PAYLOAD;
        Ok(Ip {
            family: Family::V6,
            offset,
            later_fragment: false,
            protocol: self.row.number(Column::Ipv6NextHeader)?,
            payload,
            end: if is_jumbo {
                end
            } else {
                end.min(payload + payload_length)
            },
        })
    }

    fn extensions(&mut self, mut ip: Ip) -> Step<Ip> {
        let mut extensions = 0;
        loop {
            // The length's unit, and how many of them it does not count.
            let (next, length, unit, uncounted) = match ip.protocol {
                0 => (Column::HopByHopNext, Column::HopByHopLength, 8, 1),
                43 => (Column::RoutingNext, Column::RoutingLength, 8, 1),
                60 => (
                    Column::DestinationOptionsNext,
                    Column::DestinationOptionsLength,
                    8,
                    1,
                ),
                51 => (Column::AuthenticationNext, Column::AuthenticationLength, 4, 2),
                44 => (Column::FragmentNext, Column::FragmentOffset, 0, 0),
                _ => return Ok(ip),
            };
            if extensions == MOST_EXTENSIONS {
                return Err(Stop::Wrong);
            }
            extensions += 1;
            self.header(ip.payload, 8, ip.end)?;
            let is_fragment = ip.protocol == 44;
            ip.protocol = self.row.number(next)?;
            let value = self.row.number(length)?;
            let len = if is_fragment {
                8
            } else {
                (value + uncounted) * unit
            };
            self.header(ip.payload, len, ip.end)?;
            ip.payload += len;
            if is_fragment && value != 0 {
                ip.later_fragment = true;
                return Ok(ip);
            }
        }
    }
}
