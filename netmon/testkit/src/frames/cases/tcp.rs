//! TCP headers: flags, and the lengths that lie. What segments carry is in [`super::stream`].

use netmon_common::wire::Header;

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

pub fn cases() -> Vec<Case> {
    [connects(), resets(), neither(), lengths()].concat()
}

fn to_server(segment: TcpHeader) -> Stack {
    frame() / ipv4(CLIENT, SERVER) / segment
}

fn to_client(segment: TcpHeader) -> Stack {
    frame() / ipv4(SERVER, CLIENT) / segment
}

fn connects() -> Vec<Case> {
    let syn = || tcp(40_000, 53).syn();
    let counted = Expect::connect(SERVER);
    vec![
        case("a SYN to port 53", to_server(syn()), counted),
        case(
            "a SYN with 20 bytes of options",
            to_server(syn().options(20)),
            counted,
        ),
        case(
            "a SYN with 40 bytes of options, the most there can be",
            to_server(syn().options(40)),
            counted,
        ),
        case(
            "a SYN that offers congestion notification",
            to_server(syn().ecn()),
            counted,
        ),
        case(
            "a SYN that carries a query (TCP fast open) is a SYN",
            to_server(syn()) / message_length() / query("a.test"),
            counted,
        ),
        case(
            "a SYN that carries what is no query",
            to_server(syn()) / raw([0x16; 30]),
            counted,
        ),
        case("a SYN with FIN", to_server(syn().fin()), counted),
        case(
            "a SYN with RST to port 53 is a SYN: the RST is not from a DNS port",
            to_server(syn().rst()),
            counted,
        ),
        case(
            "a SYN over IPv6",
            frame() / ipv6(CLIENT_V6, SERVER_V6) / syn(),
            Expect::connect(SERVER_V6),
        ),
        case(
            "a SYN over IPv6 behind an extension header",
            frame() / ipv6(CLIENT_V6, SERVER_V6) / destination_options(1) / syn().options(4),
            Expect::connect(SERVER_V6),
        ),
        case(
            "a SYN from port 53 to port 53",
            to_server(tcp(53, 53).syn()),
            counted,
        ),
        case(
            "a SYN, padded to the least size of a frame",
            to_server(syn()).padding(6),
            counted,
        ),
    ]
}

fn resets() -> Vec<Case> {
    let rst = || tcp(53, 40_000).rst();
    let counted = Expect::reset(SERVER);
    vec![
        case("a RST from port 53", to_client(rst()), counted),
        case(
            "a RST with ACK from port 53: the connection is refused",
            to_client(rst().ack()),
            counted,
        ),
        case(
            "a RST that carries a reason (RFC 9293 section 3.5.3)",
            to_client(rst()) / raw(*b"no room"),
            counted,
        ),
        case(
            "a RST that carries what looks like a response",
            to_client(rst()) / message_length() / response("a.test"),
            counted,
        ),
        case("a RST with options", to_client(rst().options(12)), counted),
        case(
            "a RST over IPv6",
            frame() / ipv6(SERVER_V6, CLIENT_V6) / rst(),
            Expect::reset(SERVER_V6),
        ),
        case(
            "a RST from port 53 to port 53",
            to_client(tcp(53, 53).rst()),
            counted,
        ),
    ]
}

fn neither() -> Vec<Case> {
    [
        (
            "a SYN with ACK from port 53",
            to_client(tcp(53, 40_000).syn().ack()),
        ),
        (
            "a SYN with ACK to port 53",
            to_server(tcp(40_000, 53).syn().ack()),
        ),
        ("a SYN from port 53", to_client(tcp(53, 40_000).syn())),
        ("a SYN to port 443", to_server(tcp(40_000, 443).syn())),
        (
            "a SYN to port 853: DNS over TLS is not read",
            to_server(tcp(40_000, 853).syn()),
        ),
        ("a RST to port 53", to_server(tcp(40_000, 53).rst())),
        ("a RST from port 443", to_client(tcp(443, 40_000).rst())),
        ("an ACK to port 53", to_server(tcp(40_000, 53).ack())),
        ("an ACK from port 53", to_client(tcp(53, 40_000).ack())),
        ("a FIN to port 53", to_server(tcp(40_000, 53).fin().ack())),
        ("a FIN from port 53", to_client(tcp(53, 40_000).fin().ack())),
        ("a segment without any flag", to_server(tcp(40_000, 53))),
    ]
    .map(|(name, frame)| case(name, frame, Expect::Other))
    .into()
}

fn lengths() -> Vec<Case> {
    let wrong = Expect::wrong(Header::Tcp);
    let short = Expect::short(Header::Tcp);
    let syn = || tcp(40_000, 53).syn();
    vec![
        case("a data offset of 0", to_server(syn().data_offset(0)), wrong),
        case("a data offset of 4", to_server(syn().data_offset(4)), wrong),
        case(
            "a data offset of 6 in a segment of 20 bytes",
            to_server(syn().data_offset(6)),
            short,
        ),
        case(
            "a data offset of 15 in a segment of 20 bytes",
            to_server(syn().data_offset(15)),
            short,
        ),
        case(
            "a data offset of 15 in a segment of 59 bytes",
            to_server(syn().options(36).data_offset(15)) / raw([0; 3]),
            short,
        ),
        case(
            "a data offset of 5 although options follow: they are payload",
            to_server(tcp(40_000, 53).ack().options(20).data_offset(5)),
            Expect::Other,
        ),
        case(
            "a data offset of 4 between ports that are not DNS ports",
            to_server(tcp(40_000, 443).data_offset(4)),
            wrong,
        ),
        case(
            "a data offset of 15 between ports that are not DNS ports",
            to_server(tcp(40_000, 443).data_offset(15)),
            short,
        ),
        case(
            "a TCP header without its last byte",
            to_server(syn()).cut_to(14 + 20 + 19),
            short,
        ),
        case(
            "a TCP header whose last byte is padding",
            (frame() / ipv4(CLIENT, SERVER).total_length(39) / syn()).padding(6),
            short,
        ),
        case(
            "TCP options that the frame ends in the middle of",
            to_server(syn().options(20)).cut_to(14 + 20 + 30),
            short,
        ),
        case(
            "TCP options that are padding",
            frame() / ipv4(CLIENT, SERVER).total_length(59) / syn().options(20),
            short,
        ),
    ]
}
