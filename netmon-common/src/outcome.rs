//! The words of the contract: outcomes, ICMP codes, response codes, transports.

/// What a packet was. Each packet has exactly one; their sum is `frames`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// A DNS query over UDP.
    DnsQuery,
    /// A DNS response over UDP.
    DnsResponse,
    /// A segment that starts a DNS query over TCP.
    TcpDnsQuery,
    /// A segment that starts a DNS response over TCP.
    TcpDnsResponse,
    /// A SYN without ACK to a DNS port.
    TcpConnect,
    /// A RST from a DNS port.
    TcpReset,
    /// ICMP destination unreachable, any code, whatever it quotes.
    IcmpUnreachable,
    /// A fragment other than the first.
    Fragment,
    /// A header is wrong, or shorter than it must be.
    Malformed,
    /// A header was cut off by the capture's snap length. Never in the kernel.
    Truncated,
    /// Neither IPv4 nor IPv6 behind at most two VLAN tags.
    NotIp,
    /// A frame for another host, or one that arrives with this host's own source address.
    NotOurs,
    /// Anything else.
    Other,
}

impl Outcome {
    /// All outcomes, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::DnsQuery,
        Self::DnsResponse,
        Self::TcpDnsQuery,
        Self::TcpDnsResponse,
        Self::TcpConnect,
        Self::TcpReset,
        Self::IcmpUnreachable,
        Self::Fragment,
        Self::Malformed,
        Self::Truncated,
        Self::NotIp,
        Self::NotOurs,
        Self::Other,
    ];

    /// Whether packets with this outcome are counted for a destination.
    pub const fn is_counted(self) -> bool {
        matches!(
            self,
            Self::DnsQuery
                | Self::DnsResponse
                | Self::TcpDnsQuery
                | Self::TcpDnsResponse
                | Self::TcpConnect
                | Self::TcpReset
                | Self::IcmpUnreachable
        )
    }
}

/// The code of an ICMP destination unreachable, by meaning, for both families.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Code {
    /// No route to the network: IPv4 0, IPv6 0.
    Net,
    /// The host does not answer on its link: IPv4 1, IPv6 3.
    Host,
    /// The host lacks the transport protocol: IPv4 2.
    Protocol,
    /// Nothing listens at the port: IPv4 3, IPv6 4.
    Port,
    /// Prohibited by policy: IPv4 9, 10, 13; IPv6 1, 5, 6.
    Admin,
    /// All the rest. IPv4 code 4, fragmentation needed, is here: it is never an outage.
    Other,
}

impl Code {
    /// All codes, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Net,
        Self::Host,
        Self::Protocol,
        Self::Port,
        Self::Admin,
        Self::Other,
    ];

    /// An ICMPv4 type 3 code (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1).
    #[inline(always)]
    pub const fn from_icmpv4(code: u8) -> Self {
        match code {
            0 => Self::Net,
            1 => Self::Host,
            2 => Self::Protocol,
            3 => Self::Port,
            9 | 10 | 13 => Self::Admin,
            _ => Self::Other,
        }
    }

    /// An ICMPv6 type 1 code (RFC 4443 section 3.1).
    #[inline(always)]
    pub const fn from_icmpv6(code: u8) -> Self {
        match code {
            0 => Self::Net,
            1 | 5 | 6 => Self::Admin,
            3 => Self::Host,
            4 => Self::Port,
            _ => Self::Other,
        }
    }

    /// The code with this number, as it stands in records.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Whether an error with this code says that the server cannot be reached.
    pub const fn is_outage(self) -> bool {
        !matches!(self, Self::Other)
    }

    /// The name in JSON, metrics and docs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Net => "net",
            Self::Host => "host",
            Self::Protocol => "protocol",
            Self::Port => "port",
            Self::Admin => "admin",
            Self::Other => "other",
        }
    }
}

/// The response code of a DNS response, as netmon counts it (RFC 1035 section 4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Rcode {
    /// 0, no error.
    NoError,
    /// 1, the server cannot read the query.
    FormErr,
    /// 2, the server failed.
    ServFail,
    /// 3, the name does not exist.
    NxDomain,
    /// 4, the server does not know this kind of query.
    NotImp,
    /// 5, the server refuses by policy.
    Refused,
    /// All the rest.
    Other,
}

impl Rcode {
    /// All rcodes, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::NoError,
        Self::FormErr,
        Self::ServFail,
        Self::NxDomain,
        Self::NotImp,
        Self::Refused,
        Self::Other,
    ];

    /// The rcode with this number, as it stands in records.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// A bit for each rcode that [is a fault](Self::is_fault), by its number in records.
    pub const FAULTS: u32 = Self::faults(&Self::ALL);

    const fn faults(rcodes: &[Self]) -> u32 {
        match rcodes {
            [] => 0,
            [rcode, others @ ..] => (rcode.is_fault() as u32) << *rcode as u8 | Self::faults(others),
        }
    }

    /// Whether the server says that it could not do what it was asked: SERVFAIL, REFUSED, FORMERR or NOTIMP.
    #[inline(always)]
    pub const fn is_fault(self) -> bool {
        match self {
            Self::FormErr | Self::ServFail | Self::NotImp | Self::Refused => true,
            Self::NoError | Self::NxDomain | Self::Other => false,
        }
    }

    /// The lower four bits of the DNS header's flags.
    #[inline(always)]
    pub const fn from_flags(flags: u16) -> Self {
        match flags & 0x0f {
            0 => Self::NoError,
            1 => Self::FormErr,
            2 => Self::ServFail,
            3 => Self::NxDomain,
            4 => Self::NotImp,
            5 => Self::Refused,
            _ => Self::Other,
        }
    }
}

/// What carries a DNS message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "user", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "user", serde(rename_all = "lowercase"))]
#[repr(u8)]
pub enum Transport {
    /// UDP, IP protocol 17.
    Udp,
    /// TCP, IP protocol 6.
    Tcp,
}

impl Transport {
    /// Both, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::Udp, Self::Tcp];

    /// The name in JSON, metrics and docs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}
