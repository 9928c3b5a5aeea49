//! ICMP and ICMPv6 destination unreachable, and the packet that it quotes (RFC 792, RFC 4443 section 3.1).

use super::ip::{HeaderAt, Ip, Protocol};
use super::{Bytes, Fault, Header, Unreadable, ipv4, ipv6, read_header};
use crate::outcome::{Code, Transport};
use crate::ports::RawPort;

/// Length of the header of an unreachable, in bytes; the quoted packet follows. All ICMP messages have as many
/// (RFC 792).
pub const HEADER_LEN: usize = 8;
/// Length of what all ICMPv6 messages start with, in bytes: type, code and checksum (RFC 4443 section 2.1). Some
/// have no more than two bytes behind it (a DODAG information solicitation, RFC 6550 section 6.2).
const ICMPV6_COMMON_LEN: usize = 4;

/// Destination unreachable, RFC 792.
pub const ICMPV4_UNREACHABLE: u8 = 3;
/// Destination unreachable, RFC 4443 section 3.1.
pub const ICMPV6_UNREACHABLE: u8 = 1;

/// An ICMP destination unreachable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// What it says is unreachable.
    pub code: Code,
    /// The packet that it quotes.
    pub quoted: Quoted,
}

/// The packet that an error quotes, as much of it as is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Where the quote starts: its IP header.
    pub header: HeaderAt,
    /// Where the quoted packet ends: the shorter of what it declares and what was quoted.
    pub end: usize,
    /// Its ports, where the quote has them.
    pub ports: Option<QuotedPorts>,
}

/// The ports of a quoted UDP or TCP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotedPorts {
    /// UDP or TCP.
    pub transport: Transport,
    /// Source port, host order.
    pub source: u16,
    /// Destination port, host order.
    pub destination: u16,
    /// Where the quoted UDP or TCP header starts.
    pub offset: usize,
}

/// Reads the ICMP message at `offset` of an IPv4 packet that ends at `end`; `None` for any other type.
#[inline(always)]
pub fn parse_v4<B: Bytes>(bytes: &B, offset: usize, end: usize) -> Result<Option<Unreachable>, Unreadable> {
    let [kind, code, ..]: [u8; HEADER_LEN] = read_header(bytes, offset, end, Header::Icmp)?;
    if kind != ICMPV4_UNREACHABLE {
        return Ok(None);
    }
    let quote = offset + HEADER_LEN;
    let end = bytes.clamp(end);
    let fixed = in_quote(ipv4::parse_fixed(bytes, quote, end))?;
    let whole = ipv4::skip_options(bytes, fixed);
    Ok(Some(Unreachable {
        code: Code::from_icmpv4(code),
        quoted: read_quoted(bytes, fixed.header, fixed.end, whole)?,
    }))
}

/// Reads the ICMPv6 message at `offset` of an IPv6 packet that ends at `end`; `None` for any other type.
#[inline(always)]
pub fn parse_v6<B: Bytes>(bytes: &B, offset: usize, end: usize) -> Result<Option<Unreachable>, Unreadable> {
    let [kind, code, ..]: [u8; ICMPV6_COMMON_LEN] = read_header(bytes, offset, end, Header::Icmp)?;
    if kind != ICMPV6_UNREACHABLE {
        return Ok(None);
    }
    // The second half is not used, but must be there.
    let _: [u8; HEADER_LEN] = read_header(bytes, offset, end, Header::Icmp)?;
    let quote = offset + HEADER_LEN;
    let end = bytes.clamp(end);
    let fixed = in_quote(ipv6::parse_fixed(bytes, quote, end))?;
    let whole = ipv6::walk_extensions(bytes, fixed);
    Ok(Some(Unreachable {
        code: Code::from_icmpv6(code),
        quoted: read_quoted(bytes, fixed.header, fixed.end, whole)?,
    }))
}

/// What there is of the quoted packet, whose fixed header is there and whose whole header may be.
#[inline(always)]
fn read_quoted<B: Bytes>(
    bytes: &B,
    header: HeaderAt,
    end: usize,
    whole: Result<Ip, Unreadable>,
) -> Result<Quoted, Unreadable> {
    match whole {
        Ok(ip) => read_ports(bytes, ip),
        // Options or extension headers that are missing leave the address, but no ports.
        Err(Unreadable {
            fault: Fault::Short, ..
        }) => Ok(Quoted {
            header,
            end,
            ports: None,
        }),
        Err(unreadable) => in_quote(Err(unreadable)),
    }
}

#[inline(always)]
fn read_ports<B: Bytes>(bytes: &B, ip: Ip) -> Result<Quoted, Unreadable> {
    let transport = match ip.protocol {
        Protocol::UDP => Some(Transport::Udp),
        Protocol::TCP => Some(Transport::Tcp),
        _ => None,
    };
    let ports = match transport {
        Some(transport) if !ip.later_fragment && ip.payload + size_of::<[RawPort; 2]>() <= ip.end => {
            let [source, destination]: [RawPort; 2] =
                in_quote(bytes.read(ip.payload).ok_or(Unreadable::cut(Header::Quoted)))?;
            Some(QuotedPorts {
                transport,
                source: u16::from_be_bytes(source),
                destination: u16::from_be_bytes(destination),
                offset: ip.payload,
            })
        }
        Some(_) | None => None,
    };
    Ok(Quoted {
        header: ip.header,
        end: ip.end,
        ports,
    })
}

/// What is wrong in the quoted packet is told as its fault, not as the outer packet's.
#[inline(always)]
fn in_quote<T>(result: Result<T, Unreadable>) -> Result<T, Unreadable> {
    match result {
        Ok(value) => Ok(value),
        Err(Unreadable { fault, .. }) => Err(Unreadable {
            header: Header::Quoted,
            fault,
        }),
    }
}
