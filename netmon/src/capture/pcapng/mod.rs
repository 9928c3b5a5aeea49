//! pcapng files (draft-ietf-opsawg-pcapng): several sections, each with its byte order and its interfaces, each
//! of these with its link type and its clock.
//!
//! Blocks without packets are skipped unread, however long. A block's length that cannot be ends the file:
//! where the next block starts, nobody knows. A block whose inside cannot be is left out, and the next one read.

mod clock;
mod section;

use crate::model::WarningKind;
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{EPB_MAGIC, IDB_MAGIC, SHB_MAGIC, SPB_MAGIC};

use super::frame::Found;
use super::limits::{INTERFACES, PACKET_BYTES, RECORD_BYTES};
use super::stream::Stream;
use crate::time::Time;
use section::{ByteOrder, Interface};

/// The packet block that the enhanced one replaced; pcap-parser does not know it.
const OLD_PACKET: u32 = 2;

/// Type, length, and the length again at the end.
const SHORTEST_BLOCK: usize = 12;
/// A section header without options.
const SHORTEST_SECTION_HEADER: usize = 28;
/// The only version there is.
const MAJOR_VERSION: u16 = 1;

/// Where the packet starts in an enhanced or old packet block.
const PACKET_AT: usize = 28;
/// Where the packet starts in a simple packet block.
const SIMPLE_PACKET_AT: usize = 12;

/// A pcapng file.
#[derive(Debug)]
pub struct Pcapng {
    order: ByteOrder,
    interfaces: Vec<Interface>,
}

/// The next block's type and length, both checked.
struct Block {
    kind: u32,
    len: usize,
}

/// What a block gives.
enum Content {
    /// A packet.
    Packet(Found),
    /// No packet, or one that is left out.
    Nothing,
}

/// A packet block, as far as its kinds are alike.
struct Packet {
    /// `None` where its kind has no time.
    stamp: Option<u64>,
    interface: u32,
    /// Where the packet starts in the block.
    at: usize,
    captured: usize,
    wire_len: u32,
}

impl Pcapng {
    /// Before the first section.
    pub fn new() -> Self {
        Self {
            order: ByteOrder::Little,
            interfaces: Vec::new(),
        }
    }

    /// Finds the next packet. In here, `None` always means that nothing more can be read.
    pub fn next(&mut self, stream: &mut Stream) -> Option<Found> {
        loop {
            let block = self.next_block(stream)?;
            let content = match block.kind {
                SHB_MAGIC => self.start_section(stream)?,
                IDB_MAGIC => self.add_interface(stream, &block)?,
                EPB_MAGIC | SPB_MAGIC | OLD_PACKET => self.packet(stream, &block)?,
                _ => Content::Nothing,
            };
            if !stream.skip(block.len, "a block") {
                return None;
            }
            if let Content::Packet(found) = content {
                return Some(found);
            }
        }
    }

    /// Reads the next block's type and length, in the byte order of the section that it belongs to.
    fn next_block(&mut self, stream: &mut Stream) -> Option<Block> {
        if !stream.fill(SHORTEST_BLOCK, "a block") {
            return None;
        }
        let data = stream.window.data();
        // The type of a section header reads the same in both orders.
        if self.order.u32(data, 0)? == SHB_MAGIC {
            let magic = *data.get(8..)?.first_chunk()?;
            let Some(order) = ByteOrder::of(magic) else {
                stream.problem(WarningKind::UnreadableFile, || {
                    format!(
                        "a section whose byte order mark is {magic:02x?}; nothing from here on can be read"
                    )
                });
                return None;
            };
            self.order = order;
        }
        let (kind, len) = (self.order.u32(data, 0)?, self.order.u32(data, 4)? as usize);
        let shortest = if kind == SHB_MAGIC {
            SHORTEST_SECTION_HEADER
        } else {
            SHORTEST_BLOCK
        };
        if len < shortest || !len.is_multiple_of(4) {
            stream.problem(WarningKind::WrongLength, || {
                format!("no block of type {kind:#x} has {len} bytes; nothing from here on can be read")
            });
            return None;
        }
        Some(Block { kind, len })
    }

    /// Makes a block available as a whole. `None` ends the file: it is cut, or the length at the block's end is
    /// another than the one at its start.
    fn whole(&self, stream: &mut Stream, block: &Block) -> Option<()> {
        if !stream.fill(block.len, "a block") {
            return None;
        }
        let again = self.order.u32(stream.window.data(), block.len - 4)?;
        if again as usize == block.len {
            return Some(());
        }
        stream.problem(WarningKind::WrongLength, || {
            format!(
                "a block has {} bytes by its start and {again} by its end; nothing from here on can be read",
                block.len
            )
        });
        None
    }

    fn start_section(&mut self, stream: &mut Stream) -> Option<Content> {
        if !stream.fill(SHORTEST_SECTION_HEADER, "a section header") {
            return None;
        }
        let version = self.order.u16(stream.window.data(), 12)?;
        if version != MAJOR_VERSION {
            stream.problem(WarningKind::UnreadableFile, || {
                format!("version {version} of pcapng is not known; nothing from here on can be read")
            });
            return None;
        }
        self.interfaces.clear();
        Some(Content::Nothing)
    }

    fn add_interface(&mut self, stream: &mut Stream, block: &Block) -> Option<Content> {
        if block.len > RECORD_BYTES {
            stream.problem(WarningKind::WrongLength, || {
                format!(
                    "an interface description of {} bytes; nothing from here on can be read",
                    block.len
                )
            });
            return None;
        }
        self.whole(stream, block)?;
        let Some(interface) = self.order.interface(stream.window.data()) else {
            stream.problem(WarningKind::UnreadableFile, || {
                "an interface description that cannot be read; nothing from here on can be read".into()
            });
            return None;
        };
        if self.interfaces.len() < INTERFACES {
            self.interfaces.push(interface);
        } else {
            stream.problem(WarningKind::TooManyInterfaces, || {
                format!("more than {INTERFACES} interfaces in a section; packets of the others are left out")
            });
        }
        Some(Content::Nothing)
    }

    /// Reads a block with a packet.
    fn packet(&self, stream: &mut Stream, block: &Block) -> Option<Content> {
        stream.packet();
        if block.len > RECORD_BYTES {
            stream.packet_problem(WarningKind::PacketTooLong, || {
                format!(
                    "it has {} bytes; longer ones than {PACKET_BYTES} are left out",
                    block.len
                )
            });
            return Some(Content::Nothing);
        }
        self.whole(stream, block)?;
        let data = stream.window.data().get(..block.len)?;
        let Some(packet) = self.read_packet(data, block) else {
            stream.packet_problem(WarningKind::WrongLength, || {
                "the lengths inside it cannot be; it is left out".into()
            });
            return Some(Content::Nothing);
        };
        if packet.captured > PACKET_BYTES {
            stream.packet_problem(WarningKind::PacketTooLong, || {
                format!(
                    "it has {} bytes; longer ones than {PACKET_BYTES} are left out",
                    packet.captured
                )
            });
            return Some(Content::Nothing);
        }
        let Some(interface) = self.interfaces.get(packet.interface as usize) else {
            stream.packet_problem(WarningKind::UnknownInterface, || {
                format!("interface {} is not described; it is left out", packet.interface)
            });
            return Some(Content::Nothing);
        };
        if packet.stamp.is_none() {
            stream.packet_problem(WarningKind::NoTime, || {
                "it has no time, and is taken to follow the one before at once".into()
            });
        }
        Some(Content::Packet(Found {
            // No time is the earliest, and time never goes back: it counts as the latest that was seen.
            time: packet
                .stamp
                .map_or(Time::default(), |stamp| interface.clock.time(stamp)),
            link: interface.link,
            start: stream.window.position() + packet.at,
            len: packet.captured,
            wire_len: packet.wire_len as usize,
            interface: (self.interfaces.len() > 1).then_some(packet.interface),
        }))
    }

    /// What the file calls this interface.
    pub fn interface_name(&self, number: u32) -> Option<&str> {
        self.interfaces.get(number as usize)?.name.as_deref()
    }

    fn read_packet(&self, data: &[u8], block: &Block) -> Option<Packet> {
        match block.kind {
            EPB_MAGIC => {
                let packet = self.order.enhanced_packet(data)?;
                Some(Packet {
                    stamp: Some(u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low)),
                    interface: packet.if_id,
                    at: PACKET_AT,
                    captured: packet.packet_data().len(),
                    wire_len: packet.origlen,
                })
            }
            SPB_MAGIC => self.read_simple_packet(data),
            _ => self.read_old_packet(data),
        }
    }

    /// A packet of the first interface, as long as that captures.
    fn read_simple_packet(&self, data: &[u8]) -> Option<Packet> {
        let wire_len = self.order.u32(data, 8)?;
        let room = data.len().checked_sub(SIMPLE_PACKET_AT + 4)?;
        let snap_len = match self.interfaces.first() {
            Some(Interface { snap_len: 1.., .. }) => self.interfaces.first()?.snap_len,
            Some(_) | None => u32::MAX,
        };
        Some(Packet {
            stamp: None,
            interface: 0,
            at: SIMPLE_PACKET_AT,
            captured: room.min(wire_len.min(snap_len) as usize),
            wire_len,
        })
    }

    /// As an enhanced packet, but for an interface number of 16 bits and a count of drops behind it.
    fn read_old_packet(&self, data: &[u8]) -> Option<Packet> {
        let word = |offset| self.order.u32(data, offset);
        let captured = word(20)? as usize;
        if captured > data.len().checked_sub(PACKET_AT + 4)? {
            return None;
        }
        Some(Packet {
            stamp: Some(u64::from(word(12)?) << 32 | u64::from(word(16)?)),
            interface: u32::from(self.order.u16(data, 8)?),
            at: PACKET_AT,
            captured,
            wire_len: word(24)?,
        })
    }
}
