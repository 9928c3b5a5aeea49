//! What must be counted for a frame, in the contract's words.

use std::net::IpAddr;

use netmon_common::wire::{Fault, Header};
use netmon_common::{Code, Outcome, Rcode, Transport};

use super::Counted;

/// What a frame is, and whom it is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// A query, for the server that is asked.
    Query(Transport, IpAddr),
    /// A response, for the server that answers.
    Response(Transport, IpAddr, Rcode),
    /// A SYN, for the server.
    Connect(IpAddr),
    /// A RST, for the server.
    Reset(IpAddr),
    /// An unreachable that has nothing to do with DNS, for the destination of the packet that it quotes.
    Unreachable(IpAddr, Code),
    /// An unreachable that quotes a packet to a DNS port, for the server.
    DnsUnreachable(Transport, IpAddr, Code),
    /// An unreachable that quotes a packet from a DNS port: for the client, and as a late response for the server.
    LateResponse {
        /// The destination of the quoted packet.
        client: IpAddr,
        /// Its source.
        server: IpAddr,
        /// What the error says.
        code: Code,
    },
    /// A fragment other than the first.
    Fragment,
    /// A packet with a header that ends too early or has a value that cannot be.
    Malformed(Header, Fault),
    /// Neither IPv4 nor IPv6.
    NotIp,
    /// Anything else.
    Other,
}

impl Expect {
    /// A query over UDP to this server.
    pub fn query(server: impl Into<IpAddr>) -> Self {
        Self::Query(Transport::Udp, server.into())
    }

    /// A segment to this server that starts a query.
    pub fn tcp_query(server: impl Into<IpAddr>) -> Self {
        Self::Query(Transport::Tcp, server.into())
    }

    /// A response over UDP from this server, without an error.
    pub fn response(server: impl Into<IpAddr>) -> Self {
        Self::Response(Transport::Udp, server.into(), Rcode::NoError)
    }

    /// A segment from this server that starts a response without an error.
    pub fn tcp_response(server: impl Into<IpAddr>) -> Self {
        Self::Response(Transport::Tcp, server.into(), Rcode::NoError)
    }

    /// A SYN to this server.
    pub fn connect(server: impl Into<IpAddr>) -> Self {
        Self::Connect(server.into())
    }

    /// A RST from this server.
    pub fn reset(server: impl Into<IpAddr>) -> Self {
        Self::Reset(server.into())
    }

    /// An unreachable about this address, but not about DNS.
    pub fn unreachable(about: impl Into<IpAddr>, code: Code) -> Self {
        Self::Unreachable(about.into(), code)
    }

    /// A DNS unreachable about this server.
    pub fn dns_unreachable(server: impl Into<IpAddr>, code: Code) -> Self {
        Self::DnsUnreachable(Transport::Udp, server.into(), code)
    }

    /// An unreachable that quotes a TCP segment to a DNS port of this server.
    pub fn tcp_unreachable(server: impl Into<IpAddr>, code: Code) -> Self {
        Self::DnsUnreachable(Transport::Tcp, server.into(), code)
    }

    /// An unreachable with code port about a response of this server to this client.
    pub fn late_response(client: impl Into<IpAddr>, server: impl Into<IpAddr>) -> Self {
        Self::LateResponse {
            client: client.into(),
            server: server.into(),
            code: Code::Port,
        }
    }

    /// A packet that ends before this header does.
    pub const fn short(header: Header) -> Self {
        Self::Malformed(header, Fault::Short)
    }

    /// A header with a value that cannot be.
    pub const fn wrong(header: Header) -> Self {
        Self::Malformed(header, Fault::Wrong)
    }

    /// The outcome.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Query(Transport::Udp, _) => Outcome::DnsQuery,
            Self::Query(Transport::Tcp, _) => Outcome::TcpDnsQuery,
            Self::Response(Transport::Udp, ..) => Outcome::DnsResponse,
            Self::Response(Transport::Tcp, ..) => Outcome::TcpDnsResponse,
            Self::Connect(_) => Outcome::TcpConnect,
            Self::Reset(_) => Outcome::TcpReset,
            Self::Unreachable(..) | Self::DnsUnreachable(..) | Self::LateResponse { .. } => {
                Outcome::IcmpUnreachable
            }
            Self::Fragment => Outcome::Fragment,
            Self::Malformed(..) => Outcome::Malformed,
            Self::NotIp => Outcome::NotIp,
            Self::Other => Outcome::Other,
        }
    }

    /// What one such frame of `frame_len` bytes adds.
    pub fn counts(self, frame_len: usize) -> Counted {
        let mut counted = Counted::default();
        counted.expect(self, frame_len);
        counted
    }
}

impl Counted {
    /// Adds what must be counted for one such frame of `frame_len` bytes: the contract's words once more, one
    /// counter after the other.
    pub fn expect(&mut self, expect: Expect, frame_len: usize) {
        let totals = &mut self.totals;
        totals.frames += 1;
        totals.bytes += frame_len as u64;
        one_more(&mut totals.outcomes, expect.outcome() as usize);
        match expect {
            Expect::Query(Transport::Udp, server) => self.at(server.into()).dns_queries += 1,
            Expect::Query(Transport::Tcp, server) => self.at(server.into()).tcp_dns_queries += 1,
            Expect::Response(transport, server, rcode) => {
                let server = self.at(server.into());
                match transport {
                    Transport::Udp => server.dns_responses += 1,
                    Transport::Tcp => server.tcp_dns_responses += 1,
                }
                one_more(over(&mut server.rcodes, transport), rcode as usize);
            }
            Expect::Connect(server) => self.at(server.into()).tcp_connects += 1,
            Expect::Reset(server) => self.at(server.into()).tcp_resets += 1,
            Expect::Unreachable(about, code) => {
                one_more(&mut self.at(about.into()).icmp_unreachable, code as usize);
            }
            Expect::DnsUnreachable(transport, server, code) => {
                totals.dns_unreachable += 1;
                let server = self.at(server.into());
                one_more(&mut server.icmp_unreachable, code as usize);
                one_more(over(&mut server.dns_unreachable, transport), code as usize);
            }
            Expect::LateResponse { client, server, code } => {
                totals.late_responses += 1;
                one_more(&mut self.at(client.into()).icmp_unreachable, code as usize);
                self.at(server.into()).late_responses += 1;
            }
            Expect::Malformed(header, fault) => {
                one_more(
                    &mut totals.unreadable,
                    header as usize * Fault::ALL.len() + fault as usize,
                );
            }
            Expect::Fragment | Expect::NotIp | Expect::Other => {}
        }
    }
}

/// The counters of this transport.
fn over<const WIDTH: usize>(counters: &mut [[u64; WIDTH]; 2], transport: Transport) -> &mut [u64] {
    let [udp, tcp] = counters;
    match transport {
        Transport::Udp => udp,
        Transport::Tcp => tcp,
    }
}

fn one_more(counters: &mut [u64], place: usize) {
    if let Some(counter) = counters.get_mut(place) {
        *counter += 1;
    }
}
