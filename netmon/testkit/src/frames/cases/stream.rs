//! DNS over TCP: what a segment must start with to count as a message, each condition met and missed.

use netmon_common::{Rcode, Transport};

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

pub fn cases() -> Vec<Case> {
    [
        messages(),
        query_lengths(),
        response_lengths(),
        headers(),
        directions(),
    ]
    .concat()
}

fn to_server() -> Stack {
    frame() / ipv4(CLIENT, SERVER) / tcp(40_000, 53).ack()
}

fn to_client() -> Stack {
    frame() / ipv4(SERVER, CLIENT) / tcp(53, 40_000).ack()
}

fn messages() -> Vec<Case> {
    vec![
        case(
            "a query over TCP",
            to_server() / message_length() / query("a.test"),
            Expect::tcp_query(SERVER),
        ),
        case(
            "a query over TCP with PSH and options",
            frame()
                / ipv4(CLIENT, SERVER)
                / tcp(40_000, 53).psh().ack().options(12)
                / message_length()
                / query("a.test"),
            Expect::tcp_query(SERVER),
        ),
        case(
            "a query over TCP with FIN: the client sends no more",
            frame() / ipv4(CLIENT, SERVER) / tcp(40_000, 53).fin().ack() / message_length() / query("a.test"),
            Expect::tcp_query(SERVER),
        ),
        case(
            "a query over TCP and IPv6",
            frame() / ipv6(CLIENT_V6, SERVER_V6) / tcp(40_000, 53).ack() / message_length() / query("a.test"),
            Expect::tcp_query(SERVER_V6),
        ),
        case(
            "a query over TCP with padding behind the IP packet: it is not part of the segment",
            (to_server() / message_length() / query("a.test").header_only()).padding(6),
            Expect::tcp_query(SERVER),
        ),
        case(
            "a response over TCP",
            to_client() / message_length() / response("a.test"),
            Expect::tcp_response(SERVER),
        ),
        case(
            "a response over TCP and IPv6",
            frame()
                / ipv6(SERVER_V6, CLIENT_V6)
                / tcp(53, 40_000).ack()
                / message_length()
                / response("a.test"),
            Expect::tcp_response(SERVER_V6),
        ),
        case(
            "a response over TCP with rcode 5, REFUSED",
            to_client() / message_length() / response("a.test").rcode(5),
            Expect::Response(Transport::Tcp, SERVER.into(), Rcode::Refused),
        ),
        case(
            "a SYN with ACK that carries a response (TCP fast open)",
            frame()
                / ipv4(SERVER, CLIENT)
                / tcp(53, 40_000).syn().ack()
                / message_length()
                / response("a.test"),
            Expect::tcp_response(SERVER),
        ),
    ]
}

/// The rest of the segment behind the length has 24 bytes, or 12 with only a header.
fn query_lengths() -> Vec<Case> {
    let with = |length| to_server() / MessageLength::of(length) / query("a.test");
    let header_only = |length| to_server() / MessageLength::of(length) / query("a.test").header_only();
    let counted = Expect::tcp_query(SERVER);
    vec![
        case("a length of 0 before a query", with(0), Expect::Other),
        case("a length one less than the query", with(23), Expect::Other),
        case("a length one more than the query", with(25), Expect::Other),
        case("a length of 65,535 before a query", with(65_535), Expect::Other),
        case(
            "a query of 12 bytes, the least there can be",
            header_only(12),
            counted,
        ),
        case("a length of 11 before 12 bytes", header_only(11), Expect::Other),
        case(
            "a length of 11 before 11 bytes",
            to_server() / message_length() / raw([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0]),
            Expect::Other,
        ),
        case(
            "two queries in one segment: the length is not the rest of the segment",
            to_server()
                / (packet() / MessageLength::of(24) / query("a.test"))
                / message_length()
                / query("b.test"),
            Expect::Other,
        ),
        case(
            "a length and nothing else",
            to_server() / MessageLength::of(24),
            Expect::Other,
        ),
        case(
            "one byte of payload to port 53",
            to_server() / raw([0]),
            Expect::Other,
        ),
        case(
            "a query without the length before it",
            to_server() / query("a.test"),
            Expect::Other,
        ),
        case(
            "the first fragment of a query: the length is more than the rest of the fragment",
            frame()
                / ipv4(CLIENT, SERVER).fragment(0, true)
                / tcp(40_000, 53).ack()
                / MessageLength::of(48)
                / query("a.test"),
            Expect::Other,
        ),
        case(
            "a total length of 0: the rest of the segment is the rest of the frame",
            frame()
                / ipv4(CLIENT, SERVER).total_length(0)
                / tcp(40_000, 53).ack()
                / message_length()
                / query("a.test"),
            counted,
        ),
        case(
            "a total length of 0 with padding: the rest of the frame is more than the length",
            (frame()
                / ipv4(CLIENT, SERVER).total_length(0)
                / tcp(40_000, 53).ack()
                / message_length()
                / query("a.test"))
            .padding(1),
            Expect::Other,
        ),
    ]
}

/// The rest of the segment behind the length has 24 bytes, or 12 with only a header.
fn response_lengths() -> Vec<Case> {
    let with = |length| to_client() / MessageLength::of(length) / response("a.test");
    let header_only = |length| to_client() / MessageLength::of(length) / response("a.test").header_only();
    let counted = Expect::tcp_response(SERVER);
    vec![
        case("a length of 0 before a response", with(0), Expect::Other),
        case(
            "a length one less than the response: another one follows",
            with(23),
            Expect::Other,
        ),
        case(
            "a length one more than the response: it goes on in the next segment",
            with(25),
            counted,
        ),
        case(
            "a length of 65,535 before a response: it goes on in further segments",
            with(65_535),
            counted,
        ),
        case(
            "a response of 12 bytes, the least there can be",
            header_only(12),
            counted,
        ),
        case(
            "a length of 11 before 12 bytes of a response",
            header_only(11),
            Expect::Other,
        ),
        case(
            "a response whose header is split over two segments",
            to_client() / MessageLength::of(100) / raw([0, 1, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0]),
            Expect::Other,
        ),
        case(
            "the middle of a long response, of letters",
            to_client() / raw([b'a'; 1_000]),
            Expect::Other,
        ),
    ]
}

fn headers() -> Vec<Case> {
    let query_with = |message: DnsMessage| to_server() / message_length() / message;
    let response_with = |message: DnsMessage| to_client() / message_length() / message;
    vec![
        case(
            "opcode 6 over TCP, the highest known",
            query_with(query("a.test").opcode(6)),
            Expect::tcp_query(SERVER),
        ),
        case(
            "opcode 7 over TCP",
            query_with(query("a.test").opcode(7)),
            Expect::Other,
        ),
        case(
            "opcode 15 over TCP",
            query_with(query("a.test").opcode(15)),
            Expect::Other,
        ),
        case(
            "no question over TCP",
            query_with(query("a.test").questions(0)),
            Expect::Other,
        ),
        case(
            "two questions over TCP",
            query_with(query("a.test").questions(2)),
            Expect::Other,
        ),
        case(
            "256 questions over TCP: 1 with its bytes swapped",
            query_with(query("a.test").questions(256)),
            Expect::Other,
        ),
        case(
            "a response with opcode 6 over TCP",
            response_with(response("a.test").opcode(6)),
            Expect::tcp_response(SERVER),
        ),
        case(
            "a response with opcode 7 over TCP",
            response_with(response("a.test").opcode(7)),
            Expect::Other,
        ),
        case(
            "a response without a question over TCP",
            response_with(response("a.test").questions(0)),
            Expect::Other,
        ),
        case(
            "HTTP to port 53",
            to_server() / raw(*b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
            Expect::Other,
        ),
        case(
            "TLS to port 53",
            to_server() / raw([0x16, 3, 1, 0, 0x0a, 1, 0, 0, 6, 3, 3, 0, 0, 0, 0]),
            Expect::Other,
        ),
    ]
}

fn directions() -> Vec<Case> {
    vec![
        case(
            "a response over TCP to port 53: the wrong direction",
            to_server() / message_length() / response("a.test"),
            Expect::Other,
        ),
        case(
            "a query over TCP from port 53: the wrong direction",
            to_client() / message_length() / query("a.test"),
            Expect::Other,
        ),
        case(
            "a query over TCP from port 53 to port 53: counted for its destination",
            frame() / ipv4(CLIENT, SERVER) / tcp(53, 53).ack() / message_length() / query("a.test"),
            Expect::tcp_query(SERVER),
        ),
        case(
            "a response over TCP from port 53 to port 53: counted for its source",
            frame() / ipv4(SERVER, CLIENT) / tcp(53, 53).ack() / message_length() / response("a.test"),
            Expect::tcp_response(SERVER),
        ),
        case(
            "a query over TCP to port 853",
            frame() / ipv4(CLIENT, SERVER) / tcp(40_000, 853).ack() / message_length() / query("a.test"),
            Expect::Other,
        ),
    ]
}
