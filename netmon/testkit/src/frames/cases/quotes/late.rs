//! Errors about answers: the client had closed its socket.

use netmon_common::Code;

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

pub fn cases() -> Vec<Case> {
    let answer = || packet() / ipv4(SERVER, CLIENT) / udp(53, 40_000) / response("a.test");
    let answer_v6 = || packet() / ipv6(SERVER_V6, CLIENT_V6) / udp(53, 40_000) / response("a.test");
    let late = Expect::late_response(CLIENT, SERVER);
    let late_v6 = Expect::late_response(CLIENT_V6, SERVER_V6);
    vec![
        case(
            "a late response: the client tells the server",
            frame() / ipv4(CLIENT, SERVER) / unreachable(3) / answer(),
            late,
        ),
        case(
            "a late response: a router tells the server",
            frame() / ipv4(ROUTER, SERVER) / unreachable(3) / answer(),
            late,
        ),
        case(
            "a late response: an error that goes to the client, about what it never sent",
            frame() / ipv4(SERVER, CLIENT) / unreachable(3) / answer(),
            late,
        ),
        case(
            "a late response of which 8 bytes are quoted",
            frame() / ipv4(CLIENT, SERVER) / unreachable(3) / answer().cut_to(28),
            late,
        ),
        case(
            "a late response over TCP",
            frame()
                / ipv4(CLIENT, SERVER)
                / unreachable(3)
                / (packet() / ipv4(SERVER, CLIENT) / tcp(53, 40_000).ack()),
            late,
        ),
        case(
            "a late response whose way a firewall forbids",
            frame() / ipv4(ROUTER, SERVER) / unreachable(13) / answer(),
            Expect::LateResponse {
                client: CLIENT.into(),
                server: SERVER.into(),
                code: Code::Admin,
            },
        ),
        case(
            "a late response over IPv6",
            frame() / ipv6(CLIENT_V6, SERVER_V6) / unreachable_v6(4) / answer_v6(),
            late_v6,
        ),
        case(
            "a late response over IPv6 that goes to the client",
            frame() / ipv6(SERVER_V6, CLIENT_V6) / unreachable_v6(4) / answer_v6(),
            late_v6,
        ),
        case(
            "a late response to a client that asks from port 53: QR of the quoted message decides",
            frame()
                / ipv4(CLIENT, SERVER)
                / unreachable(3)
                / (packet() / ipv4(SERVER, CLIENT) / udp(53, 53) / response("a.test")),
            late,
        ),
        case(
            "a late response over IPv6 to a client that asks from port 53",
            frame()
                / ipv6(CLIENT_V6, SERVER_V6)
                / unreachable_v6(4)
                / (packet() / ipv6(SERVER_V6, CLIENT_V6) / udp(53, 53) / response("a.test")),
            late_v6,
        ),
        case(
            "8 bytes from port 53 to port 53, when no such query was seen",
            frame()
                / ipv4(CLIENT, ROUTER)
                / unreachable(3)
                / (packet() / ipv4(ROUTER, CLIENT) / udp(53, 53) / response("a.test")).cut_to(28),
            Expect::late_response(CLIENT, ROUTER),
        ),
        case(
            "a quoted segment from port 53 to port 53, when no such connection was seen",
            frame()
                / ipv4(CLIENT, ROUTER)
                / unreachable(3)
                / (packet() / ipv4(ROUTER, CLIENT) / tcp(53, 53).ack()),
            Expect::late_response(CLIENT, ROUTER),
        ),
        case(
            "a late response between a server and itself",
            frame()
                / ipv4(SERVER, SERVER)
                / unreachable(3)
                / (packet() / ipv4(SERVER, SERVER) / udp(53, 40_000) / response("a.test")),
            Expect::late_response(SERVER, SERVER),
        ),
    ]
}
