//! Tunnels are not opened: only the outermost headers count.

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

pub fn cases() -> Vec<Case> {
    let query_v4 = || packet() / ipv4(CLIENT, SERVER) / udp(40_000, 53) / query("a.test");
    let query_v6 = || packet() / ipv6(CLIENT_V6, SERVER_V6) / udp(40_000, 53) / query("a.test");
    let outer = || ipv4(CLIENT, ROUTER);
    let outer_v6 = || ipv6(CLIENT_V6, ROUTER_V6);
    [
        ("IPv4 in IPv4", frame() / outer() / query_v4()),
        ("IPv6 in IPv4", frame() / outer() / query_v6()),
        ("IPv4 in IPv6", frame() / outer_v6() / query_v4()),
        ("IPv6 in IPv6", frame() / outer_v6() / query_v6()),
        (
            "IPv6 in IPv6 behind an extension header",
            frame() / outer_v6() / destination_options(1) / query_v6(),
        ),
        (
            "IPv4 in GRE",
            frame() / outer() / raw([0, 0, 8, 0]).as_protocol(47) / query_v4(),
        ),
        (
            "a frame in VXLAN",
            frame() / outer() / udp(50_000, 4_789) / raw([8, 0, 0, 0, 0, 0, 1, 0]) / (frame() / query_v4()),
        ),
    ]
    .map(|(name, frame)| case(name, frame, Expect::Other))
    .into()
}
