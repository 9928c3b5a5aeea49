//! The codes of "destination unreachable", ICMP type 3 (RFC 792) and ICMPv6 type 1 (RFC 4443 section 3.1), and
//! the response codes of a DNS server that fails, the types of records that clients ask for.

use super::{CodeText, ResponseText};

pub(super) const NET: CodeText = CodeText {
    words: "`network unreachable`",
    v4: ("type 3, code 0", "RFC 792; RFC 1812 section 5.2.7.1"),
    v6: ("type 1, code 0", "RFC 4443 section 3.1"),
    meaning: "a router on the way, or the client's own host, has no route to the network of the server. The \
        query was discarded before it came near the server.",
};

pub(super) const HOST: CodeText = CodeText {
    words: "`host unreachable`",
    v4: ("type 3, code 1", "RFC 792; RFC 1812 section 5.2.7.1"),
    v6: ("type 1, code 3", "RFC 4443 section 3.1"),
    meaning: "the query got as far as the server's network segment, but no host responded at that address. The \
        server may be switched off, disconnected or moved.",
};

pub(super) const PROTOCOL: CodeText = CodeText {
    words: "`protocol unreachable`",
    v4: ("type 3, code 2", "RFC 792; RFC 1122 section 3.2.2.1"),
    v6: ("no code of its own", "RFC 4443 section 3.4"),
    meaning: "the query reached a host that does not accept {transport} at all. A DNS server does, so either \
        another machine has this address or a filter speaks for it.",
};

pub(super) const PORT: CodeText = CodeText {
    words: "`{udp} port {port} unreachable`",
    v4: ("type 3, code 3", "RFC 792; RFC 1122 section 3.2.2.1"),
    v6: ("type 1, code 4", "RFC 4443 section 3.1"),
    meaning: "the query arrived, but no program accepts what is sent to {transport} port {port}, the port on \
        which the DNS server should listen. The error comes from the host itself or from a firewall that speaks \
        for it.",
};

pub(super) const ADMIN: CodeText = CodeText {
    words: "`administratively prohibited`",
    v4: (
        "type 3, code 9, 10 or 13",
        "RFC 1122 section 3.2.2.1; RFC 1812 section 5.2.7.1",
    ),
    v6: ("type 1, code 1, 5 or 6", "RFC 4443 section 3.1"),
    meaning: "a firewall or router refuses to pass the query on, because of a rule that somebody configured.",
};

pub(super) const OTHER: CodeText = CodeText {
    words: "`unreachable for another reason`",
    v4: ("type 3, other codes", "RFC 792; RFC 1122 section 3.2.2.1"),
    v6: ("type 1, other codes", "RFC 4443 section 3.1"),
    meaning: "the query was not delivered for a reason that is no outage by itself, such as a packet too large \
        for a link (\"fragmentation needed\").",
};

/// The server failed.
pub(super) const SERVFAIL: ResponseText = ResponseText {
    words: "SERVFAIL",
    reference: "response code 2; RFC 1035 section 4.1.1",
    meaning: "the server could not find the answer, because of a problem of its own or of the servers that it asks \
        in turn.",
};

/// The server refuses.
pub(super) const REFUSED: ResponseText = ResponseText {
    words: "REFUSED",
    reference: "response code 5; RFC 1035 section 4.1.1",
    meaning: "the server is not willing to answer this client, or this question, because of a rule of its own.",
};

/// What `+` after a query's id means.
pub const RD: &str = "recursion is desired (RD): the client wants the server to find the answer, whichever servers have to \
    be asked for it";

/// A type of record, as tools write it, and what somebody asks for with it (IANA, DNS parameters).
pub const fn query_type(number: u16) -> Option<(&'static str, &'static str)> {
    Some(match number {
        1 => ("A", "the IPv4 address of a name"),
        2 => ("NS", "the DNS servers of a domain"),
        5 => ("CNAME", "the name that a name stands for"),
        6 => ("SOA", "the data about a zone"),
        12 => ("PTR", "the name of an address"),
        15 => ("MX", "the mail servers of a domain"),
        16 => ("TXT", "the text that belongs to a name"),
        28 => ("AAAA", "the IPv6 address of a name"),
        33 => ("SRV", "the servers of a service"),
        43 => ("DS", "the key of a signed zone, in short"),
        48 => ("DNSKEY", "the keys of a signed zone"),
        64 => ("SVCB", "how to reach a service"),
        65 => ("HTTPS", "how to reach a web site"),
        255 => ("ANY", "all records of a name"),
        _ => return None,
    })
}
