//! What tshark is asked for, and one line of what it answers.

use std::collections::VecDeque;

use anyhow::{Result, ensure};

/// What stands between two columns, and between several values in one.
pub const SEPARATOR: char = '\t';
const AGGREGATOR: char = ',';

/// A field of tshark's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    FrameNumber,
    FrameLength,
    CapturedLength,
    Encapsulation,
    EtherType,
    /// Of Cisco's header before an Ethernet frame.
    IslLength,
    SllEtherType,
    SllGreType,
    VlanEtherType,
    ServiceVlanEtherType,
    /// Of the second one of two service tags in a row.
    SecondServiceVlan,
    NullFamily,
    /// Of IPv6 too.
    Version,
    Ipv4HeaderLength,
    Ipv4TotalLength,
    Ipv4FragmentOffset,
    Ipv4Protocol,
    Ipv4Source,
    Ipv4Destination,
    /// The address in the header of a packet with a source route; the destination is then the end of the route.
    Ipv4CurrentRoute,
    Ipv6PayloadLength,
    Ipv6NextHeader,
    Ipv6Source,
    Ipv6Destination,
    HopByHopNext,
    HopByHopLength,
    RoutingNext,
    RoutingLength,
    FragmentNext,
    FragmentOffset,
    DestinationOptionsNext,
    DestinationOptionsLength,
    AuthenticationNext,
    AuthenticationLength,
    UdpSource,
    UdpDestination,
    UdpLength,
    TcpSource,
    TcpDestination,
    TcpHeaderLength,
    TcpFlags,
    IcmpType,
    IcmpCode,
    Icmpv6Type,
    Icmpv6Code,
    DnsTcpLength,
    DnsId,
    DnsFlags,
    DnsQuestions,
}

/// All columns in their order, with tshark's names for them.
pub const COLUMNS: [(Column, &str); 49] = [
    (Column::FrameNumber, "frame.number"),
    (Column::FrameLength, "frame.len"),
    (Column::CapturedLength, "frame.cap_len"),
    (Column::Encapsulation, "frame.encap_type"),
    (Column::EtherType, "eth.type"),
    (Column::IslLength, "isl.len"),
    (Column::SllEtherType, "sll.etype"),
    (Column::SllGreType, "sll.gretype"),
    (Column::VlanEtherType, "vlan.etype"),
    (Column::ServiceVlanEtherType, "ieee8021ah.etype"),
    (Column::SecondServiceVlan, "ieee8021ad.cvid"),
    (Column::NullFamily, "null.family"),
    (Column::Version, "ip.version"),
    (Column::Ipv4HeaderLength, "ip.hdr_len"),
    (Column::Ipv4TotalLength, "ip.len"),
    (Column::Ipv4FragmentOffset, "ip.frag_offset"),
    (Column::Ipv4Protocol, "ip.proto"),
    (Column::Ipv4Source, "ip.src"),
    (Column::Ipv4Destination, "ip.dst"),
    (Column::Ipv4CurrentRoute, "ip.cur_rt"),
    (Column::Ipv6PayloadLength, "ipv6.plen"),
    (Column::Ipv6NextHeader, "ipv6.nxt"),
    (Column::Ipv6Source, "ipv6.src"),
    (Column::Ipv6Destination, "ipv6.dst"),
    (Column::HopByHopNext, "ipv6.hopopts.nxt"),
    (Column::HopByHopLength, "ipv6.hopopts.len"),
    (Column::RoutingNext, "ipv6.routing.nxt"),
    (Column::RoutingLength, "ipv6.routing.len"),
    (Column::FragmentNext, "ipv6.fraghdr.nxt"),
    (Column::FragmentOffset, "ipv6.fraghdr.offset"),
    (Column::DestinationOptionsNext, "ipv6.dstopts.nxt"),
    (Column::DestinationOptionsLength, "ipv6.dstopts.len"),
    (Column::AuthenticationNext, "ah.next_header"),
    (Column::AuthenticationLength, "ah.length"),
    (Column::UdpSource, "udp.srcport"),
    (Column::UdpDestination, "udp.dstport"),
    (Column::UdpLength, "udp.length"),
    (Column::TcpSource, "tcp.srcport"),
    (Column::TcpDestination, "tcp.dstport"),
    (Column::TcpHeaderLength, "tcp.hdr_len"),
    (Column::TcpFlags, "tcp.flags"),
    (Column::IcmpType, "icmp.type"),
    (Column::IcmpCode, "icmp.code"),
    (Column::Icmpv6Type, "icmpv6.type"),
    (Column::Icmpv6Code, "icmpv6.code"),
    (Column::DnsTcpLength, "dns.length"),
    (Column::DnsId, "dns.id"),
    (Column::DnsFlags, "dns.flags"),
    (Column::DnsQuestions, "dns.count.queries"),
];

impl Column {
    /// What tshark calls it.
    pub fn name(self) -> &'static str {
        COLUMNS
            .iter()
            .find(|(column, _)| *column == self)
            .map_or("", |(_, name)| name)
    }
}

/// A field that tshark should have told, and did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Untold {
    pub column: Column,
}

/// What tshark says of one frame.
///
/// It lists the values of a field in the order of the headers that they stand in, outer ones first: each is
/// taken once.
#[derive(Debug)]
pub struct Row(Vec<VecDeque<String>>);

impl Row {
    /// Reads a line.
    pub fn parse(line: &str) -> Result<Self> {
        let values = |column: &str| match column {
            "" => VecDeque::new(),
            column => column.split(AGGREGATOR).map(str::to_owned).collect(),
        };
        let row = Self(line.split(SEPARATOR).map(values).collect());
        ensure!(
            row.0.len() == COLUMNS.len(),
            "tshark prints {} columns: {line}",
            row.0.len()
        );
        Ok(row)
    }

    /// The next value of a field, as tshark writes it.
    pub fn text(&mut self, column: Column) -> Result<String, Untold> {
        let value = self.0.get_mut(column as usize).and_then(VecDeque::pop_front);
        value.ok_or(Untold { column })
    }

    /// The next value of a field, which is not taken yet.
    pub fn peek(&self, column: Column) -> Option<&str> {
        self.0.get(column as usize)?.front().map(String::as_str)
    }

    /// The next value of a field that is a port.
    pub fn port(&mut self, column: Column) -> Result<u16, Untold> {
        let number = self.number(column)?;
        u16::try_from(number).map_err(|_too_large| Untold { column })
    }

    /// The next value of a field that is a number.
    pub fn number(&mut self, column: Column) -> Result<usize, Untold> {
        let text = self.text(column)?;
        let number = match text.strip_prefix("0x") {
            Some(digits) => usize::from_str_radix(digits, 16),
            None => text.parse(),
        };
        number.map_err(|_not_a_number| Untold { column })
    }
}
