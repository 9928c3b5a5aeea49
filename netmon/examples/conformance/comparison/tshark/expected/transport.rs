//! UDP and TCP to and from the DNS port.

use netmon_common::Outcome;

use super::ip::Ip;
use super::{Frame, Step, Stop};
use crate::comparison::reading::{Field, Reading};
use crate::comparison::tshark::columns::Column;

/// The DNS port.
pub const DNS_PORT: usize = 53;
/// The length of a DNS header.
const DNS_HEADER: usize = 12;

/// Which of a packet's ports is the DNS port.
struct Ports {
    from: bool,
    to: bool,
}

/// What a DNS message is counted as.
struct Outcomes {
    query: Outcome,
    response: Outcome,
}

impl Frame<'_> {
    pub fn udp(&mut self, ip: &Ip) -> Step<Reading> {
        self.header(ip.payload, 8, ip.end)?;
        let ports = Ports {
            from: self.row.number(Column::UdpSource)? == DNS_PORT,
            to: self.row.number(Column::UdpDestination)? == DNS_PORT,
        };
        let length = self.row.number(Column::UdpLength)?;
        if length < 8 {
            return Err(Stop::Wrong);
        }
        if !ports.from && !ports.to {
            return Err(Stop::Is(Outcome::Other));
        }
        self.header(ip.payload + 8, DNS_HEADER, ip.end.min(ip.payload + length))?;
        let outcomes = Outcomes {
            query: Outcome::DnsQuery,
            response: Outcome::DnsResponse,
        };
        let flags = self.row.number(Column::DnsFlags)?;
        self.message(ip, &ports, flags, &outcomes)
    }

    pub fn tcp(&mut self, ip: &Ip) -> Step<Reading> {
        const SYN: usize = 0x02;
        const RST: usize = 0x04;
        const ACK: usize = 0x10;
        self.header(ip.payload, 20, ip.end)?;
        let ports = Ports {
            from: self.row.number(Column::TcpSource)? == DNS_PORT,
            to: self.row.number(Column::TcpDestination)? == DNS_PORT,
        };
        let header_len = self.row.number(Column::TcpHeaderLength)?;
        if header_len < 20 {
            return Err(Stop::Wrong);
        }
        self.header(ip.payload, header_len, ip.end)?;
        let flags = self.row.number(Column::TcpFlags)?;
        if ports.to && flags & SYN != 0 && flags & ACK == 0 {
            return Ok(
                Reading::of(Outcome::TcpConnect).with(Field::Destination, self.addresses(ip)?.destination)
            );
        }
        if ports.from && flags & RST != 0 {
            return Ok(Reading::of(Outcome::TcpReset).with(Field::Destination, self.addresses(ip)?.source));
        }
        let payload = ip.payload + header_len;
        let is_too_short = payload + 2 + DNS_HEADER > ip.end;
        if !(ports.from || ports.to) || is_too_short {
            return Err(Stop::Is(Outcome::Other));
        }
        self.header(payload, 2 + DNS_HEADER, ip.end)?;
        self.stream(ip, &ports, ip.end - payload - 2)
    }

    /// A segment with `rest` bytes behind the length that may stand at its start.
    fn stream(&mut self, ip: &Ip, ports: &Ports, rest: usize) -> Step<Reading> {
        let length = self.row.number(Column::DnsTcpLength)?;
        let flags = self.row.number(Column::DnsFlags)?;
        let is_response = flags & 0x8000 != 0;
        let fits = if is_response {
            length >= rest
        } else {
            length == rest
        };
        let is_plausible =
            length >= DNS_HEADER && fits && opcode(flags) <= 6 && self.row.number(Column::DnsQuestions)? == 1;
        if !is_plausible {
            return Err(Stop::Is(Outcome::Other));
        }
        let outcomes = Outcomes {
            query: Outcome::TcpDnsQuery,
            response: Outcome::TcpDnsResponse,
        };
        self.message(ip, ports, flags, &outcomes)
    }

    fn message(&mut self, ip: &Ip, ports: &Ports, flags: usize, outcomes: &Outcomes) -> Step<Reading> {
        let is_response = flags & 0x8000 != 0;
        let addresses = self.addresses(ip)?;
        let reading = if is_response && ports.from {
            Reading::of(outcomes.response)
                .with(Field::Destination, addresses.source)
                .with(Field::Rcode, rcode(flags))
        } else if !is_response && ports.to {
            Reading::of(outcomes.query).with(Field::Destination, addresses.destination)
        } else {
            return Err(Stop::Is(Outcome::Other));
        };
        let id = self.row.number(Column::DnsId)?;
        Ok(reading.with(Field::Id, id).with(Field::Opcode, opcode(flags)))
    }
}

const fn opcode(flags: usize) -> usize {
    flags >> 11 & 0x0f
}

const fn rcode(flags: usize) -> &'static str {
    match flags & 0x0f {
        0 => "noerror",
        2 => "servfail",
        3 => "nxdomain",
        5 => "refused",
        _ => "other",
    }
}
