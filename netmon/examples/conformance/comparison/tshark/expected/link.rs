//! Link headers: what they announce, and where it starts.

use netmon_common::Outcome;

use super::{Family, Frame, Step, Stop};
use crate::comparison::tshark::columns::{Column, Untold};

/// tshark's numbers for link types (`wiretap/wtap.h`).
mod encapsulation {
    pub const ETHERNET: usize = 1;
    pub const RAW_IP: usize = 7;
    pub const BSD_NULL: usize = 15;
    pub const LINUX_COOKED_V1: usize = 25;
    pub const RAW_IPV4: usize = 129;
    pub const RAW_IPV6: usize = 130;
    pub const BSD_LOOP: usize = 174;
    pub const LINUX_COOKED_V2: usize = 210;
}

/// Where the type is; a GRE device has one of GRE there, which is an `EtherType` too.
const SLL: [Column; 2] = [Column::SllEtherType, Column::SllGreType];

/// How many bytes of a raw IP packet tshark looks at before it looks for a version.
const RAW_LOOK: usize = 10;

const NOT_IP: Stop = Stop::Is(Outcome::NotIp);

impl Frame<'_> {
    /// The IP packet that the frame carries, and where it starts.
    pub fn link(&mut self) -> Step<(Family, usize)> {
        match self.row.number(Column::Encapsulation)? {
            // The type that tshark tells is of the frame inside.
            encapsulation::ETHERNET if self.row.peek(Column::IslLength).is_some() => Err(NOT_IP),
            encapsulation::ETHERNET => self.typed(14, &[Column::EtherType]),
            encapsulation::LINUX_COOKED_V1 => self.typed(16, &SLL),
            encapsulation::LINUX_COOKED_V2 => self.typed(20, &SLL),
            encapsulation::BSD_NULL | encapsulation::BSD_LOOP => {
                self.header(0, 4, self.len)?;
                match self.row.number(Column::NullFamily) {
                    Ok(2) => Ok((Family::V4, 4)),
                    Ok(24 | 28 | 30) => Ok((Family::V6, 4)),
                    // tshark also tries whether the number is an EtherType. That is no family.
                    _ => Err(NOT_IP),
                }
            }
            encapsulation::RAW_IP => {
                self.header(0, 1, self.len)?;
                match self.row.peek(Column::Version) {
                    Some("4") => Ok((Family::V4, 0)),
                    Some("6") => Ok((Family::V6, 0)),
                    // tshark looks for other things than IP first, and wants some bytes for it.
                    None if self.captured < RAW_LOOK => Err(Untold {
                        column: Column::Version,
                    }
                    .into()),
                    _ => Err(NOT_IP),
                }
            }
            encapsulation::RAW_IPV4 => Ok((Family::V4, 0)),
            encapsulation::RAW_IPV6 => Ok((Family::V6, 0)),
            _ => Err(NOT_IP),
        }
    }

    /// A link header of `len` bytes with an EtherType in one of these columns, and at most two tags behind it.
    fn typed(&mut self, len: usize, columns: &[Column]) -> Step<(Family, usize)> {
        self.header(0, len, self.len)?;
        // Where the field is a length, or a number of another kind, there is no type.
        let told = columns.iter().find_map(|column| self.row.number(*column).ok());
        let mut ether_type = told.unwrap_or(0);
        let mut offset = len;
        for _ in 0..2 {
            let is_service = match ether_type {
                0x8100 => false,
                0x88a8 => true,
                _ => break,
            };
            self.header(offset, 4, self.len)?;
            offset += 4;
            ether_type = if !is_service {
                self.row.number(Column::VlanEtherType).unwrap_or(0)
            } else if self.row.number(Column::SecondServiceVlan).is_ok() {
                // tshark reads two of them as one, and tells what the second one announces.
                0x88a8
            } else {
                self.row.number(Column::ServiceVlanEtherType)?
            };
        }
        match ether_type {
            0x0800 => Ok((Family::V4, offset)),
            0x86dd => Ok((Family::V6, offset)),
            _ => Err(NOT_IP),
        }
    }
}
