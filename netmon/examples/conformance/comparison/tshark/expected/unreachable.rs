//! ICMP destination unreachable, and the packet that it quotes.

use netmon_common::Outcome;

use super::ip::{Addresses, Family, Ip};
use super::transport::DNS_PORT;
use super::{Frame, Step, Stop};
use crate::comparison::reading::{Field, Reading};
use crate::comparison::tshark::columns::{Column, Untold};
use crate::comparison::user_space::conversation;

impl Frame<'_> {
    /// An ICMP message. RFC 792 gives all of them 8 bytes at least, RFC 4443 gives them 4.
    pub fn icmp(&mut self, ip: &Ip) -> Step<Reading> {
        let (least, kind, code, unreachable) = match ip.family {
            Family::V4 => (8, Column::IcmpType, Column::IcmpCode, 3),
            Family::V6 => (4, Column::Icmpv6Type, Column::Icmpv6Code, 1),
        };
        self.header(ip.payload, least, ip.end)?;
        if self.row.number(kind)? != unreachable {
            return Err(Stop::Is(Outcome::Other));
        }
        self.header(ip.payload, 8, ip.end)?;
        // The outer addresses are told first.
        self.addresses(ip)?;
        let code = code_name(ip.family, self.row.number(code)?);
        let fixed = self.quoted_ip(ip)?;
        let quoted = match self.variable_ip(fixed.clone()) {
            Ok(quoted) => Some(quoted),
            // An address, but no ports.
            Err(Stop::Short) => None,
            Err(stop) => return Err(stop),
        };
        let Addresses { source, destination } = self.addresses(&fixed)?;
        let ports = match &quoted {
            Some(quoted) => self.quoted_ports(quoted)?,
            None => None,
        };
        let reading = Reading::of(Outcome::IcmpUnreachable)
            .with(Field::Destination, &destination)
            .with(Field::Code, code)
            .with(Field::Quoted, conversation(&source, &destination, ports));
        let is_dns = |port| usize::from(port) == DNS_PORT;
        Ok(match (ports, &quoted) {
            // No frame before this one is a query that it could be about.
            (Some((transport, from, to)), Some(quoted)) if is_dns(from) && is_dns(to) => {
                if transport == "udp" && self.quotes_query(quoted)? {
                    reading.with(Field::DnsUnreachable, code)
                } else {
                    reading.with(Field::LateResponse, source)
                }
            }
            (Some((_, _, to)), _) if is_dns(to) => reading.with(Field::DnsUnreachable, code),
            (Some((_, from, _)), _) if is_dns(from) => reading.with(Field::LateResponse, source),
            (Some(_) | None, _) => reading,
        })
    }

    /// The fixed part of the IP header that an unreachable quotes.
    fn quoted_ip(&mut self, ip: &Ip) -> Step<Ip> {
        let offset = ip.payload + 8;
        match self.fixed_ip(ip.family, offset, ip.end) {
            // What is all there and is not taken for an IPv6 packet has another version.
            Err(Stop::Untold(Untold {
                column: Column::Version,
            })) if ip.family == Family::V6 => Err(Stop::Wrong),
            fixed => fixed,
        }
    }

    /// Whether the quoted datagram is a query, as far as the quote shows it.
    fn quotes_query(&mut self, quoted: &Ip) -> Step<bool> {
        const RESPONSE: usize = 0x8000;
        // QR lies in the third byte; tshark tells of the flags where both of their bytes are there.
        match self.header(quoted.payload + 8, 3, quoted.end) {
            Err(Stop::Short | Stop::Cut) => Ok(false),
            header => {
                header?;
                Ok(self.row.number(Column::DnsFlags)? & RESPONSE == 0)
            }
        }
    }

    /// The ports of the quoted packet, if it is UDP or TCP, and has them.
    fn quoted_ports(&mut self, quoted: &Ip) -> Step<Option<(&'static str, u16, u16)>> {
        let (transport, from, to) = match quoted.protocol {
            17 => ("udp", Column::UdpSource, Column::UdpDestination),
            6 => ("tcp", Column::TcpSource, Column::TcpDestination),
            _ => return Ok(None),
        };
        if quoted.later_fragment {
            return Ok(None);
        }
        match self.header(quoted.payload, 4, quoted.end) {
            Err(Stop::Short) => return Ok(None),
            header => header?,
        }
        Ok(Some((transport, self.row.port(from)?, self.row.port(to)?)))
    }
}

const fn code_name(family: Family, code: usize) -> &'static str {
    match (family, code) {
        (_, 0) => "net",
        (Family::V4, 1) | (Family::V6, 3) => "host",
        (Family::V4, 2) => "protocol",
        (Family::V4, 3) | (Family::V6, 4) => "port",
        (Family::V4, 9 | 10 | 13) | (Family::V6, 1 | 5 | 6) => "admin",
        _ => "other",
    }
}
