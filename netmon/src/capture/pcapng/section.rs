//! A pcapng section: its byte order, and its interfaces.

use pcap_parser::{
    EnhancedPacketBlock, InterfaceDescriptionBlock, OptionCode, parse_enhancedpacketblock_be,
    parse_enhancedpacketblock_le, parse_interfacedescriptionblock_be, parse_interfacedescriptionblock_le,
};

use super::clock::Clock;
use crate::capture::frame::LinkType;

/// What says the byte order, as it stands in a section header.
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// In which order the bytes of numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The lowest first.
    Little,
    /// The highest first.
    Big,
}

impl ByteOrder {
    /// From the magic of a section header.
    pub fn of(magic: [u8; 4]) -> Option<Self> {
        match magic {
            _ if u32::from_le_bytes(magic) == BYTE_ORDER_MAGIC => Some(Self::Little),
            _ if u32::from_be_bytes(magic) == BYTE_ORDER_MAGIC => Some(Self::Big),
            _ => None,
        }
    }

    /// Two bytes at `offset`.
    pub fn u16(self, data: &[u8], offset: usize) -> Option<u16> {
        let bytes = data.get(offset..)?.first_chunk()?;
        Some(match self {
            Self::Little => u16::from_le_bytes(*bytes),
            Self::Big => u16::from_be_bytes(*bytes),
        })
    }

    /// Four bytes at `offset`.
    #[inline]
    pub fn u32(self, data: &[u8], offset: usize) -> Option<u32> {
        let bytes = data.get(offset..)?.first_chunk()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(*bytes),
            Self::Big => u32::from_be_bytes(*bytes),
        })
    }

    fn i64(self, bytes: [u8; 8]) -> i64 {
        match self {
            Self::Little => i64::from_le_bytes(bytes),
            Self::Big => i64::from_be_bytes(bytes),
        }
    }

    /// An interface description; `None` where the block is none.
    pub fn interface(self, block: &[u8]) -> Option<Interface> {
        let parsed = match self {
            Self::Little => parse_interfacedescriptionblock_le(block),
            Self::Big => parse_interfacedescriptionblock_be(block),
        };
        parsed
            .ok()
            .map(|(_, description)| Interface::new(&description, self))
    }

    /// An enhanced packet; `None` where the block is none.
    pub fn enhanced_packet(self, block: &[u8]) -> Option<EnhancedPacketBlock<'_>> {
        let parsed = match self {
            Self::Little => parse_enhancedpacketblock_le(block),
            Self::Big => parse_enhancedpacketblock_be(block),
        };
        parsed.ok().map(|(_, packet)| packet)
    }
}

/// The longest name of an interface that is kept: some systems have long ones, and a file may say anything.
const NAME_BYTES: usize = 64;

/// What packets of one interface have in common.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Their link header.
    pub link: LinkType,
    /// How many bytes of a packet were captured at most; 0 for all.
    pub snap_len: u32,
    /// Their time stamps.
    pub clock: Clock,
    /// What it was called where it was captured.
    pub name: Option<Box<str>>,
}

impl Interface {
    fn new(description: &InterfaceDescriptionBlock<'_>, order: ByteOrder) -> Self {
        let value = |code: OptionCode| {
            let option = description.options.iter().find(|option| option.code == code)?;
            option.value.get(..usize::from(option.len))
        };
        let resolution = value(OptionCode::IfTsresol).and_then(|value| value.first());
        let offset: Option<&[u8; 8]> = value(OptionCode::IfTsoffset).and_then(|value| value.first_chunk());
        let name = value(OptionCode::IfName).and_then(|name| str::from_utf8(name).ok());
        let name = name.filter(|name| (1..=NAME_BYTES).contains(&name.len()));
        Self {
            link: LinkType::from_number(u16::try_from(description.linktype.0).unwrap_or(u16::MAX)),
            snap_len: description.snaplen,
            clock: Clock::new(
                resolution.copied().unwrap_or(6),
                offset.map_or(0, |bytes| order.i64(*bytes)),
            ),
            name: name.map(Into::into),
        }
    }
}
