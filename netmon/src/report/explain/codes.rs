//! The codes of "destination unreachable": ICMP type 3 (RFC 792) and ICMPv6 type 1 (RFC 4443 section 3.1).

use netmon_common::Code;

use super::CodeText;

pub(super) const NET: CodeText = CodeText {
    code: Code::Net,
    words: "`network unreachable`",
    v4: ("type 3, code 0", "RFC 792; RFC 1812 section 5.2.7.1"),
    v6: ("type 1, code 0", "RFC 4443 section 3.1"),
    meaning: "a router on the way, or the client's own host, has no route to the network of the server. The \
        query was discarded before it came near the server.",
};

pub(super) const HOST: CodeText = CodeText {
    code: Code::Host,
    words: "`host unreachable`",
    v4: ("type 3, code 1", "RFC 792; RFC 1812 section 5.2.7.1"),
    v6: ("type 1, code 3", "RFC 4443 section 3.1"),
    meaning: "the query got as far as the server's network segment, but no host responded at that address. The \
        server may be switched off, disconnected or moved.",
};

pub(super) const PROTOCOL: CodeText = CodeText {
    code: Code::Protocol,
    words: "`protocol unreachable`",
    v4: ("type 3, code 2", "RFC 792; RFC 1122 section 3.2.2.1"),
    v6: ("no code of its own", "RFC 4443 section 3.4"),
    meaning: "the query reached a host that does not accept {transport} at all. A DNS server does, so either \
        another machine has this address or a filter speaks for it.",
};

pub(super) const PORT: CodeText = CodeText {
    code: Code::Port,
    words: "`{udp} port {port} unreachable`",
    v4: ("type 3, code 3", "RFC 792; RFC 1122 section 3.2.2.1"),
    v6: ("type 1, code 4", "RFC 4443 section 3.1"),
    meaning: "the query arrived, but no program accepts what is sent to {transport} port {port}, the port on \
        which the DNS server should listen. The error comes from the host itself or from a firewall that speaks \
        for it.",
};

pub(super) const ADMIN: CodeText = CodeText {
    code: Code::Admin,
    words: "`administratively prohibited`",
    v4: (
        "type 3, code 9, 10 or 13",
        "RFC 1122 section 3.2.2.1; RFC 1812 section 5.2.7.1",
    ),
    v6: ("type 1, code 1, 5 or 6", "RFC 4443 section 3.1"),
    meaning: "a firewall or router refuses to pass the query on, because of a rule that somebody configured.",
};

pub(super) const OTHER: CodeText = CodeText {
    code: Code::Other,
    words: "`unreachable for another reason`",
    v4: ("type 3, other codes", "RFC 792; RFC 1122 section 3.2.2.1"),
    v6: ("type 1, other codes", "RFC 4443 section 3.1"),
    meaning: "the query was not delivered for a reason that is no outage by itself, such as a packet too large \
        for a link (\"fragmentation needed\").",
};
