//! A capture file of either format, read packet by packet.

use super::frame::{Found, LinkType};
use super::pcap::Pcap;
use super::pcapng::Pcapng;
use super::problems::Problems;
use super::stream::Stream;
use super::window::{Source, Window};
use crate::model::{Warning, WarningKind};

/// A capture file. Trouble ends it at worst; it never fails, and says in the end what could not be read.
pub struct PacketFile {
    stream: Stream,
    format: Format,
}

enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
    /// Nothing more comes.
    Ended,
}

impl PacketFile {
    /// A pcap file; `name` is what warnings call it.
    pub fn pcap(source: Source, name: &str) -> Self {
        let mut stream = Stream::new(Window::new(source), Problems::new(name));
        let format = Pcap::start(&mut stream).map_or(Format::Ended, Format::Pcap);
        Self { stream, format }
    }

    /// A pcapng file.
    pub fn pcapng(source: Source, name: &str) -> Self {
        let stream = Stream::new(Window::new(source), Problems::new(name));
        let format = Format::Pcapng(Pcapng::new());
        Self { stream, format }
    }

    /// Finds the next packet.
    #[inline]
    pub(super) fn advance(&mut self) -> Option<Found> {
        let found = match &mut self.format {
            Format::Pcap(pcap) => pcap.next(&mut self.stream),
            Format::Pcapng(pcapng) => pcapng.next(&mut self.stream),
            Format::Ended => None,
        };
        match found {
            Some(Found {
                link: LinkType::Unknown(number),
                ..
            }) => self.unknown_link_type(number),
            Some(_) => {}
            None => self.format = Format::Ended,
        }
        found
    }

    #[cold]
    fn unknown_link_type(&mut self, number: u16) {
        self.stream.packet_problem(WarningKind::UnknownLinkType, || {
            format!("packets of link type {number} are not read; they count as not_ip")
        });
    }

    /// The bytes of the packet that was found last.
    #[inline]
    pub(super) fn bytes(&self, found: &Found) -> &[u8] {
        self.stream.window.slice(found.start, found.len)
    }

    /// What the file calls an interface of the section that is being read.
    pub(super) fn interface_name(&self, interface: u32) -> Option<&str> {
        match &self.format {
            Format::Pcapng(pcapng) => pcapng.interface_name(interface),
            Format::Pcap(_) | Format::Ended => None,
        }
    }

    /// The number of the packet that was found last.
    #[inline]
    pub(super) fn number(&self) -> u64 {
        self.stream.packets()
    }

    /// What could not be read so far.
    pub fn warnings(&self) -> Vec<Warning> {
        self.stream.problems().warnings()
    }
}
